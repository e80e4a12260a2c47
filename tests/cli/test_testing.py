# SPDX-License-Identifier: MIT
"""tulip -m unittest and tulip -m doctest: finding tests, options, statuses."""

from common import TulipCase

PASSES = """
    import unittest
    class Case(unittest.TestCase):
        def test_good(self): print('ran')
    if __name__ == '__main__': unittest.main()
"""
FAILS = "import unittest\nclass Case(unittest.TestCase):\n    def test_bad(self): self.fail('no')\n"


class Unittest(TulipCase):
    def test_discovery(self):
        self.write("test_one.tul", PASSES)
        self.write("inner/__init__.py", "")
        self.write("inner/test_two.py", FAILS)
        self.write("other.py", "raise SystemExit('imported')\n")
        self.expect(self.tulip("-m", "unittest"), 1, "ran\n", "Ran 2 tests", "FAILED (failures=1)")
        self.expect(self.tulip("-m", "unittest", "discover", "-s", "inner"), 1, "", "Ran 1 test")
        self.expect(self.tulip("-m", "unittest", "-k", "good"), 0, "ran\n", "Ran 1 test")

    def test_names(self):
        self.write("test_one.tul", PASSES)
        for name in ("test_one", "test_one.tul", "test_one.Case", "test_one.Case.test_good"):
            self.expect(self.tulip("-m", "unittest", name), 0, "ran\n", "OK")
        self.expect(self.tulip("-m", "unittest", "absent"), 1, "", "No module named 'absent'")
        self.expect(self.tulip("-m", "unittest", "--absent"), 2, "", "unrecognized arguments")

    def test_main(self):
        path = self.write("test_one.tul", PASSES)
        self.expect(self.tulip(path, "-v"), 0, "ran\n", "test_good (__main__.Case.test_good)")
        self.expect(self.tulip(path, "-b"), 0, "", "OK")


class Doctest(TulipCase):
    def test_text(self):
        self.write("good.txt", ">>> 1 + 1\n2\n")
        self.write("bad.txt", ">>> 1 + 1\n3\n")
        self.expect(self.tulip("-m", "doctest", "good.txt"), 0, "")
        status, printed, _ = self.tulip("-m", "doctest", "bad.txt")
        self.assertEqual(status, 1)
        self.assertIn("***Test Failed*** 1 failures.", printed)

    def test_module(self):
        self.write("mod.tul", '"""\n>>> f()\n3\n"""\ndef f(): return 3\n')
        status, printed, _ = self.tulip("-m", "doctest", "-v", "mod.tul")
        self.assertEqual(status, 0)
        self.assertIn("1 passed and 0 failed.", printed)
