#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs the benchmarks in Tulip and in whatever peers are installed, and prints ratios.

usage: ./dev bench [--quick] [--rounds N] [--peers a,b] [--tulip PROGRAM] [NAME…]

Times on a shared machine drift, so every figure is a ratio to CPython in the same run: programs
alternate (A B C A B C …), medians of CPU time (user + system) count, the peer's own start-up is
subtracted, and outputs must be equal. Beside Tulip's ratio stands its aim; a sibling of a row,
which no special case can help, may take 1.3 times the row's aim. A difference under 15 % is noise.

NAME is a program of bench/programs without its ending, or one of the groups coroutines, language,
chain, memory, startup, pause. Without a name everything runs. --quick makes 2 rounds of each.

A .tul file runs under CPython as it is; its first lines say:

    # row: text of the table       # aim: ratio to reach      # table: language
    # sibling-of: name             # python: the file CPython runs instead
    # special: chain|memory|pause  (measured by this file's functions of those names)
"""

import argparse
import glob
import math
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAMS = os.path.join(HERE, "programs")
SIBLING = 1.3
GROUPS = ("coroutines", "language", "chain", "memory", "startup", "pause")


class Peer:
    """A language: the command that runs a file, and the ending of its files."""

    def __init__(self, name, command, ending):
        self.name, self.command, self.ending = name, command, ending

    def file(self, name):
        """The program [name] in this language, or None if there is none."""
        stand_in = header(name).get("python") if self.name == "python" else None
        path = os.path.join(PROGRAMS, stand_in or name + self.ending)
        return path if os.path.exists(path) else None


def find_peers(options):
    """Tulip and CPython first, then the others that are installed."""
    python = next((path for path in ("/usr/bin/python3", shutil.which("python3")) if path
                   and os.path.exists(path)), None)
    lua = shutil.which("lua5.4") or shutil.which("lua")
    luajit, node, qjs = shutil.which("luajit"), shutil.which("node"), shutil.which("qjs")
    peers = [Peer("python", [python], ".tul"), Peer("tulip", [options.tulip], ".tul"),
             Peer("lua", [lua], ".lua"), Peer("luajit-i", luajit and [luajit, "-joff"], ".lua"),
             Peer("node", [node], ".js"), Peer("qjs", [qjs], ".js")]
    wanted = options.peers.split(",") if options.peers else [peer.name for peer in peers]
    return [peer for peer in peers if peer.command and peer.command[0] and peer.name in wanted]


def header(name):
    found = {}
    path = os.path.join(PROGRAMS, name + ".tul")
    with open(path, encoding="utf-8") as file:
        for line in file:
            match = re.match(r"# ([a-z-]+): (.*)", line)
            if not match:
                break
            found[match.group(1)] = match.group(2).strip()
    return found


class Run:
    """One run of a program: CPU seconds, wall seconds, peak memory in bytes, what it printed."""

    def __init__(self, command, watch_memory=False):
        environment = dict(os.environ, PYTHONDONTWRITEBYTECODE="1")
        self.peak = 0
        begin = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   stdin=subprocess.DEVNULL, env=environment)
        if watch_memory:
            self.watch(process.pid)
        self.output = process.stdout.read().decode("utf-8", "replace")
        errors = process.stderr.read().decode("utf-8", "replace")
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = status
        process.stdout.close()
        process.stderr.close()
        self.wall = time.perf_counter() - begin
        self.cpu = usage.ru_utime + usage.ru_stime
        self.error = None if status == 0 else (errors.strip().split("\n")[-1] or f"status {status}")

    def watch(self, pid):
        """Follows the high-water mark until the process ends. (The kernel's own ru_maxrss would
        include the memory of the process that started it.)"""
        while True:
            try:
                with open(f"/proc/{pid}/status", encoding="ascii") as file:
                    text = file.read()
            except OSError:
                return
            found = re.search(r"VmHWM:\s+(\d+)", text)
            if not found or "State:\tZ" in text:
                return
            self.peak = max(self.peak, int(found.group(1)) * 1024)
            time.sleep(0.004)


def alternate(commands, rounds, watch_memory=False):
    """Runs {key: command} in turn, [rounds] times; gives {key: [Run…]}. One that fails stops."""
    runs = {key: [] for key in commands}
    for _ in range(rounds):
        for key, command in commands.items():
            if not runs[key] or not runs[key][-1].error:
                runs[key].append(Run(command, watch_memory))
    return runs


def median(runs, field="cpu"):
    return statistics.median(getattr(run, field) for run in runs)


def spread(runs):
    """Half the distance between the quartiles' neighbours, in per cent of the median."""
    times = sorted(run.cpu for run in runs)
    return 100 * (times[-1] - times[0]) / 2 / max(statistics.median(times), 1e-9)


