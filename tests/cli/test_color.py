# SPDX-License-Identifier: MIT
"""Colour in error reports: on a terminal, unless the environment says otherwise."""

import os
import pty
import subprocess

import common
from common import TulipCase

SOURCE = "def f():\n    return [1][2] + 3\nf()\n"


def environment(**changes):
    kept = {name: value for name, value in os.environ.items()
            if name not in ("NO_COLOR", "FORCE_COLOR", "TERM")}
    return {**kept, **changes}


class Color(TulipCase):
    def report(self, source=SOURCE, terminal=False, **changes):
        """What a failing program writes to stderr, a terminal or a pipe."""
        with open(os.path.join(self.folder, "main.tul"), "w", encoding="utf-8") as file:
            file.write(source)
        command = [common.TULIP, "main.tul"]
        if not terminal:
            run = subprocess.run(command, cwd=self.folder, env=environment(**changes),
                                 stderr=subprocess.PIPE, timeout=60)
            return run.stderr.decode()
        ours, theirs = pty.openpty()
        with subprocess.Popen(command, cwd=self.folder, env=environment(**changes),
                              stderr=theirs) as process:
            os.close(theirs)
            text = b""
            try:
                while chunk := os.read(ours, 4096):
                    text += chunk
            except OSError:
                pass  # the end of a pseudo-terminal whose other side is closed
            process.wait(60)
        os.close(ours)
        return text.decode().replace("\r\n", "\n")

    def test_a_pipe_gets_none(self):
        self.assertIn("\nIndexError: list index out of range\n", self.report())
        self.assertNotIn("\x1b", self.report())

    def test_a_terminal_gets_it(self):
        report = self.report(terminal=True, TERM="xterm")
        self.assertIn("\x1b[1;35mIndexError\x1b[0m", report)
        self.assertIn("\x1b[31m~~~\x1b[0m\x1b[1;31m^^^\x1b[0m", report)

    def test_no_color_wins(self):
        for name in "TERM", "FORCE_COLOR":
            changes = {"NO_COLOR": "1", name: "1"}
            self.assertNotIn("\x1b", self.report(terminal=True, **changes))

    def test_a_dumb_terminal_gets_none(self):
        self.assertNotIn("\x1b", self.report(terminal=True, TERM="dumb"))

    def test_force_color(self):
        self.assertIn("\x1b[1;35mIndexError", self.report(FORCE_COLOR="1"))

    def test_syntax_error(self):
        report = self.report("if x\n", FORCE_COLOR="1")
        self.assertIn("\x1b[1;35mSyntaxError\x1b[0m\x1b[35m: expected ':'\x1b[0m\n", report)

    def test_without_the_colours_it_is_the_plain_report(self):
        import re
        painted = self.report(terminal=True, TERM="xterm")
        self.assertEqual(re.sub("\x1b\\[[0-9;]*m", "", painted), self.report())
