import time

print('begins')
early = 1
time.sleep(0.05)
late = 2
print('ends')
