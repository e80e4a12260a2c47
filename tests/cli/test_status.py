# SPDX-License-Identifier: MIT
"""Exit statuses: what the shell sees when a program ends, and how a signal ends it."""

import os
import signal
import subprocess

import common
from common import TulipCase


class Exit(TulipCase):
    def test_success(self):
        self.expect(self.program("x = 1\n"), 0, "")

    def test_uncaught_exception(self):
        result = self.program("def f():\n    return 1 / 0\nf()\n")
        self.expect(result, 1, "", "Traceback (most recent call last):", "line 2, in f",
                    "ZeroDivisionError: division by zero")
        self.assertTrue(result[2].endswith("ZeroDivisionError: division by zero\n"))

    def test_output_before_an_exception_is_kept(self):
        self.expect(self.program("print('before')\nraise ValueError('x')\n"), 1, "before\n",
                    "ValueError: x")

    def test_files_that_nobody_closed_are_written(self):
        path = os.path.join(self.folder, "kept.txt")
        self.expect(self.program(f"import sys\nsys.kept = open({path!r}, 'w')\n"
                                 "sys.kept.write('hello')\n"), 0, "")
        with open(path, encoding="utf-8") as file:
            self.assertEqual(file.read(), "hello")

    def test_chained_exceptions(self):
        source = """
            try:
                {}['k']
            except KeyError as error:
                raise ValueError('bad') from error
        """
        self.expect(self.program(source), 1, "", "KeyError: 'k'",
                    "The above exception was the direct cause of the following exception:",
                    "ValueError: bad")

    def test_syntax_error(self):
        self.expect(self.program("print(1)\nif True\n    pass\n"), 2, "", "main.tul", "line 2",
                    "expected ':'", "SyntaxError")

    def test_compile_error(self):
        self.expect(self.program("print(1)\nreturn 3\n"), 2, "", "'return' outside function")

    def test_out_of_language(self):
        self.expect(self.program("match x:\n    case 1:\n        pass\n"), 2, "", "match")
        self.expect(self.program("x = 3j\n"), 2, "", "complex")

    def test_syntax_error_in_an_import(self):
        self.write("broken.tul", "x = = 1\n")
        self.expect(self.program("print(1)\nimport broken\n"), 1, "1\n", "SyntaxError", "broken.tul")

    def test_missing_import(self):
        self.expect(self.program("import no_such_thing\n"), 1, "", "ModuleNotFoundError",
                    "No module named 'no_such_thing'")

    def test_sys_exit(self):
        cases = [("", 0, ""), ("None", 0, ""), ("0", 0, ""), ("3", 3, ""), ("True", 1, ""),
                 ("256", 0, ""), ("-1", 255, ""), ("'words'", 1, "words\n"), ("[1]", 1, "[1]\n")]
        for argument, status, errors in cases:
            with self.subTest(argument):
                found, out, err = self.program(f"import sys\nsys.exit({argument})\n")
                self.assertEqual((found, out, err), (status, "", errors))

    def test_sys_exit_runs_finally(self):
        source = """
            import sys
            try:
                sys.exit(4)
            finally:
                print('finally')
        """
        self.expect(self.program(source), 4, "finally\n")

    def test_sys_exit_in_a_coroutine(self):
        source = """
            import asyncio, sys
            async def main():
                try:
                    await asyncio.sleep(0)
                    sys.exit(5)
                finally:
                    print('finally')
            asyncio.run(main())
        """
        self.expect(self.program(source), 5, "finally\n")

    def test_uncaught_system_exit_class(self):
        self.expect(self.program("raise SystemExit\n"), 0, "")

    def test_lost_error(self):
        source = """
            import asyncio
            async def fail():
                raise ValueError('lost')
            async def main():
                asyncio.create_task(fail())
                await asyncio.sleep(0)
                await asyncio.sleep(0)
            asyncio.run(main())
            print('end')
        """
        self.expect(self.program(source), 1, "end\n", "lost")

    def test_deadlock(self):
        source = """
            import asyncio
            loop = asyncio.new_event_loop()
            loop.run_until_complete(asyncio.Future(loop=loop))
        """
        self.expect(self.program(source, timeout=5), 3, "", "Deadlock")

    def test_deadlock_runs_finally(self):
        source = """
            import asyncio
            async def main():
                try:
                    await asyncio.get_running_loop().create_future()
                finally:
                    print('finally')
            asyncio.run(main())
        """
        self.expect(self.program(source, timeout=5), 3, "finally\n", "Deadlock")


