# SPDX-License-Identifier: MIT
"""Ctrl-\\ (SIGQUIT) prints every task and thread and the program goes on; what is no deadlock."""

import signal
import subprocess
import time

import common
from common import TulipCase


class Quit(TulipCase):
    def quit(self, source, *needles, status=0, signals=1):
        """Sends SIGQUIT when the program says ready; it must print the needles and end well."""
        process = self.start(self.write("main.tul", source))
        try:
            self.assertEqual(process.stdout.readline(), b"ready\n")
            time.sleep(0.05)
            for _ in range(signals):
                process.send_signal(signal.SIGQUIT)
                time.sleep(0.05)
            stdout, stderr = process.communicate(b"go on\n", timeout=20 * common.SLOW)
        finally:
            process.kill()
            process.wait()
        result = process.returncode, stdout.decode(), stderr.decode()
        self.expect(result, status, "end\n" if status == 0 else None, *needles)
        return result[2]

    def test_sleeping_loop(self):
        errors = self.quit("""
            import asyncio
            async def child(lock):
                async with lock:
                    await asyncio.sleep(0.3)
            async def main():
                lock = asyncio.Lock()
                print('ready', flush=True)
                await asyncio.gather(child(lock), child(lock))
                print('end')
            asyncio.run(main())
        """, "3 tasks, 1 thread", "Task-1: main(), made at", "await asyncio.gather",
            "waits for a timer, 0.", "waits for Lock lock, made at", "held by Task-2 since",
            "waits for its event loop")
        self.assertNotIn("Traceback", errors)

    def test_busy_loop(self):
        self.quit("""
            import time
            def work():
                while time.monotonic() < end:
                    pass
            end = time.monotonic() + 0.4
            print('ready', flush=True)
            work()
            print('end')
        """, "0 tasks, 1 thread", "MainThread:", "in work", "runs")

    def test_busy_callback(self):
        self.quit("""
            import asyncio, time
            async def main():
                end = time.monotonic() + 0.4
                print('ready', flush=True)
                while time.monotonic() < end:
                    pass
                print('end')
            asyncio.run(main())
        """, "1 task, 1 thread", "Task-1: main()", "while time.monotonic() < end", "runs")

    def test_time_sleep(self):
        self.quit("""
            import time
            print('ready', flush=True)
            time.sleep(0.4)
            print('end')
        """, "MainThread:", "time.sleep(0.4)", "waits for a moment, 0.")

    def test_lock_between_threads(self):
        self.quit("""
            import threading, time
            lock = threading.Lock()
            def hold():
                with lock:
                    held.set()
                    time.sleep(0.4)
            held = threading.Event()
            threading.Thread(target=hold, name='holder').start()
            held.wait()
            print('ready', flush=True)
            lock.acquire()
            print('end')
        """, "0 tasks, 2 threads", "waits for Lock lock, made at", "held by holder since",
            "holder:", "waits for a moment")

    def test_executor(self):
        self.quit("""
            import asyncio, time
            from concurrent.futures import ThreadPoolExecutor
            async def main():
                loop = asyncio.get_running_loop()
                with ThreadPoolExecutor(1, thread_name_prefix='pool') as pool:
                    jobs = [loop.run_in_executor(pool, time.sleep, 0.2) for _ in range(2)]
                    print('ready', flush=True)
                    await jobs[0]
                    await jobs[1]
                print('end')
            asyncio.run(main())
        """, "waits for job sleep() in thread pool_0", "pool_0: job sleep()",
            "executor pool: 1 worker, 0 idle, 1 job in its queue")

    def test_reading_input(self):
        self.quit("""
            print('ready', flush=True)
            input()
            print('end')
        """, "input()")

    def test_many_times(self):
        errors = self.quit("""
            import time
            print('ready', flush=True)
            time.sleep(0.6)
            print('end')
        """, signals=5)
        self.assertEqual(errors.count("0 tasks, 1 thread"), 5)

    def test_storm(self):
        process = self.start(self.write("main.tul", """
            import asyncio, queue, threading, time
            end = time.monotonic() + 0.7
            jobs = queue.Queue(2)
            def produce():
                while time.monotonic() < end:
                    jobs.put(1)
                jobs.put(None)
            def consume():
                while jobs.get():
                    pass
            async def work(lock, things):
                while time.monotonic() < end:
                    async with lock:
                        await asyncio.sleep(0)
                    await things.put(1)
                    await asyncio.gather(things.get(), asyncio.to_thread(sum, range(1000)))
            async def main():
                lock, things = asyncio.Lock(), asyncio.Queue(2)
                await asyncio.gather(*[work(lock, things) for _ in range(5)])
            threads = [threading.Thread(target=target) for target in (produce, consume)]
            for thread in threads:
                thread.start()
            print('ready', flush=True)
            asyncio.run(main())
            for thread in threads:
                thread.join()
            print('end')
        """), stderr=subprocess.DEVNULL)
        self.assertEqual(process.stdout.readline(), b"ready\n")
        while process.poll() is None:
            process.send_signal(signal.SIGQUIT)
            time.sleep(0.003)
        self.assertEqual((process.returncode, process.stdout.read()), (0, b"end\n"))
        process.stdin.close()
        process.stdout.close()

    def test_handler_of_the_program(self):
        result = self.tulip("-c", "import signal\n"
                            "signal.signal(signal.SIGQUIT, lambda *_: print('mine'))\n"
                            "signal.raise_signal(signal.SIGQUIT)\n")
        self.expect(result, 0, "mine\n")

    def test_default_action_on_demand(self):
        result = self.tulip("-c", "import signal\n"
                            "signal.signal(signal.SIGQUIT, signal.SIG_DFL)\n"
                            "signal.raise_signal(signal.SIGQUIT)\n")
        self.expect(result, -signal.SIGQUIT, "")


