# SPDX-License-Identifier: MIT
"""The runner of the book's examples (./dev book), on a tiny copy that is no copy of the book."""

import os
import subprocess
import sys
import unittest

import common
from common import ROOT, TulipCase

RUN = os.path.join(ROOT, "tests", "book", "run")

DOCTEST = '''
    """
    >>> 6 * 7
    %d
    """
    '''


class Book(TulipCase):
    def run_book(self, *names):
        """Runs the runner over the scratch folder: status and table."""
        done = subprocess.run([sys.executable, RUN, "--tulip", common.TULIP, self.folder, *names],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              timeout=120 * common.SLOW)
        return done.returncode, done.stdout

    def verdict(self, table, title):
        """ok or WRONG of the row with that title."""
        lines = [line for line in table.splitlines() if line.startswith(title)]
        self.assertEqual(len(lines), 1, table)
        return "ok" if " ok " in lines[0] else "WRONG"

    def test_scripts_and_doctests(self):
        self.write("16-coroutine/good.py", DOCTEST % 42)
        self.write("16-coroutine/bad.py", DOCTEST % 43)
        self.write("16-coroutine/yield_from_expansion.py", "yield 1\n")
        self.write("18-asyncio/spinner_curio.py", "import curio\n")
        self.write("18-asyncio/raises.py", "1 / 0\n")
        self.write("01-data-model/other.py", "1 / 0\n")
        status, table = self.run_book()
        self.assertEqual(status, 1)
        for title, wanted in (("doctest 16-coroutine/good.py", "ok"), ("16-coroutine/good.py", "ok"),
                              ("doctest 16-coroutine/bad.py", "WRONG"),
                              ("16-coroutine/yield_from_expansion.py", "ok"),
                              ("18-asyncio/spinner_curio.py", "ok"),
                              ("18-asyncio/raises.py", "WRONG")):
            self.assertEqual(self.verdict(table, title), wanted, table)
        self.assertNotIn("data-model", table)
        self.assertEqual(table.splitlines()[-1], "5 passed, 2 failed")

    def test_no_book_there(self):
        status, table = self.run_book()
        self.assertEqual(status, 1)
        self.assertIn("none of the folders", table)


if __name__ == "__main__":
    unittest.main()
