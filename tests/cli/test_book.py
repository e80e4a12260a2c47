# SPDX-License-Identifier: MIT
"""The runner of the book's examples (./dev book), on a tiny copy that is no copy of the book."""

import os
import re
import subprocess
import sys
import unittest

import common
from common import ROOT, TulipCase

RUN = os.path.join(ROOT, "tests", "book", "run")

FLAGS = """
    import requests

    def get(code):
        return requests.get(f'http://flupy.org/data/flags/{code}/{code}.gif').content

    for number in range(COUNT):
        code = ['br', 'cn', 'de', 'fr', 'it'][number % 5]
        with open(f'downloads/{code}.gif', 'wb') as file:
            file.write(get(code))
    print(COUNT, 'flags downloaded in 0.00s')
    """
DOWNLOADS = """
    import string, sys
    import requests

    label = sys.argv[2]
    port = {'LOCAL': 8001, 'DELAY': 8002, 'ERROR': 8003}[label]
    codes = [a + b for a in string.ascii_lowercase for b in string.ascii_lowercase]
    if label == 'LOCAL':
        codes = open('codes.txt').read().lower().split()
    elif label == 'DELAY':
        codes = [code for code in codes if code[0] == 'b']
    found, missing, errors = 0, 0, 0
    for code in codes:
        try:
            answer = requests.get(f'http://localhost:{port}/flags/{code}/{code}.gif')
        except requests.ConnectionError:
            errors += 1
            continue
        if answer.status_code == 200:
            found += 1
            with open(f'downloads/{code}.gif', 'wb') as file:
                file.write(answer.content)
        elif answer.status_code == 404:
            missing += 1
        else:
            errors += 1
    print(found, 'flags downloaded.')
    print(missing, 'not found.')
    print(errors, 'errors.')
    """
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

    def test_downloads_are_compared(self):
        self.write("17-futures/countries/flags_threadpool_ac.py", FLAGS.replace("COUNT", "5"))
        self.write("17-futures/countries/flags.py", FLAGS.replace("COUNT", "20"))
        self.write("17-futures/countries/flags2_own.py", DOWNLOADS)
        self.write("17-futures/countries/flags_await.py", FLAGS.replace("COUNT", "20") +
                   "open('downloads/br.gif', 'wb').close()\n")
        with open(os.path.join(ROOT, "scripts", "flags", "_countries.tul"), encoding="utf-8") as file:
            codes = re.findall("^([A-Z]{2}) .* \\| ", file.read(), re.M)
        self.write("17-futures/countries/codes.txt", " ".join(codes))
        status, table = self.run_book()
        self.assertEqual(status, 1)
        self.assertEqual(self.verdict(table, "17-futures/countries/flags_threadpool_ac.py"), "ok", table)
        # Twenty said, five saved.
        self.assertEqual(self.verdict(table, "17-futures/countries/flags.py"), "WRONG", table)
        for arguments in ("-s LOCAL -a", "-s DELAY b", "-s ERROR -e -m 200"):
            self.assertEqual(self.verdict(table, "17-futures/countries/flags2_own.py " + arguments),
                             "ok", table)
        self.assertIn("1 differ from what was served", table)
        self.assertIn("--resolve localhost:8001", table)

    def test_no_book_there(self):
        status, table = self.run_book()
        self.assertEqual(status, 1)
        self.assertIn("none of the folders", table)


if __name__ == "__main__":
    unittest.main()