class NoDeadlock(TulipCase):
    """Programs that wait for something outside: nothing is reported, they go on when it comes."""

    def waits(self, source, number=None, stdin=None, stdout="end\n"):
        process = self.start(self.write("main.tul", source))
        try:
            self.assertEqual(process.stdout.readline(), b"ready\n")
            time.sleep(0.2)
            self.assertIsNone(process.poll(), "it ended by itself")
            if number:
                process.send_signal(number)
            out, err = process.communicate(stdin, timeout=10 * common.SLOW)
        finally:
            process.kill()
            process.wait()
        self.expect((process.returncode, out.decode(), err.decode()), 0, stdout)

    def test_signal_handler(self):
        self.waits("""
            import signal, threading
            event = threading.Event()
            signal.signal(signal.SIGUSR1, lambda *_: event.set())
            print('ready', flush=True)
            event.wait()
            print('end')
        """, signal.SIGUSR1)

    def test_signal_handler_of_the_loop(self):
        self.waits("""
            import asyncio, signal
            async def main():
                event = asyncio.Event()
                asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, event.set)
                print('ready', flush=True)
                await event.wait()
                print('end')
            asyncio.run(main())
        """, signal.SIGUSR1)

    def test_executor_job(self):
        self.waits("""
            import asyncio, sys
            async def main():
                print('ready', flush=True)
                await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
                print('end')
            asyncio.run(main())
        """, stdin=b"line\n")

    def test_thread_that_reads(self):
        self.waits("""
            import sys, threading
            event = threading.Event()
            def read():
                sys.stdin.readline()
                event.set()
            threading.Thread(target=read).start()
            print('ready', flush=True)
            event.wait()
            print('end')
        """, stdin=b"line\n")

    def test_open_handle(self):
        self.waits("""
            import asyncio, sys
            async def main():
                event = asyncio.Event()
                loop = asyncio.get_running_loop()
                loop.add_reader(sys.stdin, event.set)
                print('ready', flush=True)
                await event.wait()
                loop.remove_reader(sys.stdin)
                print('end')
            asyncio.run(main())
        """, stdin=b"line\n")
