import time
time.sleep(0.05)
value = 'of the part'
