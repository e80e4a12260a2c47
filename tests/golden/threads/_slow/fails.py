import time
time.sleep(0.05)
raise ValueError('this module fails')
