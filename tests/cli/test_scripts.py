# SPDX-License-Identifier: MIT
"""The scripts of the chapters in real time: sleeps sleep, and each still ends well.

What they print is compared by the goldens, under virtual time. Most of their time is spent asleep,
so they run side by side.
"""

import concurrent.futures
import os
import sys

from common import ROOT, TulipCase

sys.path.insert(0, os.path.join(ROOT, "tests", "tools"))
import golden as goldens

CHAPTERS = "16-coroutines", "17-futures", "18-asyncio"
# These print no times, and so the same in real time.
SAME = "spinner_thread.tul", "spinner_tasks.tul", "spinner_await.tul", "spinner_callbacks.tul"


class Scripts(TulipCase):
    def test_in_real_time(self):
        scripts = goldens.find_goldens([os.path.join(ROOT, "scripts", name) for name in CHAPTERS])
        self.assertGreater(len(scripts), 25)
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            runs = [pool.submit(self.tulip, script.path, *script.args, timeout=60)
                    for script in scripts]
            for script, run in zip(scripts, runs):
                with self.subTest(script.name):
                    status, out, err = run.result()
                    self.assertEqual(status, 0, err)
                    self.assertNotIn("Traceback", err)
                    if os.path.basename(script.path) in SAME:
                        self.assertEqual(out.encode(), script.expected)

    def test_four_spinners_print_the_same(self):
        folder = os.path.join(ROOT, "scripts", "18-asyncio", "threads-and-tasks")
        printed = {goldens.read_bytes(os.path.join(folder, name.replace(".tul", ".out")))
                   for name in SAME}
        self.assertEqual(len(printed), 1)
