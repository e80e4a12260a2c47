import builtins
import time

builtins.tries = getattr(builtins, 'tries', 0) + 1
time.sleep(0.03)
if builtins.tries == 1:
    raise ValueError('the first time')
