import time

first = 'of b'
time.sleep(0.03)
import _circle_a
