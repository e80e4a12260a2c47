import time
print('runs')
time.sleep(0.05)
value = 'complete'
time.sleep(0.05)


class Thing:
    pass
