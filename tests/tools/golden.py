# SPDX-License-Identifier: MIT
"""Golden files: what one is, where they are, how a program is run and its output compared.

A golden is NAME.tul with NAME.out beside it (the expected standard output, byte for byte) and
perhaps NAME.err-contains (lines that standard error must contain). Its first comment lines may
say more, one `# key: value` each:

    # oracle: 3.11 | 3.12 | 3.6 | none – reason    which CPython wrote the .out (default 3.11)
    # oracle-twin: other.tul                       the .out must equal the twin's .out
    # exit: N                                      expected status (default 0; -2 is death by SIGINT)
    # oracle-exit: N                               CPython's status where it differs from Tulip's
    # args: a "b c"                                arguments of the program
    # options: --seed 3                            options of tulip, before the file name
    # stdin: file                                  standard input, relative to the golden
    # stderr: own                                  .err-contains is Tulip's wording, not CPython's
    # stderr: empty                                nothing may be written there
    # timeout: SECONDS                             instead of 20
    # real-time                                    run without --virtual-time
    # stress: skip – reason                        too long for a collection at every safepoint
    # module                                       no golden: imported by its neighbours

No goldens either, but modules imported by them: .py files, files whose names begin with an
underscore, and folders that begin with one (these may hold data) or hold an __init__ file.
The runner (tests/run_goldens) and the oracle (tests/run_oracle) share this module.
"""

import difflib
import glob
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PLACES = ("tests/golden", "scripts")
KEYS = {"oracle", "oracle-twin", "exit", "oracle-exit", "args", "options", "stdin", "stderr",
        "timeout", "real-time", "virtual-time", "stress", "module"}
HEADER = re.compile(r"#\s*([a-z-]+)(?:\s*:\s*(.*?))?\s*$")
DEFAULT_ORACLE = "3.11"


class Golden:
    """One golden file: its paths and what its header says."""

    def __init__(self, path):
        self.path = os.path.abspath(path)
        self.name = os.path.relpath(self.path, ROOT)
        self.base = os.path.splitext(self.path)[0]
        self.header = read_header(self.path)

    @property
    def expected(self):
        """The bytes of the .out file, or None if there is none."""
        return read_bytes(self.base + ".out")

    @property
    def needles(self):
        """The lines that standard error must contain."""
        text = read_bytes(self.base + ".err-contains") or b""
        return [line for line in text.splitlines() if line.strip()]

    @property
    def exit(self):
        return int(self.header.get("exit", 0))

    @property
    def oracle_exit(self):
        return int(self.header.get("oracle-exit", self.exit))

    @property
    def timeout(self):
        return float(self.header.get("timeout", 20))

    @property
    def args(self):
        return shlex.split(self.header.get("args", ""))

    @property
    def oracle(self):
        """The version of CPython that decides ("3.11"), or None."""
        text = self.header.get("oracle", DEFAULT_ORACLE)
        version = text.split()[0] if text.split() else "none"
        return None if version == "none" or self.twin else version

    @property
    def twin(self):
        name = self.header.get("oracle-twin")
        return name and os.path.join(os.path.dirname(self.path), name)

    def open_stdin(self):
        name = self.header.get("stdin")
        path = os.path.join(os.path.dirname(self.path), name) if name else os.devnull
        return open(path, "rb")


