# SPDX-License-Identifier: MIT
"""tulip test: which scripts it finds, how it judges them, what it says."""

import subprocess
import unittest

import common
from common import TulipCase


class Runner(TulipCase):

    def run_test(self, *words):
        done = subprocess.run([common.TULIP, "test", *words], cwd=self.folder, capture_output=True,
                              timeout=60 * common.SLOW)
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def test_expectations_inside_and_beside(self):
        self.write("a.tul", "print(1 + 1)  # expect: 2\nprint()  # expect:\n")
        self.write("b/b.py", "import time\ntime.sleep(100)\nprint('late')\n")
        self.write("b/b.out", "late\n")
        self.write("b/plain.tul", "print('nobody expects this')\n")
        self.write("_c/c.tul", "1 / 0  # expect: 1\n")
        self.assertEqual(self.run_test(), (0, "2 passed, 0 failed\n", ""))

    def test_a_difference_is_shown(self):
        self.write("a.tul", "for n in range(4): print(n)\n# expect: 0\n# expect: 1\n# expect: two\n# expect: 3\n")
        self.write("b.tul", "1 / 0  # expect: 1\n")
        status, out, _ = self.run_test("--verbose")
        self.assertEqual(status, 1)
        for part in ("FAIL a.tul\n", " 1\n-two\n+2\n 3\n", "FAIL b.tul\nstatus 1, expected 0\n",
                     "ZeroDivisionError: division by zero", "0 passed, 2 failed\n"):
            self.assertIn(part, out)

    def test_what_cannot_be_seen_is_shown(self):
        self.write("a.tul", "print('one ')\nprint('t\\x07wo\\r')\nprint('end', end='')\n")
        self.write("a.out", "one\ntwo\nend\n")
        out = self.run_test("a.tul")[1]
        self.assertIn("-one\n-two\n-end\n+one·\n+t\\x07wo\\r\n+end\n\\ no newline at the end\n", out)

    def test_headers(self):
        self.write("a.tul", "# exit: 3\n# args: x 'y z'\n# stdin: words.txt\n# stderr: empty\n"
                   "import sys\nprint(sys.argv[1:], input())\nsys.exit(3)\n")
        self.write("words.txt", "hello\n")
        self.write("a.out", "['x', 'y z'] hello\n")
        self.write("b.tul", "import sys\nprint('no', file=sys.stderr)\n")
        self.write("b.err-contains", "no\n")
        self.write("hangs.tul", "# timeout: 0.3\nprint(1)  # expect: 1\nwhile True: pass\n")
        self.write("m.tul", "# module\nprint(1)  # expect: 2\n")
        status, out, _ = self.run_test()
        self.assertIn("FAIL hangs.tul\nit did not end within ", out)
        self.assertIn("2 passed, 1 failed\n", out)

    def test_without_expectation(self):
        self.write("a.tul", "print(1)\n")
        status, out, _ = self.run_test("a.tul")
        self.assertEqual(status, 1)
        self.assertIn("nothing is expected of it", out)

    def test_nothing_to_test(self):
        self.write("a/plain.tul", "print(1)\n")
        status, out, err = self.run_test("a")
        self.assertEqual((status, out), (2, ""))
        self.assertIn("no script that says what it prints: a\n", err)

    def test_wrong_use(self):
        for words in (["nowhere"], ["--jobs"], ["--jobs", "0"], ["--colour"]):
            status, out, error = self.run_test(*words)
            self.assertEqual((status, out), (2, ""), words)
            self.assertIn("tulip test: ", error)
        self.assertEqual(self.run_test("--help")[0], 0)


if __name__ == "__main__":
    unittest.main()
