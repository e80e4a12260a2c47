#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks of the source tree that no compiler makes.

Each function named check_… looks at one rule and yields its violations as text. Only files that
git tracks or would track are looked at. The last line is "N passed, N failed", counting rules.
"""

import os
import re
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import golden as goldens

ROOT = goldens.ROOT

# Each folder and the folders it may include.
LAYERS = {
    "common": [],
    "lexer": ["common"],
    "parser": ["lexer", "common"],
    "vm": ["common"],
    "compiler": ["vm", "parser", "lexer", "common"],
    "loop": ["compiler", "vm", "parser", "lexer", "common"],
    "stdlib": ["loop", "compiler", "vm", "parser", "lexer", "common"],
    "cli": ["stdlib", "loop", "compiler", "vm", "parser", "lexer", "common"],
}
SOURCE = (".c", ".h", ".def", ".re", ".y")
COMMENTED = SOURCE + (".py", ".cmake", ".sh", "CMakeLists.txt")
LONGEST_LINE = 100
LONGEST_FILE = 1000
# Spelled in pieces so that this file does not find itself.
UNFINISHED = ["TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK", "for" + " now",
              "not" + " implemented", "not" + " yet implemented", "to be" + " implemented"]
MACHINE_PATHS = ["/wo" + "rk/", "/ro" + "ot/", "/ho" + "me/"]


def tracked_files():
    """The files of the tree that git tracks or would track, relative to the root."""
    output = subprocess.run(["git", "-C", ROOT, "ls-files", "-co", "--exclude-standard", "-z"],
                            stdout=subprocess.PIPE, check=True).stdout
    names = sorted(set(output.decode().split("\0")) - {""})
    return [name for name in names if os.path.isfile(os.path.join(ROOT, name))]


FILES = tracked_files()


def text_of(name):
    with open(os.path.join(ROOT, name), encoding="utf-8", errors="replace") as file:
        return file.read()


def sources(endings=SOURCE):
    """(name, text) of the tree's own sources, goldens and scripts left aside."""
    for name in FILES:
        if name.endswith(endings) and not name.startswith(goldens.PLACES):
            yield name, text_of(name)


def check_include_order():
    """A folder includes only folders below it."""
    include = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.M)
    for name, text in sources():
        layer = name.split("/")[0]
        for target in include.findall(text) if layer in LAYERS else ():
            folder = target.split("/")[0]
            if "/" not in target:
                yield f'{name}: "{target}" is not written from the project root'
            elif folder != layer and folder not in LAYERS[layer]:
                yield f"{name}: {layer}/ must not include {target}"


def check_licence_line():
    """Every source says its licence in the first three lines."""
    for name, text in sources(COMMENTED):
        if "SPDX-License-Identifier: MIT" not in "\n".join(text.split("\n", 3)[:3]):
            yield f"{name}: no SPDX-License-Identifier line"


def check_opening_comment():
    """Every C file opens with a comment that says what it is."""
    for name, text in sources((".c", ".h")):
        opening = re.match(r"\s*/\* SPDX[^\n]*\*/\s*/\*(.*?)\*/", text, re.S)
        if not opening or len(opening.group(1).split()) < 12:
            yield f"{name}: no opening comment"


def check_layout():
    """No tabs, no trailing blanks, lines of at most 100 columns, a newline at the end."""
    for name, text in sources(COMMENTED):
        if text and not text.endswith("\n"):
            yield f"{name}: no newline at the end"
        for number, line in enumerate(text.split("\n"), 1):
            if "\t" in line:
                yield f"{name}:{number}: a tab"
            if line != line.rstrip():
                yield f"{name}:{number}: trailing blanks"
            if len(line) > LONGEST_LINE and name.endswith((".c", ".h", ".re", ".y")):
                yield f"{name}:{number}: {len(line)} columns"


def check_format():
    """C stands as ./dev format leaves it (where the clang-format of .clang-format's version is)."""
    wanted = re.search(r"version (\d+)", text_of(".clang-format")).group(1)
    try:
        version = subprocess.run(["clang-format", "--version"], stdout=subprocess.PIPE).stdout
    except FileNotFoundError:
        return
    if f"version {wanted}." not in version.decode():
        return
    names = [name for name, _ in sources((".c", ".h"))]
    said = subprocess.run(["clang-format", "--dry-run", *names], cwd=ROOT, stderr=subprocess.PIPE)
    for line in said.stderr.decode(errors="replace").split("\n"):
        if "[-Wclang-format-violations]" in line:
            yield line.split(": ")[0] + ": ./dev format"


def check_file_length():
    """A file is about one concept; beyond a thousand lines (but for the dispatch loop) about two."""
    for name, text in sources((".c", ".h", ".re", ".y")):
        lines = text.count("\n")
        if lines > LONGEST_FILE:
            yield f"{name}: {lines} lines"


def check_unfinished():
    """Nothing announces work that is not done."""
    pattern = re.compile("|".join(rf"\b{re.escape(word)}\b" for word in UNFINISHED))
    for name, text in sources(COMMENTED + (".tul", ".md", ".lua", ".js")):
        for number, line in enumerate(text.split("\n"), 1):
            if pattern.search(line):
                yield f"{name}:{number}: {line.strip()}"


def check_machine_paths():
    """No path of the machine somebody worked on."""
    for name in FILES:
        for number, line in enumerate(text_of(name).split("\n"), 1):
            if any(path in line for path in MACHINE_PATHS):
                yield f"{name}:{number}: {line.strip()[:120]}"


def check_goldens():
    """Every golden has an expectation, and every expectation its golden."""
    for golden in goldens.find_goldens([]):
        if golden.expected is None and not golden.needles:
            yield f"{golden.name}: no .out and no .err-contains"
    for name in FILES:
        stem, ending = os.path.splitext(name)
        if name.startswith(goldens.PLACES) and ending in (".out", ".err-contains"):
            if stem + ".tul" not in FILES:
                yield f"{name}: no {stem}.tul"


def check_generated_files():
    """docs/bytecode.md is what vm/opcodes.def says, and docs/probe.md what vm/probe.def says."""
    for page in "bytecode", "probe":
        generator = os.path.join(ROOT, f"tests/tools/gen_{page}_doc.py")
        made = subprocess.run([sys.executable, generator], stdout=subprocess.PIPE, check=True).stdout
        if goldens.read_bytes(os.path.join(ROOT, f"docs/{page}.md")) != made:
            yield f"docs/{page}.md is out of date: ./dev docs"


def report(checks):
    """Runs the (name, rule) pairs, prints what they find, and returns the exit status."""
    failed = 0
    for name, rule in checks:
        violations = list(rule())
        if violations:
            failed += 1
            print(f"FAIL {name}: {rule.__doc__}")
            for violation in violations[:20]:
                print(f"    {violation}")
            if len(violations) > 20:
                print(f"    … {len(violations) - 20} more")
    print(f"{len(checks) - failed} passed, {failed} failed")
    return 1 if failed else 0


def main():
    return report([(name, rule) for name, rule in globals().items() if name.startswith("check_")])


if __name__ == "__main__":
    sys.exit(main())
