# SPDX-License-Identifier: MIT
"""The first quarter of an hour of somebody who has just met Tulip, as docs/first-quarter.md tells it:
install, run the spinner, draw it, take a `yield from` away, do what the message says, type three
lines. Everything is done with what `cmake --install` has put into an empty folder."""

import fcntl
import os
import pty
import re
import select
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
import unittest

import common
from common import TulipCase

sys.path.insert(0, os.path.join(common.ROOT, "tests", "tools"))
import browser

SPINNER = "share/doc/tulip/scripts/18-asyncio/threads-and-tasks/spinner_tasks.tul"
ANSWER = "the answer is 42\n"


def is_build_directory():
    there = os.path.join(os.path.dirname(common.TULIP), "cmake_install.cmake")
    return os.path.exists(there) and shutil.which("cmake")


class Stranger(TulipCase):
    @classmethod
    def setUpClass(cls):
        if not is_build_directory():
            raise unittest.SkipTest("not a build directory")
        scratch = tempfile.TemporaryDirectory(prefix="tulip-stranger-")
        cls.addClassCleanup(scratch.cleanup)
        cls.home = scratch.name
        subprocess.run(["cmake", "--install", os.path.dirname(common.TULIP), "--prefix", cls.home],
                       check=True, capture_output=True)
        cls.program = os.path.join(cls.home, "bin", "tulip")

    def environment(self):
        return {"HOME": self.folder, "PATH": "/usr/bin:/bin", "TERM": "xterm", "LANG": "C.UTF-8"}

    def installed(self, *words):
        """Runs the installed program where its user works: status, stdout, stderr."""
        done = subprocess.run([self.program, *words], cwd=self.folder, env=self.environment(),
                              capture_output=True, timeout=60 * common.SLOW)
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def spinner(self):
        """The text of the installed script."""
        with open(os.path.join(self.home, SPINNER), encoding="utf-8") as file:
            return file.read()

    def test_what_was_installed(self):
        self.assertEqual(sorted(os.listdir(self.home)), ["bin", "share"])
        self.assertEqual(os.listdir(os.path.join(self.home, "bin")), ["tulip"])
        for name in "man/man1/tulip.1", "doc/tulip/README.md", "doc/tulip/docs/first-quarter.md":
            self.assertTrue(os.path.exists(os.path.join(self.home, "share", name)), name)

    def test_the_spinner_runs(self):
        status, out, err = self.installed("--virtual-time", os.path.join(self.home, SPINNER))
        self.assertEqual((status, err), (0, ""))
        self.assertTrue(out.startswith("one moment, please\n| thinking"), out)
        self.assertTrue(out.endswith(ANSWER), out)
        self.assertIn("\\ thinking", out)

    def test_its_timeline_is_one_page(self):
        page = os.path.join(self.folder, "spinner.html")
        status, out, err = self.installed("timeline", "--virtual-time", "-o", page,
                                          os.path.join(self.home, SPINNER))
        self.assertEqual((status, err), (0, ""))
        self.assertTrue(out.endswith(ANSWER), out)
        with open(page, encoding="utf-8") as file:
            text = file.read()
        self.assertIn("spin()", text)
        self.assertLess(len(text), 500_000)
        self.assertIsNone(re.search(r"""(?:src|href)=["']?(?:https?:)?//""", text))

    @unittest.skipUnless(browser.find(), "no Chromium is installed")
    def test_its_timeline_is_opened_and_its_long_stripe_clicked(self):
        page = os.path.join(self.folder, "spinner.html")
        self.installed("timeline", "--virtual-time", "-o", page, os.path.join(self.home, SPINNER))
        with browser.Browser(timeout=30 * common.SLOW) as chromium:
            tab = chromium.page(1300, 760)
            tab.open("file://" + page)
            lanes = tab.evaluate("timeline.rows.map(lane => lane.name)")
            self.assertLessEqual({"Task-1", "Task-2"}, set(lanes))
            tab.click_at(*tab.evaluate("""(() => {
              const t = window.timeline, box = document.getElementById('view').getBoundingClientRect();
              const lane = t.rows.find(row => row.name === 'Task-1');
              const length = span => span.end - span.begin;
              const span = lane.spans.reduce((a, b) => length(b) > length(a) ? b : a);
              return [box.x + t.xOf((span.begin + span.end) / 2), box.y + t.yOf(lane) + 15];
            })()"""))
            told = tab.evaluate("document.getElementById('details').innerText")
            self.assertIn("slow_answer", told)
            self.assertIn("yield from asyncio.sleep(3.1)", told)
            self.assertEqual(tab.complaints(), [])

    def test_a_yield_from_taken_away_and_put_back(self):
        whole = self.spinner()
        broken = whole.replace("yield from asyncio.sleep(3.1)", "asyncio.sleep(3.1)")
        self.assertNotEqual(broken, whole)
        path = self.write("spinner.tul", broken)
        line = broken[:broken.index("    asyncio.sleep(3.1)")].count("\n") + 1
        status, out, err = self.installed("--virtual-time", path)
        self.assertEqual((status, out), (0, "one moment, please\n" + ANSWER))
        self.assertEqual(err, "tulip: never-awaited: coroutine 'sleep' was never awaited\n"
                              f'  File "{path}", line {line}, in slow_answer\n'
                              "    asyncio.sleep(3.1)\n"
                              "    ^^^^^^^^^^^^^^^^^^\n"
                              "  fix: write `yield from asyncio.sleep(3.1)`\n")
        marked = re.search(r"line \d+, in .*\n +(.*)\n +\^", err)[1]
        advice = re.search(r"fix: write `(.*)`", err)[1]
        path = self.write("mended.tul", broken.replace("    " + marked, "    " + advice))
        status, out, err = self.installed("--virtual-time", path)
        self.assertEqual((status, err), (0, ""))
        self.assertTrue(out.endswith(ANSWER), out)
        self.assertIn("/ thinking", out)

    def test_a_spinner_that_never_rests_is_told_of_while_it_spins(self):
        broken = self.spinner().replace("yield from asyncio.sleep(.2)", "asyncio.sleep(.2)")
        path = self.write("endless.tul", broken)
        process = subprocess.Popen([self.program, path], cwd=self.folder, env=self.environment(),
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        try:
            said = b""
            while b"fix:" not in said:
                ready, _, _ = select.select([process.stderr], [], [], 30 * common.SLOW)
                self.assertTrue(ready, "nothing was said")
                said += os.read(process.stderr.fileno(), 4096)
            self.assertIn(b"in spin\n    asyncio.sleep(.2)", said)
            process.send_signal(signal.SIGINT)
            said += process.communicate(timeout=30 * common.SLOW)[1]
        finally:
            process.kill()
            process.communicate()
        self.assertEqual(process.returncode, -signal.SIGINT)
        self.assertEqual(said.count(b"never-awaited"), 1)
        self.assertEqual(said.count(b"\nKeyboardInterrupt"), 1, said.decode())

    def test_three_lines_at_the_prompt(self):
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        process = subprocess.Popen([self.program], cwd=self.folder, env=self.environment(),
                                   stdin=theirs, stdout=theirs, stderr=theirs,
                                   start_new_session=True)
        os.close(theirs)
        self.addCleanup(os.close, ours)
        screen = ""

        def wait(text):
            nonlocal screen
            end = time.monotonic() + 30 * common.SLOW
            while text not in screen:
                self.assertTrue(select.select([ours], [], [], max(end - time.monotonic(), 0))[0],
                                f"no {text!r} in {screen!r}")
                screen += os.read(ours, 65536).decode(errors="replace")
            screen = screen[screen.index(text) + len(text):]

        try:
            wait(">>> ")
            for line in ("import asyncio",
                         "tea = asyncio.create_task(asyncio.sleep(0.2, 'tea is ' + 'ready'))",
                         "yield from tea"):
                os.write(ours, (line + "\r").encode())
            wait("'tea is ready'")
            wait(">>> ")
            os.write(ours, b"\x04")
            self.assertEqual(process.wait(timeout=30 * common.SLOW), 0)
        finally:
            process.kill()
            process.wait()


if __name__ == "__main__":
    unittest.main()
