# SPDX-License-Identifier: MIT
"""Ctrl-C at random moments, and storms of signals: the end is always clean.

A run that is interrupted ends by SIGINT with its `finally` blocks done, or, when the program was
over by then, with 0 or by SIGINT with nothing more to say. TIMES runs of each program;
`tests/cli/run test_interrupts` with TULIP_INTERRUPTS=200 in the environment makes it 200.
"""

import os
import random
import signal
import subprocess
import time

import common
from common import TulipCase

TIMES = int(os.environ.get("TULIP_INTERRUPTS", "12"))

SPINNER = """
    import asyncio, itertools, sys

    async def spin(message):
        for char in itertools.cycle('|/-'):
            sys.stdout.write(char + message)
            try:
                await asyncio.sleep(.001)
            except asyncio.CancelledError:
                break

    async def slow():
        await asyncio.sleep(.25)
        return 42

    async def main():
        spinner = asyncio.create_task(spin('thinking!'))
        try:
            return await slow()
        finally:
            spinner.cancel()
            sys.stderr.write('[finally]')

    print('ready', flush=True)
    asyncio.run(main())
"""

THREADS = """
    import queue, sys, threading, time

    jobs = queue.Queue()

    def work():
        while jobs.get() is not None:
            time.sleep(.001)

    threads = [threading.Thread(target=work) for _ in range(4)]
    try:
        print('ready', flush=True)
        for thread in threads:
            thread.start()
        for n in range(150):
            jobs.put(n)
            time.sleep(.001)
    finally:
        for _ in threads:
            jobs.put(None)
        for thread in threads:
            if thread.ident:
                thread.join()
        sys.stderr.write('[finally]')
"""

STORM = """
    import asyncio, os, signal, sys

    count = 0

    def arrived(*_):
        global count
        count += 1

    async def main():
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGUSR2, arrived)
        print('ready', flush=True)
        await loop.run_in_executor(None, sys.stdin.readline)
        await asyncio.sleep(0)

    signal.signal(signal.SIGUSR1, arrived)
    asyncio.run(main())
    print(count > 0)
"""


class Interrupts(TulipCase):
    def interrupted(self, path, moment):
        """Runs [path] and interrupts it after [moment] seconds: status and standard error."""
        process = self.start(path)
        self.assertEqual(process.stdout.readline(), b"ready\n")
        time.sleep(moment)
        process.send_signal(signal.SIGINT)
        try:
            return process.communicate(timeout=10 * common.SLOW)[1], process.returncode
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            self.fail(f"an interrupt after {moment:.4f} s did not end the program")

    def check(self, source):
        path = self.write("main.tul", source)
        chance = random.Random(1)
        for _ in range(TIMES):
            moment = chance.random() * 0.3
            errors, status = self.interrupted(path, moment)
            with self.subTest(moment=moment, errors=errors[-1500:]):
                self.assertIn(status, (0, -signal.SIGINT))
                self.assertNotIn(b"Assertion", errors)
                over = errors == b"[finally]"  # the signal met a program that was ending
                if status and not over:
                    self.assertTrue(errors.endswith(b"KeyboardInterrupt\n"))

    def test_spinner(self):
        self.check(SPINNER)

    def test_threads(self):
        self.check(THREADS)


class Storms(TulipCase):
    def test_thousands_of_signals(self):
        process = self.start("-W", "ignore:blocked-loop", self.write("main.tul", STORM))
        self.assertEqual(process.stdout.readline(), b"ready\n")
        for n in range(4000):
            process.send_signal(signal.SIGUSR1 if n % 2 else signal.SIGUSR2)
        stdout, stderr = process.communicate(b"\n", timeout=10 * common.SLOW)
        self.assertEqual((process.returncode, stdout, stderr), (0, b"True\n", b""))
