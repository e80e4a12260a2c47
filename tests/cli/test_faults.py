# SPDX-License-Identifier: MIT
"""The quick form of `./dev faults`: peers, children and signals that go wrong."""

import os
import subprocess
import sys
import unittest

import common


class Faults(unittest.TestCase):
    def test_quick(self):
        command = [sys.executable, os.path.join(common.ROOT, "tests", "faults", "run"),
                   "--tulip", common.TULIP, "--slow", str(max(3, common.SLOW)), "--quick"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300 * common.SLOW)
        failed = [line for line in done.stdout.splitlines() if not line.startswith("ok ")]
        self.assertEqual((done.returncode, done.stderr), (0, ""), "\n".join(failed))
