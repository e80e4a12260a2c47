#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Times every variant of the flag downloads, and makes the table of the page of the chapters.

usage: bench/flags_table.py [--tulip PROGRAM] [--runs N] [--write]

The flag servers run as a program of their own, as a real server would. Each variant downloads the
20 flags of the simple scripts, or the 194 of all countries with at most 200 requests at once, from
LOCAL (answers at once) and DELAY (waits half a second each time); and all 676 codes from ERROR,
where the variant's own counts must be the server's. A cell is the fastest of --runs runs, as the
script itself measures it; "processor" is what the whole program took of it for LOCAL. --write puts the table between the marks in that page (chapters.md in docs). The last
line is "N passed, N failed": the runs, and whether asyncio keeps up with the threads.
"""

import argparse
import contextlib
import os
import platform
import re
import resource
import signal
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SCRIPTS = os.path.join(ROOT, "scripts", "flags")
CHAPTERS = os.path.join(ROOT, "docs", "chapters.md")
BEGIN, END = "<!-- flags-table: written by ./dev flags-table -->", "<!-- end of flags-table -->"

SIMPLE = ("flags_sequential", "flags_threads", "flags_asyncio", "flags_asyncio_yield_from")
MANY = ("flags2_sequential", "flags2_threads", "flags2_asyncio", "flags3_threads", "flags3_asyncio")
# One after the other, 194 times half a second is a minute and a half: measured with the first 20.
FEW = "-a -l 20"
COUNTS = r"(\d+) saved\n(\d+) not found\n(\d+) errors.*\nadds up to (\d+); the server counted the same"


@contextlib.contextmanager
def servers(tulip):
    """The flag servers, by mode: their addresses."""
    command = [tulip, os.path.join(SCRIPTS, "flag_server.tul"), "--local", "0", "--delay", "0",
               "--error", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield dict(process.stdout.readline().split() for _ in range(3))
        finally:
            process.send_signal(signal.SIGTERM)


# A difference under this between two runs says nothing.
NOISE = 1.15

class Table:
    """Runs the variants; counts what went right and wrong."""

    def __init__(self, options, urls):
        self.options = options
        self.urls = urls
        self.passed = self.failed = 0

    def check(self, right, complaint):
        if right:
            self.passed += 1
        else:
            self.failed += 1
            print(complaint, file=sys.stderr)

    def seconds(self, script, mode, arguments):
        """The fastest of some runs: (as the script says, of the processor), None if one fails."""
        times = []
        for _ in range(self.options.runs):
            before = processor()
            output = self.output(script, mode, arguments)
            found = output and re.search(r"([\d.]+) s\n*$", output)
            if not found:
                return None, None
            times.append((float(found[1]), processor() - before))
        return tuple(map(min, zip(*times)))

    def output(self, script, mode, arguments):
        """What one run prints, or None when it fails."""
        with tempfile.TemporaryDirectory(prefix="tulip-flags-") as folder:
            command = [self.options.tulip, os.path.join(SCRIPTS, script + ".tul"), "-s", mode,
                       "--at", self.urls[mode], *arguments.split()]
            done = subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, text=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=600)
        right = done.returncode == 0 and "Traceback" not in done.stderr
        self.check(right, f"{script} -s {mode} {arguments}: status {done.returncode}\n"
                   + done.stderr[-2000:])
        return done.stdout if right else None

    def rows(self):
        """The lines of the table in Markdown."""
        yield "| script | flags | at once | LOCAL | processor | DELAY |"
        yield "| --- | --: | --: | --: | --: | --: |"
        times = {}
        for script in SIMPLE + MANY:
            alone = "sequential" in script
            arguments, size = "", 20
            if script in MANY:
                arguments, size = (FEW, 20) if alone else ("-a -m 200", 194)
            (local, cpu), (delay, _) = (self.seconds(script, mode, arguments)
                                        for mode in ("LOCAL", "DELAY"))
            times[script] = {"LOCAL": local, "processor": cpu, "DELAY": delay}
            yield (f"| `{script}` | {size} | {1 if alone else size} | {show(local)} | {show(cpu)} | "
                   f"{show(delay)} |")
        for number in "23":
            for what, threads in times[f"flags{number}_threads"].items():
                loop = times[f"flags{number}_asyncio"][what]
                self.check(threads and loop and loop <= threads * NOISE,
                           f"flags{number}, {what}: asyncio takes {loop} s, threads {threads} s")

    def errors(self):
        """The lines of the second table: what became of 676 codes."""
        yield "| `-s ERROR -e -m 200` | saved | not found | errors | sum | s |"
        yield "| --- | --: | --: | --: | --: | --: |"
        for script in ("flags2_threads", "flags2_asyncio"):
            output = self.output(script, "ERROR", "-e -m 200") or ""
            found = re.search(COUNTS, output)
            self.check(found and found[4] == "676", f"{script}: the counts do not agree\n{output}")
            if found:
                elapsed = re.search(r"([\d.]+) s\n*$", output)[1]
                yield f"| `{script}` | {' | '.join(found.groups())} | {elapsed} |"


def processor():
    """The processor time of the programs that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def show(seconds):
    return "failed" if seconds is None else f"{seconds:.2f} s"


def machine():
    """The machine in a line: processor, number of cores, system."""
    model = platform.machine()
    with contextlib.suppress(OSError), open("/proc/cpuinfo", encoding="utf-8") as file:
        found = re.search(r"^model name\s*: (.*)", file.read(), re.M)
        model = found[1] if found else model
    return f"{model}, {os.cpu_count()} cores, {platform.system()} {platform.release()}"


def write(text):
    """Replaces what is between the marks in the page."""
    with open(CHAPTERS, encoding="utf-8") as file:
        page = file.read()
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        sys.exit(f"docs/chapters.md has no lines {BEGIN} and {END}")
    with open(CHAPTERS, "w", encoding="utf-8") as file:
        file.write(before + BEGIN + "\n\n" + text + "\n" + END + after)


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("\n\n")[1].replace("usage: ", ""))
    parser.add_argument("--tulip", default=os.path.join(ROOT, "build", "tulip"))
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    options.tulip = os.path.abspath(options.tulip)
    with servers(options.tulip) as urls:
        table = Table(options, urls)
        lines = [*table.rows(), "", *table.errors(), "", f"Measured on {machine()}."]
    text = "\n".join(lines) + "\n"
    print(text)
    if options.write and not table.failed:
        write(text)
    print(f"{table.passed} passed, {table.failed} failed")
    return 1 if table.failed else 0


if __name__ == "__main__":
    sys.exit(main())