def read_bytes(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        return None


def read_header(path):
    """The `# key: value` lines among the comments that open the file."""
    header = {}
    with open(path, "rb") as file:
        for raw in file:
            line = raw.decode("utf-8", "replace").rstrip("\r\n")
            if not line.startswith("#"):
                break
            found = HEADER.match(line)
            if found and found.group(1) in KEYS:
                header[found.group(1)] = found.group(2) or ""
    return header


def find_goldens(paths):
    """The goldens in the files and folders [paths], or everywhere, sorted by name."""
    places = [os.path.join(ROOT, place) for place in PLACES] if not paths else paths
    files = []
    for place in places:
        if os.path.isfile(place):
            files.append(os.path.splitext(place)[0] + ".tul")
            continue
        if not os.path.isdir(place) and paths:
            sys.exit(f"no such golden file or folder: {place}")
        for folder, folders, names in os.walk(place):
            folders[:] = sorted(name for name in folders
                                if not is_package(os.path.join(folder, name)))
            files += [os.path.join(folder, name) for name in names
                      if name.endswith(".tul") and not is_module(os.path.join(folder, name))]
    return [Golden(path) for path in sorted(set(files))]


class Outcome:
    """How a program ended: its status (negative: a signal; None: timed out) and its output."""

    def __init__(self, status, stdout, stderr):
        self.status, self.stdout, self.stderr = status, stdout, stderr


def hear_interrupts():
    """A shell starts background jobs with SIGINT and SIGQUIT ignored, and the programs would
    inherit that."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if signal.getsignal(signal.SIGQUIT) == signal.SIG_IGN:
        signal.signal(signal.SIGQUIT, signal.SIG_DFL)


def run(command, golden, timeout, folder=None, extra_environment=None):
    """Runs a command for [golden] in an empty scratch folder and gives its Outcome."""
    environment = dict(os.environ, PYTHONHASHSEED="0", PYTHONDONTWRITEBYTECODE="1", PYTHONUTF8="1",
                       TULIP_HASH_SEED="0", LC_ALL="C.UTF-8", TZ="UTC", **(extra_environment or {}))
    for name in ("PYTHONPATH", "PYTHONWARNINGS", "PYTHONSTARTUP", "PYTHONASYNCIODEBUG"):
        environment.pop(name, None)
    with tempfile.TemporaryDirectory(prefix="tulip-golden-") as scratch:
        with golden.open_stdin() as stdin:
            process = subprocess.Popen(command, stdin=stdin, stdout=subprocess.PIPE,
                                       stderr=subprocess.PIPE, cwd=folder or scratch,
                                       env=environment, start_new_session=True)
            try:
                stdout, stderr = process.communicate(timeout=timeout)
                return Outcome(process.returncode, stdout, stderr)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                stdout, stderr = process.communicate()
                return Outcome(None, stdout, stderr)


def describe_status(status):
    if status is None:
        return "timed out"
    if status < 0:
        return f"killed by {signal.Signals(-status).name}"
    return f"status {status}"


def unified_diff(expected, found, names, limit=60):
    """A unified diff of two byte strings as text, cut after [limit] lines."""
    def lines(data):
        text = data.decode("utf-8", "backslashreplace").split("\n")
        rest = text.pop()
        return [line + "\n" for line in text] + ([rest + "\n\\ no newline at the end\n"] if rest else [])
    diff = list(difflib.unified_diff(lines(expected), lines(found), *names))
    cut = [f"… {len(diff) - limit} more lines\n"] if len(diff) > limit else []
    return "".join(diff[:limit] + cut)


def tail(data, limit=25):
    """The last lines of a program's standard error, indented."""
    lines = data.decode("utf-8", "backslashreplace").splitlines()[-limit:]
    return "".join(f"    {line}\n" for line in lines)


# --- CPython -----------------------------------------------------------------------------------

_interpreters = {}


def find_python(version):
    """The path of CPython [version] ("3.11"), or None. Debian's is preferred to any other."""
    if version not in _interpreters:
        home = os.path.expanduser("~")
        candidates = ["/usr/bin/python3", f"/usr/bin/python{version}", shutil.which(f"python{version}")]
        candidates += sorted(glob.glob(f"{home}/.pyenv/versions/{version}.*/bin/python3"))
        _interpreters[version] = next((path for path in candidates if is_python(path, version)), None)
    return _interpreters[version]


def is_python(path, version):
    if not path or not os.path.exists(path):
        return False
    program = "import sys; print('%s %d.%d' % ((sys.implementation.name,) + sys.version_info[:2]))"
    try:
        result = subprocess.run([path, "-c", program], stdout=subprocess.PIPE,
                                stderr=subprocess.DEVNULL, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return result.stdout.decode().split() == ["cpython", version]


def copy_as_python(golden, folder):
    """Copies a golden and its neighbour modules into [folder] as .py files, and what data lies in
    folders beside it; gives the main file."""
    source = os.path.dirname(golden.path)

    def copy(relative):
        target = os.path.join(folder, re.sub(r"\.tul$", ".py", relative))
        os.makedirs(os.path.dirname(target), exist_ok=True)
        shutil.copyfile(os.path.join(source, relative), target)
        return target

    for name in os.listdir(source):
        path = os.path.join(source, name)
        if os.path.isdir(path) and is_package(path):
            for inner, _, names in os.walk(path):
                for file in names:
                    if not file.endswith(".pyc"):
                        copy(os.path.relpath(os.path.join(inner, file), source))
        elif name.endswith(".py") or name.endswith(".tul") and is_module(path):
            copy(name)
    return copy(os.path.basename(golden.path))


def is_package(path):
    """Folders of modules: those named with an underscore, and those with an __init__ file."""
    return os.path.basename(path).startswith("_") or any(
        os.path.exists(os.path.join(path, "__init__" + ending)) for ending in (".py", ".tul"))


def is_module(path):
    return os.path.basename(path).startswith("_") or "module" in read_header(path)


def run_python(golden, timeout=None):
    """Runs a golden under its CPython, which must be installed; gives its Outcome."""
    with tempfile.TemporaryDirectory(prefix="tulip-oracle-") as folder:
        main = copy_as_python(golden, folder)
        command = [find_python(golden.oracle), main] + golden.args
        return run(command, golden, timeout or 3 * golden.timeout)
