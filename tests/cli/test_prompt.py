# SPDX-License-Identifier: MIT
"""The prompt: without a terminal by what it prints, on one by keystrokes in tmux."""

import os
import shutil
import signal
import subprocess
import textwrap
import time
import unittest

import common
from common import TulipCase


class Plain(TulipCase):
    """`tulip -i` with standard input from a pipe."""

    def session(self, text, *options):
        """What a session prints after its first line, prompts removed; its errors."""
        status, printed, errors = self.tulip("-i", *options, stdin=textwrap.dedent(text).encode())
        self.assertEqual(status, 0, errors)
        answers = printed.split("\n", 1)[1]
        return answers.replace(">>> ", "").replace("... ", "").rstrip("\n"), errors

    def test_values_and_underscore(self):
        self.assertEqual(self.session("6 * 7\n_ + 1\nNone\n")[0], "42\n43")

    def test_a_block_ends_with_an_empty_line(self):
        self.assertEqual(self.session("for i in range(2):\n    print(i)\n\nprint('after')\n")[0],
                         "0\n1\nafter")

    def test_brackets_and_strings_go_on(self):
        self.assertEqual(self.session("(1 +\n2)\n'''a\n\nb'''\n")[0], "3\n'a\\n\\nb'")

    def test_await_and_yield_from_outside_functions(self):
        printed, _ = self.session("""\
            import asyncio
            await asyncio.sleep(0, 5)
            yield from asyncio.sleep(0, 6)
            async with asyncio.Lock() as lock: print(lock)

            [x async for x in (await asyncio.sleep(0, n) for n in (1, 2))]
            x = await asyncio.sleep(0, 7)
            x
            """)
        self.assertEqual(printed, "5\n6\nNone\n[1, 2]\n7")

    def test_tasks_go_on_between_statements(self):
        printed, _ = self.session("""\
            import asyncio
            async def f():
                for i in range(3): print(i); await asyncio.sleep(0)

            task = asyncio.create_task(f())
            await asyncio.sleep(0.02)
            task.done()
            """)
        self.assertEqual(printed, "0\n1\n2\nTrue")

    def test_asyncio_run_works_beside_the_loop_of_the_prompt(self):
        printed, _ = self.session("""\
            import asyncio
            t = asyncio.create_task(asyncio.sleep(0, 1))
            asyncio.run(asyncio.sleep(0, 2))
            await t
            """)
        self.assertEqual(printed, "2\n1")

    def test_tracebacks_show_what_was_typed(self):
        _, errors = self.session("def f():\n    return 1 / 0\n\nf()\n")
        self.assertIn('Traceback (most recent call last):\n  File "<input-2>", line 1, in <module>\n'
                      '    f()\n  File "<input-1>", line 2, in f\n    return 1 / 0\n', errors)
        self.assertNotIn("session.tul", errors)

    def test_nobody_sees_the_functions_of_the_prompt(self):
        printed, errors = self.session(
            "class R:\n    def __repr__(self): return 1\n\nR()\n:tasks\n")
        self.assertEqual(printed, "0 tasks, 1 thread\nMainThread:\n    runs")
        self.assertIn("TypeError: __repr__ returned non-string (type int)", errors)
        self.assertNotIn("stdlib/", errors)

    def test_a_deadlock_is_survived(self):
        printed, errors = self.session("import asyncio\nawait asyncio.Future()\n1 + 1\n")
        self.assertEqual(printed, "2")
        self.assertIn("tulip.Deadlock: nothing is ready", errors)

    def test_a_lost_error_is_reported(self):
        printed, errors = self.session("""\
            import asyncio
            async def fail(): raise ValueError('lost')

            task = asyncio.create_task(fail())
            task = await asyncio.sleep(0.01)
            import gc; n = gc.collect()
            1
            """)
        self.assertEqual(printed, "1")
        self.assertIn("ValueError: lost", errors)

    def test_the_end_of_the_input(self):
        self.expect(self.tulip("-i", stdin=b"import sys\nsys.stdin.close()\n"), 0)
        self.expect(self.tulip("-i", stdin=b"if 1:\n  print(5)"), 0, None)
        command = f"exec {common.TULIP} -i <&-"
        done = subprocess.run(["sh", "-c", command], capture_output=True, timeout=20 * common.SLOW)
        self.assertEqual(done.returncode, 0)

    def test_virtual_time(self):
        printed, _ = self.session("import asyncio\nawait asyncio.sleep(1000, 1)\n", "--virtual-time")
        self.assertEqual(printed, "1")

    def test_status_of_sys_exit(self):
        self.expect(self.tulip("-i", stdin=b"import sys\nsys.exit(7)\n"), 7)
        self.expect(self.tulip("-i", stdin=b"raise SystemExit\n"), 0)
        self.expect(self.tulip("-i", stdin=b"1/0\n"), 0, None, "ZeroDivisionError")

    def test_a_prompt_after_a_program(self):
        main = self.write("main.tul", "x = 5\n")
        status, printed, _ = self.tulip("-i", main, stdin=b"x + 1\n")
        self.assertEqual((status, printed.split("\n")[1]), (0, ">>> 6"))

    def test_a_pipe_without_option_is_a_program(self):
        self.expect(self.tulip(stdin=b"print(1)\n2\n"), 0, "1\n")

    def test_help(self):
        printed, _ = self.session("""\
            def f(a, *, b=1):
                '''Do it.'''

            help(f)
            """)
        self.assertEqual(printed, "f(a, *, b=1)\n    Do it.")

    def test_help_breaks_long_lines(self):
        printed, _ = self.session("help(str.split)\nhelp('asyncio.gather')\n")
        self.assertLess(max(map(len, printed.split("\n"))), 80)

    def test_help_of_keywords(self):
        printed, _ = self.session("help('if')\nhelp('yield  from')\nhelp('keywords')\n"
                                  "import keyword\nfrom _prompt.keywords import explain, knows\n"
                                  "[word for word in keyword.kwlist if not knows(word)]\n"
                                  "max(len(max(explain(word).split('\\n'), key=len)) "
                                  "for word in keyword.kwlist) < 80\n")
        self.assertTrue(printed.startswith("    if TEST:\n        ...\n    elif TEST:"), printed)
        self.assertIn("X = yield VALUE\n    yield from ITERABLE", printed)
        self.assertIn("False None True and as", printed)
        self.assertTrue(printed.endswith("[]\nTrue"), printed)

    def test_exit_and_quit_say_how_they_are_used(self):
        self.assertEqual(self.session("quit\nexit\n")[0],
                         "quit() or Ctrl-D ends the session.\nexit() or Ctrl-D ends the session.")
        self.expect(self.tulip("-i", stdin=b"exit(4)\n"), 4)

    def test_commands(self):
        printed, _ = self.session(":tokens x\n:ast x\n:dis x + 1\n:time 2 + 2\n:nothing\n:help\n")
        for part in "NAME", "Module(", "ADDI":
            self.assertIn(part, printed)
        self.assertRegex(printed, r"(?m)^4\n[\d.]+ .?s$")
        self.assertIn("no such command: :nothing", printed)
        self.assertIn(":trace on|off", printed)

    def test_trace(self):
        _, errors = self.session("import asyncio\n:trace on\nawait asyncio.sleep(0)\n:trace off\n")
        self.assertIn("the prompt", errors)


