# SPDX-License-Identifier: MIT
"""What is run of a reader's copy of the book's examples, and what is expected of each run.

rows(folder) yields a Row for every run: each script as it is, its doctests if it has any, the
downloads against each server. The file does not contain anything of the examples but their names;
a script it does not know is run and expected to work.
"""

import os
import re

FOLDERS = re.compile(r"(16-coroutine|17-futures|18-asyncio|18b-async-await|18b-asyncio-await)$")

# Scripts that cannot run in any Python, or not without a package from elsewhere.
FRAGMENTS = {"yield_from_expansion.py", "yield_from_expansion_simplified.py"}
FOREIGN = {"spinner_curio.py": "curio", "test_charfinder.py": "pytest"}
SERVERS = {"tcp_charfinder.py": "tcp", "http_charfinder.py": "http"}
# Doctests that count characters: the first words of the examples that newer characters change.
NEWER = {"charfinder.py": ("main('rook')", "main('rook', 'black')", "main('white bishop')",
                           "index.word_report(10)")}
# Scripts that want arguments.
WORDS = {"charfinder.py": "cat smiling eyes"}
# The first downloads: how many flags each fetches from the site on the network.
SIMPLE = {"flags.py": 20, "flags_threadpool.py": 20, "flags_threadpool_ac.py": 5,
          "flags_asyncio.py": 20, "flags_await.py": 20}
DOWNLOADS = re.compile(r"flags[23]_(?!common)\w+\.py$")
ARGUMENTS = (("LOCAL", "-s LOCAL -a"), ("DELAY", "-s DELAY b"), ("ERROR", "-s ERROR -e -m 200"))


class Row:
    """One run: the script, its arguments, the kind of run, and the outcome that is expected."""

    def __init__(self, path, kind, expected, arguments="", server=None, detail=None):
        self.path = path
        self.kind = kind
        self.expected = expected
        self.arguments = arguments.split()
        self.server = server
        self.detail = detail

    @property
    def title(self):
        words = ["doctest"] if self.kind == "doctest" else []
        return " ".join(words + [self.path] + self.arguments)


def rows(book):
    """The rows of the folders in [book] that belong to the chapters, in order."""
    for folder in sorted(os.listdir(book)):
        if FOLDERS.match(folder):
            for place, folders, names in os.walk(os.path.join(book, folder)):
                folders.sort()
                for name in sorted(names):
                    if name.endswith(".py"):
                        path = os.path.relpath(os.path.join(place, name), book)
                        yield from rows_of(book, path, name)


def rows_of(book, path, name):
    """The rows of one script."""
    if name in FRAGMENTS:
        yield Row(path, "fragment", "a fragment: SyntaxError")
        return
    if name in FOREIGN:
        yield Row(path, "foreign", f"needs {FOREIGN[name]}", detail=FOREIGN[name])
        return
    with open(os.path.join(book, path), encoding="utf-8") as file:
        text = file.read()
    if re.search(r"^\s*>>> ", text, re.M):
        newer = NEWER.get(name, ())
        expected = f"newer characters: {len(newer)} differ" if newer else "all pass"
        yield Row(path, "doctest", expected, detail=newer)
    if name in SERVERS:
        # The second edition of this script asks a namedtuple for __dict__, which it had until 3.5.
        gone = SERVERS[name] == "http" and "vars(descr)" in text
        expected = "serves; queries need 3.5" if gone else "serves, stops at Ctrl-C"
        yield Row(path, SERVERS[name], expected, detail=gone)
    elif name in SIMPLE:
        yield Row(path, "simple", f"{SIMPLE[name]} saved, same bytes", server="LOCAL",
                  detail=SIMPLE[name])
    elif DOWNLOADS.match(name):
        for label, arguments in ARGUMENTS:
            expected = "194 saved, same bytes" if label == "LOCAL" else "counts as the server's"
            yield Row(path, "downloads", expected, arguments, label)
    else:
        yield Row(path, "run", "works", WORDS.get(name, ""))