class Bench:
    """The measurements of one call of ./dev bench."""

    def __init__(self, options):
        self.options = options
        self.rounds = options.rounds
        self.peers = find_peers(options)
        self.startup = {}
        self.missed = []

    def start_of(self, peer, asyncio):
        """The CPU time a peer needs for nothing, measured once (with asyncio where it is used)."""
        name = "hello_asyncio" if asyncio and peer.ending == ".tul" else "hello"
        key = (peer.name, name)
        if key not in self.startup:
            path = os.path.join(PROGRAMS, name + peer.ending)
            self.startup[key] = statistics.median(Run(peer.command + [path]).cpu for _ in range(5))
        return self.startup[key]

    def judge(self, text, value, aim):
        """A cell "value (aim)" with a mark when the aim is missed, which is remembered."""
        if aim is None:
            return f"{value:.2f}"
        if value > aim:
            self.missed.append(f"{text}: {value:.2f}, aim {aim:.2f}")
        return f"{value:.2f} {'ok  ' if value <= aim else 'MISS'} (≤ {aim:.2f})"

    # --- the two tables of ratios ---------------------------------------------------------------

    def table(self, title, names):
        print(f"\n{title} (ratio to CPython's CPU time; its seconds in the second column)\n")
        others = [peer for peer in self.peers if peer.name not in ("python", "tulip")]
        cells = "".join(f"{peer.name:>10}" for peer in others)
        print(f"{'program':<20}{'CPython':>9}  {'Tulip':<22}{cells}  spread  row")
        ratios = {peer.name: [] for peer in self.peers}
        for name in names:
            self.row(name, others, ratios)
        if len(names) > 1 and ratios.get("tulip"):
            means = {key: math.exp(statistics.mean(map(math.log, values)))
                     for key, values in ratios.items() if values}
            aim = 0.60 if title.startswith("The language") and len(names) == 8 else None
            cells = "".join(f"{means[peer.name]:>10.2f}" if peer.name in means else f"{'-':>10}"
                            for peer in others)
            print(f"{'geometric mean':<20}{'':>9}  "
                  f"{self.judge('geometric mean', means['tulip'], aim):<22}{cells}")

    def row(self, name, others, ratios):
        facts = header(name)
        aim = float(facts["aim"]) * (SIBLING if "sibling-of" in facts else 1) if "aim" in facts else None
        with open(os.path.join(PROGRAMS, name + ".tul"), encoding="utf-8") as file:
            asyncio = "import asyncio" in file.read()
        present = [peer for peer in self.peers if peer.file(name)]
        runs = alternate({peer.name: peer.command + [peer.file(name)] for peer in present}, self.rounds)
        base = {peer.name: max(median(runs[peer.name]) - self.start_of(peer, asyncio), 1e-6)
                for peer in present}
        outputs = {runs[peer.name][0].output for peer in present if not runs[peer.name][0].error}
        errors = [f"{peer.name}: {runs[peer.name][-1].error}" for peer in present
                  if runs[peer.name][-1].error]
        good = {peer.name for peer in present if not runs[peer.name][-1].error}
        if "python" not in good:
            print(f"{name:<20}CPython failed: {'; '.join(errors)}")
            return

        def ratio(peer_name):
            value = base[peer_name] / base["python"]
            ratios[peer_name].append(value)
            return value
        tulip = self.judge(name, ratio("tulip"), aim) if "tulip" in good else "-"
        cells = "".join(f"{ratio(peer.name):>10.2f}" if peer.name in good else f"{'-':>10}"
                        for peer in others)
        noise = spread(runs["tulip" if "tulip" in good else "python"])
        print(f"{name:<20}{base['python']:>8.2f}s  {tulip:<22}{cells}  {noise:>4.0f} %  "
              f"{facts.get('row', '')}", flush=True)
        if len(outputs) > 1:
            self.missed.append(f"{name}: the outputs differ: {sorted(outputs)}")
        for error in errors:
            self.missed.append(f"{name}: {error}")

    # --- chains of delegations ------------------------------------------------------------------

    DEPTHS = (1, 10, 100, 1000, 100000)
    # How many items a peer whose cost grows with the depth is given.
    FEWER = {1: 1000000, 10: 500000, 100: 60000, 1000: 5000}
    SLOWER = {"chain_throw": 0.25, "chain_cancel": 0.1}
    # CPython's cost of one item at depth 1 is the unit; 40 % of it is the aim, at every depth.
    CHAIN_AIM, FLAT_AIM = 0.40, 1.5

    def chain(self, names):
        print("\nChains of delegations: nanoseconds an item at each depth (building subtracted)\n")
        print(f"{'program':<20}{'peer':<10}" + "".join(f"{depth:>10}" for depth in self.DEPTHS)
              + f"{'flatness':>10}   d=1 / CPython's")
        for name in names:
            unit = None
            for peer in self.peers:
                if peer.file(name):
                    unit = self.chain_row(name, peer, unit)

    def chain_row(self, name, peer, unit):
        scale = self.SLOWER.get(name, 1)
        costs = []
        for depth in self.DEPTHS:
            flat = peer.name in ("tulip", "lua", "luajit-i")
            items = int(scale * (1000000 if flat else self.FEWER.get(depth, 0)))
            if not items or (peer.name != "tulip" and depth > 1000):
                costs.append(None)
                continue
            command = peer.command + [peer.file(name), str(depth)]
            runs = alternate({"all": command + [str(items)], "none": command + ["0"]}, self.rounds)
            error = runs["all"][-1].error or runs["none"][-1].error
            if error:
                if peer.name == "tulip":
                    self.missed.append(f"{name} at depth {depth}: {error}")
                costs.append(None)
                continue
            costs.append(max(median(runs["all"]) - median(runs["none"]), 1e-9) / items * 1e9)
        known = [cost for cost in costs if cost is not None]
        flatness = max(known) / min(known) if known else 0
        unit = unit or (known[0] if peer.name == "python" and known else None)
        against = ""
        if known and unit and peer.name == "tulip":
            aim = self.CHAIN_AIM * (1 if name == "chain_yield_from" else SIBLING)
            against = self.judge(f"{name}, worst depth", max(known) / unit, aim)
            if flatness > self.FLAT_AIM:
                self.missed.append(f"{name}: flatness {flatness:.2f}, aim {self.FLAT_AIM}")
        cells = "".join(f"{cost:>10.0f}" if cost is not None else f"{'-':>10}" for cost in costs)
        print(f"{name:<20}{peer.name:<10}{cells}{flatness:>9.2f}x   {against}", flush=True)
        return unit

    # --- memory ---------------------------------------------------------------------------------

    # name: (how many for Tulip, for the others, aim in bytes, aim of the CPU ratio)
    MEMORY = {"memory_generators": (1000000, 400000, 200, 0.20),
              "memory_sleepers": (1000000, 100000, 450, 0.06),
              "memory_sleepers_nested": (1000000, 100000, 450, 0.06)}

    def memory(self, names):
        print("\nMemory: bytes and CPU for each suspended generator or sleeping task\n")
        print(f"{'program':<24}{'peer':<10}{'count':>9}{'bytes each':>12}{'µs each':>10}   to CPython")
        rounds = min(self.rounds, 3)
        for name in names:
            many, fewer, bytes_aim, cpu_aim = self.MEMORY[name]
            slack = SIBLING if "sibling-of" in header(name) else 1
            unit = None
            for peer in self.peers:
                if not peer.file(name):
                    continue
                count = many if peer.name == "tulip" else fewer
                command = peer.command + [peer.file(name)]
                runs = alternate({"all": command + [str(count)], "none": command + ["0"]}, rounds, True)
                if runs["all"][-1].error:
                    self.missed.append(f"{name}: {peer.name}: {runs['all'][-1].error}")
                    continue
                size = (median(runs["all"], "peak") - median(runs["none"], "peak")) / count
                cost = (median(runs["all"]) - median(runs["none"])) / count * 1e6
                unit = unit or cost
                line = f"{name:<24}{peer.name:<10}{count:>9}{size:>12.0f}{cost:>10.2f}"
                if peer.name == "tulip":
                    line += (f"   {self.judge(name + ', CPU', cost / unit, cpu_aim * slack)}"
                             f"   bytes {self.judge(name + ', bytes', size, bytes_aim * slack)}")
                print(line, flush=True)

    # --- start-up -------------------------------------------------------------------------------

    def start(self):
        print("\nStart-up: milliseconds of wall time\n")
        programs = {"hello": 4.0, "hello_asyncio": 6.0, "hello_run": 6.0 * SIBLING}
        commands = {("true", "nothing"): ["/bin/true"]}
        for name in programs:
            for peer in self.peers:
                if peer.file(name):
                    commands[(name, peer.name)] = peer.command + [peer.file(name)]
        runs = alternate(commands, 4 * self.rounds)
        for key, measured in runs.items():
            name, peer = key
            value = 1000 * median(measured, "wall")
            aim = programs.get(name) if peer == "tulip" else None
            error = measured[-1].error or ""
            print(f"{name:<20}{peer:<10}{self.judge(f'start-up {name}', value, aim)}  {error}")
            if error:
                self.missed.append(f"{name}: {peer}: {error}")

    # --- pauses ---------------------------------------------------------------------------------

    PAUSE_AIM = 20.0

    def pause(self):
        print("\nPauses: the worst gap of a 1 ms ticker with a million live objects, milliseconds\n")
        seconds = "2" if self.rounds < 3 else "4"
        commands = {peer.name: peer.command + [peer.file("pause"), seconds]
                    for peer in self.peers if peer.file("pause")}
        for name, runs in alternate(commands, min(self.rounds, 3)).items():
            if runs[-1].error:
                self.missed.append(f"pause: {name}: {runs[-1].error}")
                continue
            value = statistics.median(float(run.output) for run in runs)
            aim = self.PAUSE_AIM if name == "tulip" else None
            print(f"pause               {name:<10}{self.judge('pause', value, aim)}", flush=True)


