#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Mutates lines of vm/ and sees whether the tests notice.

usage: tests/tools/mutants.py [--seed N] [--count N] [--minutes N] [--keep]

Each of COUNT (20) mutants is one line of a file in vm/ changed in one place: an operator, a
comparison, a constant, a negation, a statement taken out. It is built in a copy of the tree, and the
goldens run until one fails; then the unit tests. A mutant that a test, a crash or a hang notices
has passed; the others are shown, and each asks for a missing golden. A seed gives the same mutants
for the same source, and nearly the same after a change. The last line is "N passed, N failed".

What is not mutated, because no test of behaviour can or should notice: comments, declarations,
assertions, preprocessor lines, hints (LIKELY, UNLIKELY), sizes, growth and capacities, everything
that the inline caches, the collector's pace and barriers and the length of a thread's turn do, and
texts of diagnostics for maintainers. Nor what can make no difference: which bound a minimum or
maximum takes when both are equal, a hash of 0 (one in 2**64), which negative number says that something failed, and a store
into a root that nothing reads (it keeps a value alive; the stress runs look at those). A mutant that
builds to the same machine code as the original (equivalent for the compiler) is drawn again.
"""

import argparse
import collections
import concurrent.futures
import functools
import hashlib
import itertools
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.dirname(HERE))
import golden as goldens

Mutant = collections.namedtuple("Mutant", "file line before after")

# (what is looked for, what it becomes)
OPERATORS = [
    (r" < ", " <= "), (r" <= ", " < "), (r" > ", " >= "), (r" >= ", " > "),
    (r" == ", " != "), (r" != ", " == "), (r" && ", " || "), (r" \|\| ", " && "),
    (r" \+ ", " - "), (r" - ", " + "), (r" \+= ", " -= "), (r"\breturn true;", "return false;"),
    (r"\breturn false;", "return true;"), (r"\b0\b", "1"), (r"(?<!-)\b1\b", "2"), (r"\b1\b", "0"),
    (r"if \(!", "if ("), (r"if \((?=[a-z])", "if (!"), (r"\? (\w+) : (\w+)", r"? \2 : \1"),
    (r"VALUE_TRUE\b", "VALUE_FALSE"), (r"VALUE_FALSE\b", "VALUE_TRUE"),
    (r"VALUE_NONE;", "VALUE_FALSE;"), (r"\bbreak;", "continue;"),
]
# A statement that is a call or an assignment and stands alone on its line.
STATEMENT = re.compile(r"^\s+(?:[a-z_]\w*\(.*\)|[a-z_][\w.>-]*(?:\[[^]]*\])? [+|-]?= .*|\w[\w.>-]*(?:\+\+|--));$")
# Lines whose change is no change of behaviour, or only of speed or memory.
PASSED_OVER = re.compile(
    r"^\s*(?:/?\*|//|#|assert|static |extern |typedef |enum |struct |case OP_|\}|\{)|UNREACHABLE|"
    r"\bassert\(|capacity|reserve|\bfree\(|_free\(|_release|heap_forget|heap_settle|sizeof|LIKELY|cache|"
    r"thread_poll|push_roots|pop_roots|stress|pace|debt|heap_|buffer_init|static_assert|bits|hint|"
    r"interned|_hash|leave_native|enter_native|MUST_CHECK|const \w+ \w+\[|owned|recycle|memo|"
    r"fprintf|printf|\.doc|growth|_fits|memory|->marking|slice_left|\bhash == (?:0|UINT64_MAX)")
# A minimum or maximum: a < b ? a : b.
EXTREME = re.compile(r"([\w.>-]+) ([<>]=?) ([\w.>-]+) \? (?:\1 : \3|\3 : \1)(?![\w.>(-])")
# A store of what is at hand into a root.
AT_HAND = r"(?:[\w.>-]+(?:\[\w+\])?|object_value\([\w.>-]+\));$"
ROOT_STORE = re.compile(rf"^\s+(\w*roots?)(\[\w+\]) = {AT_HAND}|^\s+\*(\w*roots?) = {AT_HAND}")
# The collector and what exists for speed alone: the tests of units and stress runs look at those.
FILES_PASSED_OVER = {
    "vm/heap.c", "vm/heap.h", "vm/trace.c", "vm/attribute_cache.c", "vm/finalize.c", "vm/hash_index.h",
    "vm/execute_wide.c", "vm/weak.c", "vm/os_thread.c", "vm/constants.c",
}
# The areas in the order of how soon they notice a mutant of vm/.
ORDER = ["types", "class", "expr", "stmt", "func", "exc", "format", "generator", "hostile", "yieldfrom",
         "coroutine"]
BUILD = "build-mutants"


def say(*words):
    print(*words, flush=True)


def candidates(root):
    """Every mutant that the tree [root] has, in a fixed order."""
    listed = subprocess.run(["git", "-C", ROOT, "ls-files", "vm"], stdout=subprocess.PIPE, text=True,
                            check=True).stdout.split()
    for name in listed:
        if not name.endswith((".c", ".h")) or name in FILES_PASSED_OVER:
            continue
        with open(os.path.join(root, name), encoding="utf-8") as file:
            lines = file.read().split("\n")
        commented = False
        for number, line in enumerate(lines):
            inside, commented = commented, still_commented(line, commented)
            if inside or "/*" in line or not line.startswith("    ") or PASSED_OVER.search(line):
                continue
            if not only_keeps_alive(lines, number):
                yield from mutants_of(name, number, line)


def still_commented(line, commented):
    opened, closed = line.rfind("/*"), line.rfind("*/")
    return opened > closed if opened >= 0 or closed >= 0 else commented


def only_keeps_alive(lines, number):
    """Whether the line stores into a root that its function neither reads nor hands on."""
    store = ROOT_STORE.match(lines[number])
    if not store:
        return False
    first = max((i for i in range(number) if lines[i] and not lines[i][0].isspace()), default=0)
    last = next((i for i in range(number, len(lines)) if lines[i].startswith("}")), len(lines))
    roots = store[1] or store[3]
    for i in range(first, last):
        others = re.sub(rf"(?:push|pop)_roots\(.*\);|Value \*{roots} = |{ROOT_STORE.pattern}", "",
                        lines[i])
        this, unknown = re.escape(store[2] or "[0]"), r"\[[^\]\d]"
        if re.search(rf"\b{roots}(?:\b(?!\[)|{this}|{unknown})", others):
            return False
    return True


def mutants_of(name, number, line):
    # Nothing inside a text is changed, and no comparison of a minimum to include the equal.
    kept = [match.span() for match in re.finditer(r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])+\'', line)]
    extremes = [match.span(2) for match in EXTREME.finditer(line)]
    for pattern, replacement in OPERATORS:
        for match in re.finditer(pattern, line):
            if any(start <= match.start() < end for start, end in kept):
                continue
            if any(match.start() < start < match.end() for start, _ in extremes):
                continue
            after = line[:match.start()] + match.expand(replacement) + line[match.end():]
            yield Mutant(name, number, line, after)
    if STATEMENT.match(line):
        yield Mutant(name, number, line, re.match(r"\s*", line).group() + ";")


def choose(seed, all_mutants):
    """The mutants in the order in which a seed tries them: one of each file, then another of each.
    The order hangs on their texts, so that a change elsewhere leaves what a seed tries as it was."""
    def rank(*words):
        return hashlib.sha256("\0".join((str(seed),) + words).encode()).digest()

    files = collections.defaultdict(list)
    for mutant in all_mutants:
        files[mutant.file].append(mutant)
    for mutants in files.values():
        mutants.sort(key=lambda m: rank(m.file, m.before.strip(), m.after.strip()))
    names = sorted(files, key=rank)
    for some in itertools.zip_longest(*(files[name] for name in names)):
        yield from (mutant for mutant in some if mutant)


class Copy:
    """A copy of the tree in which mutants are built and tested."""

    def __init__(self, folder):
        self.folder = folder
        self.build = os.path.join(folder, BUILD)
        listed = subprocess.run(["git", "-C", ROOT, "ls-files", "-co", "--exclude-standard", "-z"],
                                stdout=subprocess.PIPE, check=True).stdout
        for name in listed.decode().split("\0"):
            source, target = os.path.join(ROOT, name), os.path.join(folder, name)
            if name and os.path.isfile(source):
                os.makedirs(os.path.dirname(target), exist_ok=True)
                shutil.copy2(source, target)
        # Assertions are on: a mutant that breaks an invariant is noticed where it does.
        self.command(["cmake", "-G", "Ninja", "-S", folder, "-B", self.build,
                      "-DCMAKE_BUILD_TYPE=Debug", "-DCMAKE_C_FLAGS_DEBUG=-O1", "-DTULIP_STATIC_LIBS=OFF"])
        if not self.compile():
            sys.exit("the tree does not build")
        self.original = self.digest()

    def command(self, words, limit=900):
        try:
            return subprocess.run(words, cwd=self.folder, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, timeout=limit).returncode == 0
        except subprocess.TimeoutExpired:
            return False

    def compile(self):
        return self.command(["cmake", "--build", self.build, "--", "-j", str(os.cpu_count())])

    def digest(self):
        with open(os.path.join(self.build, "tulip"), "rb") as file:
            return hashlib.sha256(file.read()).digest()

    def write(self, mutant, line):
        path = os.path.join(self.folder, mutant.file)
        with open(path, encoding="utf-8") as file:
            lines = file.read().split("\n")
        lines[mutant.line] = line
        with open(path, "w", encoding="utf-8") as file:
            file.write("\n".join(lines))


def ordered_goldens(root):
    """The goldens that CPython answers, those that notice most first."""
    def rank(golden):
        area = os.path.basename(os.path.dirname(golden.path))
        return (ORDER.index(area) if area in ORDER else len(ORDER), golden.name)
    goldens.ROOT = root
    return sorted((golden for golden in goldens.find_goldens([]) if "real-time" not in golden.header),
                  key=rank)


def wrong_with(tulip, golden):
    """What is wrong with a run of [golden], in a line, or None."""
    command = [tulip, "--virtual-time"] + golden.header.get("options", "").split()
    outcome = goldens.run(command + [golden.path] + golden.args, golden, golden.timeout)
    if outcome.status != golden.exit:
        last = outcome.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
        return f"{goldens.describe_status(outcome.status)} {last}"
    if golden.expected not in (None, outcome.stdout):
        return "it prints something else"
    return None if all(n in outcome.stderr for n in golden.needles) else "the error is another"


def noticing_golden(tulip, files):
    """The name of a golden that fails, or None. One that passes when it runs again has noticed
    nothing: it is shown, since it should not."""
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for start in range(0, len(files), 24):
            some = files[start:start + 24]
            for golden, wrong in zip(some, pool.map(functools.partial(wrong_with, tulip), some)):
                if wrong and wrong_with(tulip, golden):
                    return golden.name
                if wrong:
                    say(f"failed once: {golden.name}: {wrong}")
    return None


def noticed_by(copy, files):
    """What notices the mutant that was built, or None."""
    found = noticing_golden(os.path.join(copy.build, "tulip"), files)
    if found:
        return found
    if not copy.command(["ctest", "--test-dir", copy.build], 300):
        return "unit tests"
    return None


def diff(mutant):
    return (f"{mutant.file}:{mutant.line + 1}\n"
            f"    - {mutant.before.strip()}\n    + {mutant.after.strip() or '(taken out)'}")


def run(options, copy, files):
    wrong = noticed_by(copy, files)
    if wrong:
        sys.exit(f"without a mutant {wrong} fails")
    all_mutants = list(candidates(copy.folder))
    say(f"{len(all_mutants)} mutants are possible; seed {options.seed}")
    passed, failed, end = 0, 0, time.monotonic() + 60 * options.minutes
    for mutant in choose(options.seed, all_mutants):
        if passed + failed == options.count or time.monotonic() > end:
            break
        copy.write(mutant, mutant.after)
        noticed = "equivalent"
        if copy.compile() and copy.digest() != copy.original:
            noticed = noticed_by(copy, files)
            passed, failed = passed + (noticed is not None), failed + (noticed is None)
            if noticed is None:
                say(f"FAIL no test notices {diff(mutant)}")
            else:
                say(f"noticed by {noticed}: {mutant.file}:{mutant.line + 1}: {mutant.after.strip()}")
        copy.write(mutant, mutant.before)
    say(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("\n\n")[1].replace("usage: ", ""))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--minutes", type=float, default=60, help="begin no mutant after that")
    parser.add_argument("--keep", action="store_true", help="leave the copy of the tree")
    options = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="tulip-mutants-")
    try:
        return run(options, Copy(folder), ordered_goldens(folder))
    finally:
        if not options.keep:
            shutil.rmtree(folder)


if __name__ == "__main__":
    sys.exit(main())
