# SPDX-License-Identifier: MIT
"""How a row is run: a fresh copy of its folder, the flag servers if it downloads, the verdict.

run(row) gives a Result: what was seen, whether that was expected, and what to show if not. Every
row has its own copy with an empty downloads/ folder and its own servers, so that rows neither see
each other's files nor share the servers' counts.
"""

import contextlib
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FLAG_SERVER = os.path.join(ROOT, "scripts", "flags", "flag_server.tul")
# The name of the site in the book's first downloads, and the port of each server.
SITE = "flupy.org:80"
PORTS = {"LOCAL": 8001, "DELAY": 8002, "ERROR": 8003}
# How long DELAY and ERROR wait. The book's half second would make its slowest row last minutes.
PAUSE = "0.02"
LIMIT = 120


class Result:
    def __init__(self, row, seen, right, show=""):
        self.row = row
        self.seen = seen
        self.right = right
        self.show = show
        self.seconds = 0


class Outcome:
    """How a program ended: status and both streams."""

    def __init__(self, status, out, err):
        self.status = status
        self.out = out
        self.err = err

    @property
    def clean(self):
        return self.status == 0 and "Traceback" not in self.err

    @property
    def summary(self):
        last = self.err.strip().splitlines()[-1:] or [""]
        return f"status {self.status} {last[0]}".strip()


