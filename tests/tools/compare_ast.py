#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compares the syntax trees of Tulip and CPython.

    tests/tools/compare_ast.py build/tulip FILE...

Both parse every FILE; `tulip ast` must print what Python's ast.dump(tree, indent=2) gives. Files that
use what Tulip leaves out are counted apart. Run it with the Python version that Tulip follows (3.11)
over that version's own library after a change of the grammar. The exit status is 1 if anything
differs.
"""
import ast
import subprocess
import sys
import warnings

LEFT_OUT = ("is not part of Tulip", "are not part of Tulip", "no table of character names")


def expected_dump(data):
    """CPython's dump, without the field that only type checkers use; None if it cannot be had."""
    try:
        dump = ast.dump(ast.parse(data), indent=2)
    except (SyntaxError, ValueError, RecursionError):
        return None
    return dump.replace(",\n  type_ignores=[])", ")").replace(", type_ignores=[])", ")")


def first_difference(expected, got):
    for number, (a, b) in enumerate(zip(expected.split("\n"), got.split("\n")), 1):
        if a != b:
            return f"line {number} of the dump\n  expected {a.strip()[:120]}\n  got      {b.strip()[:120]}"
    return "one dump is longer"


def main(tulip, files):
    same = left_out = different = 0
    for name in files:
        with open(name, "rb") as file:
            expected = expected_dump(file.read())
        if expected is None:
            continue
        run = subprocess.run([tulip, "ast", name], capture_output=True)
        got = run.stdout.decode("utf-8", "surrogatepass").rstrip("\n")
        message = run.stderr.decode("utf-8", "replace")
        if run.returncode == 0 and got == expected:
            same += 1
        elif run.returncode != 0 and any(text in message for text in LEFT_OUT):
            left_out += 1
        else:
            different += 1
            why = message.strip() if run.returncode else first_difference(expected, got)
            print(f"{name}: {why}")
    print(f"{same} same, {left_out} with syntax that is left out, {different} different")
    return 1 if different else 0


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    sys.exit(main(sys.argv[1], sys.argv[2:]))