class BrokenPipe(TulipCase):
    def test_reader_goes_away(self):
        path = self.write("a.tul", "for i in range(1000000):\n    print(i)\n")
        process = self.start(path)
        process.stdout.readline()
        process.stdout.close()
        errors = process.stderr.read()
        process.stdin.close()
        process.stderr.close()
        self.assertEqual(process.wait(10), 141, errors)

    def test_catchable(self):
        source = """
            import sys
            try:
                for i in range(1000000):
                    print(i)
            except BrokenPipeError:
                sys.stderr.write('caught')
        """
        process = self.start(self.write("a.tul", source))
        process.stdout.readline()
        process.stdout.close()
        process.stdin.close()
        self.assertIn(b"caught", process.stderr.read())
        process.stderr.close()
        process.wait(10)

    def test_full_device(self):
        with open("/dev/full", "wb") as full:
            process = self.start("-c", "print('x' * 100000)", stdout=full)
            self.assertIn(b"No space left", process.communicate()[1])
            self.assertNotEqual(process.returncode, 0)


class Interrupt(TulipCase):
    SLEEP = """
        import asyncio
        async def main():
            try:
                print('ready', flush=True)
                await asyncio.sleep(60)
            finally:
                print('finally')
        asyncio.run(main())
    """

    def test_sleeping_loop(self):
        self.expect(self.interrupt(self.SLEEP), -2, "finally\n", "KeyboardInterrupt")

    def test_busy_loop(self):
        source = """
            try:
                print('ready', flush=True)
                while True:
                    pass
            finally:
                print('finally')
        """
        self.expect(self.interrupt(source), -2, "finally\n", "KeyboardInterrupt")

    def test_busy_native(self):
        source = """
            import itertools
            print('ready', flush=True)
            sum(itertools.count())
        """
        self.expect(self.interrupt(source), -2, "", "KeyboardInterrupt")

    def test_time_sleep(self):
        source = """
            import time
            try:
                print('ready', flush=True)
                time.sleep(60)
            finally:
                print('finally')
        """
        self.expect(self.interrupt(source), -2, "finally\n", "KeyboardInterrupt")

    def test_caught(self):
        source = """
            import time
            try:
                print('ready', flush=True)
                time.sleep(60)
            except KeyboardInterrupt:
                print('caught')
        """
        self.expect(self.interrupt(source), 0, "caught\n")

    def test_run_until_complete(self):
        source = """
            import asyncio
            async def main():
                print('ready', flush=True)
                await asyncio.sleep(60)
            loop = asyncio.new_event_loop()
            try:
                loop.run_until_complete(main())
            except KeyboardInterrupt:
                print('caught')
            finally:
                loop.close()
        """
        result = self.interrupt(source)
        self.assertEqual(result[:2], (0, "caught\n"))

    def test_shell_sees_130(self):
        source = "print('ready', flush=True)\nwhile True:\n    pass\n"
        path = self.write("a.tul", source)
        script = '"$0" "$1"; echo "status $?"'
        shell = subprocess.Popen(["bash", "-c", script, common.TULIP, path], stderr=subprocess.DEVNULL,
                                 stdout=subprocess.PIPE, start_new_session=True)
        self.assertEqual(shell.stdout.readline(), b"ready\n")
        children = subprocess.run(["ps", "-o", "pid=", "--ppid", str(shell.pid)],
                                  stdout=subprocess.PIPE).stdout.split()
        os.kill(int(children[0]), signal.SIGINT)
        self.assertEqual(shell.communicate(timeout=10)[0], b"status 130\n")