class Runner:
    """Runs rows of a book with a program."""

    def __init__(self, tulip, book):
        self.tulip = tulip
        self.book = book

    def run(self, row):
        start = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="tulip-book-") as scratch:
            place = os.path.join(scratch, "book")
            shutil.copytree(os.path.join(self.book, os.path.dirname(row.path)), place,
                            ignore=shutil.ignore_patterns("__pycache__", "downloads", "*.pickle"))
            os.mkdir(os.path.join(place, "downloads"))
            try:
                result = getattr(self, "run_" + row.kind)(row, place)
            except (OSError, subprocess.TimeoutExpired, http.client.HTTPException) as error:
                result = Result(row, type(error).__name__, False, str(error))
        result.seconds = time.monotonic() - start
        return result

    def tulip_on(self, row, place, before=()):
        """Runs the row's script in its copy."""
        command = [self.tulip, *before, os.path.basename(row.path), *row.arguments]
        done = subprocess.run(command, cwd=place, stdin=subprocess.DEVNULL, timeout=LIMIT,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        return Outcome(done.returncode, done.stdout.decode("utf-8", "replace"),
                       done.stderr.decode("utf-8", "replace"))

    def run_run(self, row, place):
        outcome = self.tulip_on(row, place)
        return Result(row, "works" if outcome.clean else outcome.summary, outcome.clean,
                      outcome.err)

    def run_fragment(self, row, place):
        outcome = self.tulip_on(row, place)
        right = outcome.status == 2 and "SyntaxError" in outcome.err
        return Result(row, outcome.summary, right, outcome.err)

    def run_foreign(self, row, place):
        outcome = self.tulip_on(row, place)
        right = outcome.status == 1 and f"No module named '{row.detail}'" in outcome.err
        return Result(row, outcome.summary.replace("status 1 ", ""), right, outcome.err)

    def run_doctest(self, row, place):
        outcome = self.tulip_on(row, place, ["-m", "doctest"])
        failed = re.findall(r"^Failed example:\n    (.*?)(?:  # .*)?$", outcome.out, re.M)
        right = set(failed) <= set(row.detail) and (failed or outcome.clean)
        return Result(row, f"{len(failed)} differ" if failed else
                      "all pass" if outcome.clean else outcome.summary, bool(right),
                      outcome.out + outcome.err)

    # --- downloads ---

    def run_simple(self, row, place):
        with self.flag_servers() as servers:
            outcome = self.tulip_on(row, place, servers.resolve())
            saved, wrong = compare_saved(place, servers)
        said = re.search(r"^(\d+) flags downloaded", outcome.out, re.M)
        right = (outcome.clean and said and int(said[1]) == saved == row.detail and not wrong)
        return Result(row, seen_of(outcome, f"{saved} saved", wrong), bool(right),
                      outcome.out + outcome.err)

    def run_downloads(self, row, place):
        with self.flag_servers() as servers:
            outcome = self.tulip_on(row, place, servers.resolve())
            saved, wrong = compare_saved(place, servers)
            counted = servers.counts(row.server)
        said = [int(found[1]) if found else 0 for found in
                (re.search(rf"^(\d+) {what}", outcome.out, re.M)
                 for what in ("flags? downloaded", "not found", "errors?"))]
        wanted = [saved, counted.get("not found", 0), counted.get("errors", 0)]
        total = {"LOCAL": 194, "DELAY": 26, "ERROR": 676}[row.server]
        right = outcome.clean and not wrong and said == wanted and sum(said) == total
        return Result(row, seen_of(outcome, "{} saved, {} not found, {} errors".format(*said), wrong),
                      right, f"the server: {counted}\n" + outcome.out + outcome.err)

    @contextlib.contextmanager
    def flag_servers(self):
        """The servers on free ports, as a program of their own."""
        command = [self.tulip, FLAG_SERVER, "--local", "0", "--delay", "0", "--error", "0",
                   "--pause", PAUSE]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            try:
                lines = [process.stdout.readline().decode().split() for _ in PORTS]
                if [line[:1] for line in lines] != [[mode] for mode in PORTS]:
                    raise OSError("the flag servers did not start: " +
                                  process.stderr.read().decode("utf-8", "replace"))
                yield FlagServers(lines)
            finally:
                process.send_signal(signal.SIGTERM)
                process.communicate(timeout=LIMIT)

    # --- servers ---

    @contextlib.contextmanager
    def serving(self, row, place):
        """The script as a server: a first connection to it, and a list that gets its Outcome."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        process = subprocess.Popen(
            [self.tulip, os.path.basename(row.path), "127.0.0.1", str(port)], cwd=place,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        ended = []
        try:
            with wait_for(port, process) as client:
                yield client, ended
        finally:
            process.send_signal(signal.SIGINT)
            try:
                out, err = process.communicate(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                out, err = process.communicate()
            ended.append(Outcome(process.returncode, out.decode("utf-8", "replace"),
                                 err.decode("utf-8", "replace")))

    def run_tcp(self, row, place):
        with self.serving(row, place) as (client, ended):
            client.sendall(b"chess black\r\n")
            answer = read_until(client, b"for 'chess black'")
            client.sendall(b"\x03\r\n")
            closed = read_until(client, None) is not None
        found = len(re.findall(rb"U\+", answer))
        right = found >= 6 and closed
        return self.verdict(row, ended[0], right, f"{found} results", "serves, stops at Ctrl-C")

    def run_http(self, row, place):
        with self.serving(row, place) as (client, ended):
            port = client.getpeername()[1]
            home, page = get(port, "/"), get(port, "/?query=chess+black")
        if row.detail:
            right = home[0] == 200 and page[0] == 500
            outcome = Outcome(ended[0].status, ended[0].out, "")
            return self.verdict(row, outcome, right, f"{home[0]}, {page[0]}", row.expected)
        right = home[0] == page[0] == 200 and page[1].count("U+") >= 6
        return self.verdict(row, ended[0], right, f"{home[0]}, {page[0]}", row.expected)

    def verdict(self, row, outcome, right, seen, good):
        stopped = outcome.clean and "shutting down" in outcome.out
        return Result(row, good if right and stopped else f"{seen}; {outcome.summary}",
                      right and stopped, outcome.out + outcome.err)


class FlagServers:
    """Running flag servers: where they are and what they counted."""

    def __init__(self, lines):
        self.ports = {mode: int(re.search(r":(\d+)/", url)[1]) for mode, url in lines}

    def resolve(self):
        """The options that send the book's names to these servers."""
        options = ["--resolve", f"{SITE}:127.0.0.1:{self.ports['LOCAL']}"]
        for mode, port in PORTS.items():
            options += ["--resolve", f"localhost:{port}:127.0.0.1:{self.ports[mode]}"]
        return options

    def counts(self, mode):
        return json.loads(get(self.ports[mode], "/counts")[1])

    def file(self, code):
        """What LOCAL serves for a code."""
        status, body = get(self.ports["LOCAL"], f"/flags/{code}/{code}.gif", text=False)
        return body if status == 200 else None


def compare_saved(place, servers):
    """How many flags were saved, and the names of those that differ from what is served."""
    folder = os.path.join(place, "downloads")
    names = sorted(os.listdir(folder))
    wrong = []
    for name in names:
        code = re.fullmatch(r"(?:.*-)?([A-Za-z]{2})\.gif", name)
        with open(os.path.join(folder, name), "rb") as file:
            if not code or file.read() != servers.file(code[1].lower()):
                wrong.append(name)
    return len(names), wrong


def seen_of(outcome, text, wrong):
    if not outcome.clean:
        return outcome.summary
    return text + (f", {len(wrong)} differ from what was served" if wrong else "")


def wait_for(port, process):
    """A connection to the port, as soon as somebody listens there."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            return socket.create_connection(("127.0.0.1", port), 20)
        except ConnectionRefusedError:
            time.sleep(0.05)
    raise OSError("it does not listen")


def read_until(client, mark):
    """What a client receives up to the end or to a mark."""
    received = b""
    while mark is None or mark not in received:
        data = client.recv(65536)
        if not data:
            break
        received += data
    return received


def get(port, path, text=True):
    """(status, body) of a request to a server on this machine."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read()
        return answer.status, body.decode("utf-8", "replace") if text else body
    finally:
        connection.close()
