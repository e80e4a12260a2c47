#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compares Tulip with CPython on generated programs, and feeds it damaged ones.

usage: tests/tools/fuzz.py [--seconds N] [--seed N] [--tulip PROGRAM] [--keep FOLDER]

Half of the time, programs of tests/tools/generate.py run under both interpreters: their output and
exit status must agree. A program that differs is shrunk, line by line, as long as it still does, and
shown with the first line in which the outputs part. The other half, goldens with bytes flipped,
removed, doubled or moved are compiled (`tulip dis`): Tulip must compile or refuse them, and end. A
seed gives the same programs. The last line is "N passed, N failed".
"""

import argparse
import os
import random
import re
import subprocess
import sys
import tempfile
import time
import warnings

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import generate
import golden as goldens

warnings.simplefilter("ignore")
PYTHON = "/usr/bin/python3"
LIMIT = 15
SHRINKS = 1500


def run(command, limit=LIMIT):
    """(status, stdout, stderr); the status is None when it did not end."""
    environment = dict(os.environ, PYTHONHASHSEED="0", TULIP_HASH_SEED="0", PYTHONUTF8="1")
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=limit, env=environment)
    except subprocess.TimeoutExpired:
        return None, b"", b""
    return done.returncode, done.stdout, done.stderr


class Fuzzer:
    def __init__(self, options, folder):
        self.tulip, self.folder, self.keep = options.tulip, folder, options.keep
        self.passed = self.failed = 0

    def path(self, text):
        name = os.path.join(self.folder, "program.py")
        with open(name, "wb") as file:
            file.write(text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape"))
        return name

    def fail(self, kind, seed, text, message):
        self.failed += 1
        print(f"FAIL {kind} {seed}: {message}\n{text}\n", flush=True)
        if self.keep:
            os.makedirs(self.keep, exist_ok=True)
            with open(os.path.join(self.keep, f"{kind}-{seed}.py"), "w", encoding="utf-8",
                      errors="surrogateescape") as file:
                file.write(text)

    # ---- programs that both run ----

    def difference(self, text):
        """Where the two interpreters part on a program, as text; None when they agree."""
        path = self.path(text)
        theirs = run([PYTHON, "-W", "ignore", path])
        # What CPython does not finish or refuses to compile says nothing.
        if theirs[0] is None or b"SyntaxError" in theirs[2]:
            return None
        ours = run([self.tulip, path])
        if ours[:2] == theirs[:2]:
            return None
        their_lines, our_lines = lines_of(theirs), lines_of(ours)
        for one, other in zip(their_lines, our_lines):
            if one != other:
                return f"CPython: {one[:300]}\n        Tulip:   {other[:300]}"
        if ours[0] == theirs[0] and len(their_lines) == len(our_lines):
            return None
        return f"status {theirs[0]} and {ours[0]}, {len(their_lines)} and {len(our_lines)} lines"

    def compare(self, seed):
        blocks = generate.blocks(random.Random(seed))
        blocks = [block for block in blocks if compiles("\n".join(block))]
        if self.difference(generate.program(blocks)) is None:
            self.passed += 1
            return
        lines = self.shrink([line for block in blocks for line in block])
        text = generate.PRELUDE + "\n".join(lines)
        self.fail("program", seed, "\n".join(lines), self.difference(text))

    def shrink(self, lines):
        """Takes lines out, in ever smaller pieces, as long as the interpreters still differ."""
        tries, size = 0, len(lines) // 2
        while size and tries < SHRINKS:
            at, before = 0, len(lines)
            while at < len(lines) and tries < SHRINKS:
                for fewer in (lines[:at] + lines[at + size:], without_header(lines, at)):
                    tries += 1
                    text = generate.PRELUDE + "\n".join(fewer)
                    if compiles(text) and self.difference(text):
                        lines = fewer
                        break
                else:
                    at += size
            if size > 1 or len(lines) == before:
                size //= 2
        return lines

    # ---- programs that are damaged ----

    def damage(self, seed, files):
        generator = random.Random(seed)
        with open(generator.choice(files).path, "rb") as file:
            text = damaged(generator, bytearray(file.read()))
        status, _, errors = run([self.tulip, "dis", self.path(text)])
        if status in (0, 1, 2) and b"Sanitizer" not in errors and b"runtime error" not in errors:
            self.passed += 1
            return
        self.fail("damage", seed, text.decode("utf-8", "surrogateescape"), f"status {status}")


def without_header(lines, at):
    """The lines with the body of the compound statement at [at] in its place."""
    indent = len(lines[at]) - len(lines[at].lstrip())
    end = at + 1
    while end < len(lines) and lines[end].startswith(" " * (indent + 1)):
        end += 1
    return lines[:at] + [line[4:] for line in lines[at + 1:end]] + lines[end:]


def lines_of(outcome):
    """The lines of an output, without addresses, and without what Tulip does not tell apart."""
    text = outcome[1].replace(b"str_ascii_iterator", b"str_iterator")
    return re.sub(rb" at 0x[0-9a-f]+", b"", text).decode("utf-8", "replace").split("\n")


def compiles(text):
    try:
        compile(text, "program", "exec")
    except (SyntaxError, ValueError):
        return False
    return True


def damaged(generator, text):
    """A text with one to six bytes or pieces changed."""
    for _ in range(generator.randint(1, 6)):
        if not text:
            break
        at, size = generator.randrange(len(text)), generator.choice((1, 1, 1, 2, 5, 40))
        piece = text[at:at + size]
        kind = generator.randrange(6)
        if kind == 0:
            text[at] ^= 1 << generator.randrange(8)
        elif kind == 1:
            del text[at:at + size]
        elif kind == 2:
            text[at:at] = piece * generator.choice((1, 2, 50))
        elif kind == 3:
            text[at:at] = generator.choice((b"(", b")", b"\n", b"    ", b"'", b'"""', b"{", b":", b"\\",
                                            b"f'{", b"\0", b"\xff", b"\t", b"yield ", b"*", b"="))
        elif kind == 4:
            del text[at:]
        else:
            target = generator.randrange(len(text))
            text[target:target] = piece
    return bytes(text)


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("\n\n")[1].replace("usage: ", ""))
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--tulip", default=os.path.join(goldens.ROOT, "build", "tulip"))
    parser.add_argument("--keep", metavar="FOLDER")
    options = parser.parse_args()
    options.tulip = os.path.abspath(options.tulip)
    end = time.monotonic() + options.seconds
    files = goldens.find_goldens([])
    with tempfile.TemporaryDirectory(prefix="tulip-fuzz-") as folder:
        fuzzer, seed = Fuzzer(options, folder), options.seed * 1_000_000
        while time.monotonic() < end:
            fuzzer.compare(seed)
            for step in range(12):
                fuzzer.damage(seed * 12 + step, files)
            seed += 1
    print(f"{fuzzer.passed} passed, {fuzzer.failed} failed")
    return 1 if fuzzer.failed or not fuzzer.passed else 0


if __name__ == "__main__":
    sys.exit(main())
