#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes docs/modules.md: every module that programs import, and the names it has.

usage: tests/tools/gen_modules_doc.py [--tulip PROGRAM] > docs/modules.md

The names are asked of the modules themselves: `__all__`, or what does not begin with an underscore and
is not itself a module. tests/tools/check_docs.py compares the page with what this prints.
"""

import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

# Runs in Tulip: prints one line per module, its name, its docstring's first line and its names.
LISTING = r'''
import importlib
import sys
import types


def names_of(module):
    names = getattr(module, '__all__', None)
    if names is None:
        names = [name for name in dir(module) if not name.startswith('_')
                 and type(getattr(module, name)).__name__ not in ('module', '_Feature')]
    return sorted(set(names))


for name in sys.argv[1:]:
    try:
        module = importlib.import_module(name)
    except ImportError:
        continue
    first = (module.__doc__ or '').strip().split('\n')[0]
    print(name, first, ' '.join(names_of(module)), sep='\t')
'''

# Of the modules inside packages, those that programs import by themselves.
INNER = {"collections.abc", "concurrent.futures", "html.entities", "os.path", "unittest.mock", "urllib.parse"}

HEAD = """# The modules, and what each has

Made by `./dev docs` from the modules themselves; a name here is one that a program can import. What is done
differently from Python is in the module's docstring and in [language.md](language.md). Modules whose
names begin with an underscore are parts of others.
"""


def module_names():
    """Every importable name of the library, native and in Tulip, without private ones."""
    found = set()
    with open(os.path.join(ROOT, "stdlib", "modules.def"), encoding="utf-8") as file:
        for line in file:
            if line.startswith("MODULE("):
                found.add(line[len("MODULE("):line.index(")")])
    for folder, folders, files in os.walk(os.path.join(ROOT, "stdlib")):
        inside = os.path.relpath(folder, os.path.join(ROOT, "stdlib")).replace(os.sep, ".")
        for file in files:
            if file.endswith(".tul"):
                parts = [] if inside == "." else inside.split(".")
                parts += [] if file == "__init__.tul" else [file[:-4]]
                found.add(".".join(parts))
    found |= {"os.path", "builtins"}
    shown = {name for name in found if not name.startswith("_") and ("." not in name or name in INNER)}
    return sorted(shown - {"posixpath", "posix"})


def listing(tulip):
    done = subprocess.run([tulip, "-", *module_names()], input=LISTING, text=True, timeout=60,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode != 0:
        sys.exit(done.stderr)
    return [line.split("\t") for line in done.stdout.splitlines()]


def page(tulip):
    parts = [HEAD]
    for name, first, names in listing(tulip):
        if names:
            parts.append(f"\n## {name}\n\n{first}\n" if first else f"\n## {name}\n")
            parts.append("\n" + ", ".join(f"`{word}`" for word in names.split()) + "\n")
    return "".join(parts)


if __name__ == "__main__":
    program = sys.argv[2] if len(sys.argv) > 2 else os.path.join(ROOT, "build", "tulip")
    sys.stdout.write(page(program))
