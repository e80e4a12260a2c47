import time

first = 'of a'
time.sleep(0.03)
import _circle_b
