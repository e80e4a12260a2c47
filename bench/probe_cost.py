#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What the probe costs while nobody listens: instructions of a build with it and of one without.

usage: bench/probe_cost.py [--times] [NAME…]       (needs valgrind; the result is in docs/probe.md)

The second build is of a copy of the sources in which the macro PROBE does nothing. Both run the same
programs of this folder, with large numbers in them divided by 50, under callgrind, which counts
instructions: unlike seconds they are nearly the same in every run. The instructions of a program that
does nothing are subtracted. With --times both builds run each program as it is, in turns, nine times,
and the smallest CPU times are compared; a few per cent of that are noise.
"""

import glob
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
OTHERS = ("hello", "memory", "pause")       # these measure start-up and memory
CHAIN = ["100", "20000"]                    # depth and items
ROUNDS = 9


def build(folder, name, change=lambda text: text):
    """Builds a copy of the sources, vm/probe.h changed, and gives the program."""
    copy = os.path.join(folder, name)
    shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns("build", "build-*", ".git"))
    header = os.path.join(copy, "vm", "probe.h")
    with open(header, encoding="utf-8") as file:
        text = change(file.read())
    with open(header, "w", encoding="utf-8") as file:
        file.write(text)
    for command in (["cmake", "-S", ".", "-B", "build", "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release"],
                    ["cmake", "--build", "build", "--target", "tulip"]):
        subprocess.run(command, cwd=copy, check=True, stdout=subprocess.DEVNULL)
    return os.path.join(copy, "build", "tulip")


def without_probe(text):
    """The header with a macro that compiles its arguments and never uses them."""
    empty = ("#define PROBE(t, EVENT, subject, object) \\\n"
             "    do { if (0) probe_emit(t, PROBE_##EVENT, subject, object); } while (0)\n")
    return re.sub(r"#define PROBE\((?:.*\\\n)*.*\n", lambda match: empty, text)


def instructions(command):
    done = subprocess.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", *command],
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=True)
    return int(re.search(r"Collected : (\d+)", done.stderr).group(1))


def seconds(command):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def smaller(folder, path):
    """The same program with less to do."""
    with open(path, encoding="utf-8") as file:
        text = re.sub(r"\b\d{4,}\b", lambda match: str(max(100, int(match.group()) // 50)), file.read())
    path = os.path.join(folder, os.path.basename(path))
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def compare(folder, programs, path, times, nothing):
    """By how much the build with the probe does more, in per cent."""
    arguments = CHAIN if os.path.basename(path).startswith("chain") else []
    if times:
        rounds = [[seconds([program, path, *arguments]) for program in programs] for _ in range(ROUNDS)]
        without, with_it = (min(column) for column in zip(*rounds))
        return (with_it / without - 1) * 100
    path = path if arguments else smaller(folder, path)
    without, with_it = (instructions([program, path, *arguments]) for program in programs)
    return (with_it - without - (nothing[1] - nothing[0])) / (without - nothing[0]) * 100


def main():
    times, names = "--times" in sys.argv, [word for word in sys.argv[1:] if word != "--times"]
    with tempfile.TemporaryDirectory() as folder:
        programs = [build(folder, "without", without_probe), build(folder, "with")]
        nothing = [0, 0] if times else [instructions([program, "-c", "pass"]) for program in programs]
        for path in sorted(glob.glob(os.path.join(HERE, "programs", "*.tul"))):
            name = os.path.basename(path)[:-4]
            if (names and name not in names) or (not names and name.startswith(OTHERS)):
                continue
            print(f"{name:22} {compare(folder, programs, path, times, nothing):+6.2f} %", flush=True)


if __name__ == "__main__":
    main()