def all_programs():
    return sorted(os.path.splitext(os.path.basename(path))[0]
                  for path in glob.glob(os.path.join(PROGRAMS, "*.tul")))


def group_of(name):
    facts = header(name)
    if name.startswith("hello"):
        return "startup"
    return facts.get("special") or ("language" if facts.get("table") == "language" else "coroutines")


def chosen(names):
    """{group: [program…]} for the names and groups on the command line."""
    programs = all_programs()
    for name in names:
        if name not in programs and name not in GROUPS:
            sys.exit(f"no such benchmark: {name}\nprograms: {', '.join(programs)}\n"
                     f"groups: {', '.join(GROUPS)}")
    groups = {group: [] for group in GROUPS}
    for name in programs:
        if not names or name in names or group_of(name) in names:
            groups[group_of(name)].append(name)
    return groups


def describe(bench):
    """The machine and the versions, so that a table can be read later."""
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        model = re.search(r"model name\s*:\s*(.*)", file.read())
    print(f"{model.group(1) if model else platform.machine()}, {os.cpu_count()} cores, "
          f"{platform.system()} {platform.release()}, {bench.rounds} rounds")
    for peer in bench.peers:
        flag = "-v" if peer.name.startswith("lua") else "--version"
        output = subprocess.run([peer.command[0], flag], stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL).stdout
        print(f"    {peer.name:<10}{output.decode().strip().splitlines()[0]}")


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("\n\n")[1].replace("usage: ", ""))
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--peers", default="")
    parser.add_argument("--tulip", default=os.path.join(HERE, "..", "build", "tulip"))
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    options.tulip = os.path.realpath(options.tulip)
    if options.quick:
        options.rounds = 2
    groups = chosen(options.names)
    bench = Bench(options)
    describe(bench)
    if groups["coroutines"]:
        bench.table("Coroutines", groups["coroutines"])
    if groups["language"]:
        bench.table("The language at large", groups["language"])
    if groups["chain"]:
        bench.chain(sorted(groups["chain"], key=lambda name: name != "chain_yield_from"))
    if groups["memory"]:
        bench.memory(groups["memory"])
    if groups["startup"]:
        bench.start()
    if groups["pause"]:
        bench.pause()
    if any(peer.name == "tulip" for peer in bench.peers):
        print("\n" + ("Missed or failed:" if bench.missed else "Every aim is reached."))
    for line in bench.missed:
        print(f"    {line}")


if __name__ == "__main__":
    main()
