# SPDX-License-Identifier: MIT
"""What the command-line tests share: a case class that runs tulip and looks at how it ended."""

import os
import signal
import subprocess
import tempfile
import textwrap
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TULIP = os.path.join(ROOT, "build", "tulip")
SLOW = 1


class TulipCase(unittest.TestCase):
    """A test with a scratch folder of its own, in which programs are written and run."""

    maxDiff = 4000

    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix="tulip-cli-")
        self.addCleanup(scratch.cleanup)
        self.folder = scratch.name

    def write(self, name, content):
        """Writes a file into the scratch folder (text is dedented) and gives its path."""
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if isinstance(content, str):
            content = textwrap.dedent(content).encode()
        with open(path, "wb") as file:
            file.write(content)
        return path

    def start(self, *args, **options):
        """Starts tulip and gives the Popen object; its streams are pipes."""
        streams = dict(stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        return subprocess.Popen([TULIP, *args], cwd=self.folder, **{**streams, **options})

    def tulip(self, *args, stdin=b"", timeout=20):
        """Runs tulip to its end: status, stdout, stderr (texts)."""
        with self.start(*args) as process:
            try:
                stdout, stderr = process.communicate(stdin, timeout * SLOW)
            except subprocess.TimeoutExpired:
                process.kill()
                stdout, stderr = process.communicate()
                self.fail(f"tulip {' '.join(args)[:200]} did not end within {timeout * SLOW} s; "
                          f"standard error ends with {stderr[-500:]!r}")
        decode = lambda data: data.decode("utf-8", "backslashreplace")
        return process.returncode, decode(stdout), decode(stderr)

    def expect(self, result, status, stdout=None, *needles):
        """Checks a status, the whole of stdout unless None, and texts that stderr contains."""
        found, printed, errors = result
        self.assertEqual(found, status, f"status; standard error ends with:\n{errors[-2000:]}")
        if stdout is not None:
            self.assertEqual(printed, stdout)
        for needle in needles:
            self.assertIn(needle, errors)

    def program(self, source, *args, **options):
        """Writes [source] as main.tul and runs it."""
        return self.tulip(self.write("main.tul", source), *args, **options)

    def interrupt(self, source, *options, signals=1):
        """Runs [source] until it has printed a line "ready", sends SIGINT, gives the end."""
        process = self.start(*options, self.write("main.tul", source))
        try:
            first = process.stdout.readline()
            if first != b"ready\n":
                process.kill()
                self.fail(f"the program did not say ready: {process.communicate()!r}")
            for _ in range(signals):
                process.send_signal(signal.SIGINT)
            stdout, stderr = process.communicate(timeout=10 * SLOW)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            self.fail("SIGINT did not end the program")
        return process.returncode, stdout.decode(), stderr.decode()