@unittest.skipUnless(shutil.which("tmux"), "tmux is not installed")
class Terminal(TulipCase):
    """Keys are pressed, and the screen is looked at."""

    def setUp(self):
        super().setUp()
        self.socket = os.path.join(self.folder, "tmux")
        self.addCleanup(self.tmux, "kill-server")
        self.open()

    def tmux(self, *words):
        environment = {**os.environ, "XDG_STATE_HOME": self.folder}
        environment.pop("TMUX", None)
        result = subprocess.run(["tmux", "-S", self.socket, "-f", "/dev/null", *words],
                                env=environment, capture_output=True, timeout=20 * common.SLOW)
        return result.stdout.decode()

    def open(self):
        self.tmux("new-session", "-d", "-x", "80", "-y", "30", "cat")
        self.tmux("set-option", "-g", "remain-on-exit", "on")
        self.tmux("respawn-pane", "-k", common.TULIP)
        self.wait(">>>")

    def screen(self):
        """The lines on the screen, the first one (a greeting) aside."""
        lines = [line.rstrip() for line in self.tmux("capture-pane", "-p").split("\n")]
        return "\n".join(lines[1:]).rstrip()

    def press(self, *keys):
        self.tmux("send-keys", *keys)

    def type(self, text):
        """Types a line and Enter."""
        self.tmux("send-keys", "-l", text)
        self.press("Enter")

    def wait(self, text, seconds=10):
        """Waits until the screen ends with text; gives all of it."""
        end = time.monotonic() + seconds * common.SLOW
        while not (screen := self.screen()).endswith(text):
            if time.monotonic() > end:
                self.fail(f"the screen does not end with {text!r}:\n{screen}")
            time.sleep(0.02)
        return screen

    def test_a_block_is_indented_run_and_recalled(self):
        self.type("def f():")
        self.wait("...")
        self.type("return 5")
        self.wait("...")
        self.press("Enter")
        self.type("f()")
        self.wait("f()\n5\n>>>")
        self.press("Up", "Up")
        self.wait(">>> def f():\n...     return 5")
        self.press("C-a", "C-k")
        self.type("    return 6")
        self.press("Enter")
        self.type("f()")
        self.wait("f()\n6\n>>>")

    def test_output_of_tasks_appears_above_what_is_typed(self):
        self.type("import asyncio")
        self.wait("import asyncio\n>>>")
        self.type("async def tick():")
        self.wait("...")
        self.type("for i in range(3): print('tick', i); await asyncio.sleep(0.1)")
        self.wait("...")
        self.press("Enter")
        self.wait("\n>>>")
        self.type("t = asyncio.create_task(tick())")
        self.tmux("send-keys", "-l", "x = 12345")
        self.wait("t = asyncio.create_task(tick())\ntick 0\ntick 1\ntick 2\n>>> x = 12345")

    def test_a_spinner_spins_above_the_prompt(self):
        self.type("import asyncio")
        self.wait("import asyncio\n>>>")
        self.type("async def spin():")
        self.wait("...")
        self.type("for c in '|/-x': print(c, 'busy', end='\\r', flush=True); "
                  "await asyncio.sleep(0.05)")
        self.wait("...")
        self.press("Enter")
        self.wait("\n>>>")
        self.type("t = asyncio.create_task(spin())")
        self.tmux("send-keys", "-l", "typed")
        self.wait("t = asyncio.create_task(spin())\nx busy\n>>> typed")

    def test_ctrl_c_drops_the_line(self):
        self.tmux("send-keys", "-l", "abc")
        self.wait(">>> abc")
        self.press("C-c")
        self.wait(">>> abc^C\nKeyboardInterrupt\n>>>")

    def test_ctrl_c_ends_only_the_foreground(self):
        self.type("import asyncio")
        self.wait("import asyncio\n>>>")
        self.type("t = asyncio.create_task(asyncio.sleep(0.5, 'alive'))")
        self.wait("\n>>>")
        self.type("await asyncio.sleep(100)")
        time.sleep(0.2)
        self.press("C-c")
        self.wait("^CKeyboardInterrupt\n>>>")
        self.type("while True: pass")
        self.wait("...")
        self.press("Enter")
        time.sleep(0.2)
        self.press("C-c")
        self.wait("KeyboardInterrupt\n>>>")
        self.type("await t")
        self.wait("'alive'\n>>>")

    def test_a_second_ctrl_c_ends_a_task_that_computes(self):
        self.type("import asyncio")
        self.wait("import asyncio\n>>>")
        self.type("async def spin():")
        self.wait("...")
        self.type("while True: pass")
        self.wait("...")
        self.press("Enter")
        self.type("t = asyncio.create_task(spin())")
        time.sleep(0.3)
        self.press("C-c")
        time.sleep(0.1)
        self.press("C-c")
        self.wait("KeyboardInterrupt\n>>>")
        self.type("1 + 1")
        self.wait("1 + 1\n2\n>>>")

    def test_the_error_of_a_task_that_was_shown_is_told(self):
        self.type("import asyncio")
        self.wait("import asyncio\n>>>")
        self.type("async def bad(): raise ValueError('boom')")
        self.wait("...")
        self.press("Enter")
        self.type("asyncio.create_task(bad())")
        self.wait("ValueError: boom\n>>>")

    def test_threads_print_above_the_prompt(self):
        self.type("import threading, time")
        self.wait("time\n>>>")
        self.type("def work(): time.sleep(0.2); print('one'); print('two')")
        self.wait("...")
        self.press("Enter")
        self.type("threading.Thread(target=work).start()")
        self.tmux("send-keys", "-l", "'日本' + \"" + 60 * "x")
        self.wait("start()\none\ntwo\n>>> '日本' + \"" + 60 * "x")

    def test_completion(self):
        self.tmux("send-keys", "-l", "import asyncio.run")
        self.press("Tab")
        self.wait("import asyncio.runners")
        self.press("C-u")
        self.type("import asyncio")
        self.tmux("send-keys", "-l", "asyncio.sle")
        self.press("Tab")
        self.wait(">>> asyncio.sleep")
        self.press("C-u")
        self.tmux("send-keys", "-l", "whi")
        self.press("Tab")
        self.wait(">>> while")
        self.press("C-u")
        self.tmux("send-keys", "-l", "from itertools import zip_")
        self.press("Tab")
        self.wait("import zip_longest")
        self.press("C-u")
        self.tmux("send-keys", "-l", "'' if isinst")
        self.press("Tab")
        self.wait("isinstance")

    def test_search_and_history_between_runs(self):
        self.type("first = 1")
        self.wait("\n>>>")
        self.type("second = 2")
        self.wait("\n>>>")
        self.press("C-d")
        time.sleep(0.3)
        self.tmux("respawn-pane", "-k", common.TULIP)
        self.wait(">>>")
        self.press("C-r")
        self.tmux("send-keys", "-l", "fir")
        self.wait("(search) fir: first = 1")
        self.press("Enter")
        self.type("first + 1")
        self.wait("first + 1\n2\n>>>")

    def test_a_pasted_block_works_as_typed(self):
        self.tmux("set-buffer", "def g():\n    if 1:\n        return 7\n\ng()\n")
        self.tmux("paste-buffer", "-p")
        self.wait("... g()")
        self.press("Enter")
        self.wait("... g()\n7\n>>>")

    def test_a_block_pasted_without_marks_may_have_empty_lines(self):
        self.tmux("set-buffer", "def g(a):\n    x = 1\n\n    if a:\n        return x\n\n\n"
                  "    return 2\n\ng(1), g(0)\n")
        self.tmux("paste-buffer")
        self.wait("g(1), g(0)\n(1, 2)\n>>>")

    def test_a_block_higher_than_the_screen_stays_whole(self):
        self.tmux("set-buffer", "".join(f"x{n} = {n}\n" for n in range(50)))
        self.tmux("paste-buffer", "-p")
        self.wait("x49 = 49")
        self.press("Enter")
        self.wait("x49 = 49\n>>>")
        above = self.tmux("capture-pane", "-p", "-S", "-100")
        self.assertIn(">>> x0 = 0\n... x1 = 1\n... x2", above)

    def test_a_deadly_signal_gives_the_terminal_back(self):
        self.tmux("respawn-pane", "-k", f"sh -c 'sh -c \"echo \\$\\$ >{self.folder}/pid; exec "
                  f"{common.TULIP}\"; echo status $?; stty -a; sleep 100'")
        self.wait(">>>")
        with open(os.path.join(self.folder, "pid"), encoding="utf-8") as file:
            os.kill(int(file.read()), signal.SIGTERM)
        end = time.monotonic() + 10 * common.SLOW
        while " icanon" not in self.screen() and time.monotonic() < end:
            time.sleep(0.02)
        self.assertIn("status 143", self.screen())
        self.assertRegex(self.screen(), r"(?<!-)icanon")

    def test_keys_that_edit(self):
        self.tmux("send-keys", "-l", "one two")
        self.press("C-w")
        self.press("C-a")
        self.press("C-y")
        self.press("C-e", "BSpace", "Left", "Left", "DC")
        self.wait(">>> twooe")
        self.press("C-_", "C-e", "C-u")
        self.type("'ä' + 'b'")
        self.wait("'äb'\n>>>")

    def test_input_reads_from_the_terminal(self):
        self.type("name = input('who? ')")
        self.wait("who?")
        self.type("Ada")
        self.wait(">>>")
        self.type("name")
        self.wait("'Ada'\n>>>")

    def test_ctrl_backslash_shows_the_tasks(self):
        self.type("import asyncio")
        self.wait("import asyncio\n>>>")
        self.type("t = asyncio.create_task(asyncio.sleep(100), name='sleeper')")
        self.wait("\n>>>")
        self.press("C-\\")
        end = time.monotonic() + 5
        while "sleeper: sleep()" not in self.screen() and time.monotonic() < end:
            time.sleep(0.02)
        self.assertIn("sleeper: sleep()", self.screen())

    def test_what_is_typed_ahead_runs_in_the_loop(self):
        self.tmux("send-keys", "-l", "import asyncio, time\rtime.sleep(0.3)\r"
                  "await asyncio.sleep(0.01, 'slept')\r")
        self.wait("\n'slept'\n>>>")

    def test_ctrl_d_typed_ahead_ends_the_session(self):
        self.type("import time; print('begins'); time.sleep(1)")
        self.wait("begins")
        self.press("C-d")
        end = time.monotonic() + 20 * common.SLOW
        while (dead := self.tmux("display-message", "-p", "#{pane_dead}").strip()) != "1":
            self.assertLess(time.monotonic(), end, dead)
            time.sleep(0.05)

    def test_a_terminal_that_becomes_narrower(self):
        self.type("for i in range(40): print(i)")
        self.wait("...")
        self.press("Enter")
        self.wait("39\n>>>")
        self.tmux("send-keys", "-l", "x = '" + 60 * "a" + "日本'")
        self.wait("日本'")
        self.tmux("resize-window", "-x", "20", "-y", "30")
        self.wait("\n" + 20 * "a" + "\n" + 9 * "a" + "日本'")
        self.tmux("resize-window", "-x", "90", "-y", "30")
        shown = "39\n>>> x = '" + 60 * "a" + "日本'"
        end = time.monotonic() + 10 * common.SLOW
        while not (lines := self.tmux("capture-pane", "-p", "-S", "-100")).rstrip().endswith(shown):
            if time.monotonic() > end:
                self.fail(lines)
            time.sleep(0.02)

    def test_trace_shows_tasks_and_not_the_keys(self):
        self.type("import asyncio")
        self.wait("import asyncio\n>>>")
        self.type(":trace on")
        self.wait("\n>>>")
        self.type("task = asyncio.create_task(asyncio.sleep(0.1))")
        self.tmux("send-keys", "-l", "typed")
        end = time.monotonic() + 10 * common.SLOW
        while "is done: None" not in self.screen() and time.monotonic() < end:
            time.sleep(0.02)
        screen = self.screen()
        self.assertIn("is done: None", screen)
        self.assertIn(">>> typed", screen)
        self.assertNotIn("Editor", screen)
