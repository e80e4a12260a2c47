#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks that the documents and comments point at what exists, and that what they show runs.

usage: tests/tools/check_docs.py [--tulip PROGRAM]

In every Markdown file: links lead to files, and to headings when they name one; pictures exist, and
docs/README.md lists every page beside it; `folder/file` in code marks exists; "Find `NAME`" is said
of a file, the last one linked before it, that holds the name. What is shown is so: ```python blocks
run under --virtual-time without an error, and print the ```text block after them if there is one;
after "prints" stands what the program before it says on standard error; rows `code` | `message` of
tables headed "written" are programs that end with the message; ```console blocks print what they
show, ```pycon blocks are sessions at the prompt that go as they are shown; docs/modules.md is what the
modules have; lines of ```sh blocks that begin with the program run, those that begin with ./dev or
cmake name a verb or preset that there is. In every source: files that comments name exist. The last
line is "N passed, N failed".
"""

import argparse
import json
import os
import pty
import re
import select
import shlex
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import check_tree as tree
import gen_modules_doc as modules_doc
from golden import hear_interrupts

ROOT = tree.ROOT
PROGRAM = PROGRAM_NAME = "build/tulip"
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)
LINK = re.compile(r'(?:\[[^\]]*\]\(|\bsrc(?:set)?=")([\w./:#-]+)[)"]')
FIND = re.compile(r"[Ff]ind `([^`]+)`")
FOLDERS = "|".join(list(tree.LAYERS) + ["docs", "tests", "bench", "cmake", "scripts"])
# A path that stands for many has a capital letter, a star, an ellipsis or the like in it.
MARKED_PATH = re.compile(rf"`((?:{FOLDERS})/[a-z0-9_./-]*)`")
ENDING = r"\.(?:[chy]|def|re|tul|py|md|cmake)"
NAMED_PATH = re.compile(rf"(?<![\w/.-])((?:{FOLDERS})/[\w/.-]+{ENDING})\b(?!/)")
NAMED_FILE = re.compile(rf"(?<![\w/.-])([a-z_]+{ENDING})\b(?!/)")
COMMENT = {".py": r'"""(.*?)"""|#([^\n]*)', ".cmake": r"#([^\n]*)", ".tul": r"#([^\n]*)"}
# Made by the build, and so absent from the tree.
GENERATED = {"lexer/lexer.c", "parser/grammar.c", "parser/grammar.h"}
# Names of files in general.
EXAMPLES = {"main.tul", "__init__.tul", "name.tul", "name.py", "a.py"}
TIME_LIMIT = 20


def pages():
    return [(name, tree.text_of(name)) for name in tree.FILES if name.endswith(".md")]


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def anchors(text):
    """The names that GitHub gives to the headings of a page."""
    titles = re.findall(r"^#+ (.*)$", BLOCK.sub("", text), re.M)
    return {re.sub(r"[^\w -]", "", title).strip().lower().replace(" ", "-") for title in titles}


def target_of(page, link):
    return os.path.normpath(os.path.join(os.path.dirname(page), link.split("#")[0]))


def check_links():
    """Every link of a page leads to a file of the tree, or to a heading."""
    for page, text in pages():
        text = BLOCK.sub(lambda block: "\n" * block.group().count("\n"), text)
        for match in LINK.finditer(re.sub(r"`[^`\n]*`", lambda code: " " * len(code.group()), text)):
            link = match.group(1)
            if re.match(r"\w+:", link):
                continue
            file, _, heading = link.partition("#")
            path = target_of(page, link) if file else page
            if not os.path.exists(os.path.join(ROOT, path)):
                yield f"{page}:{line_of(text, match.start())}: {link}: no such file"
            elif heading and heading not in anchors(tree.text_of(path)):
                yield f"{page}:{line_of(text, match.start())}: {link}: no such heading"


def check_reading_order():
    """docs/README.md leads to every page beside it."""
    order = {target_of("docs/README.md", link) for link in LINK.findall(tree.text_of("docs/README.md"))}
    for page, _ in pages():
        if os.path.dirname(page) == "docs" and page != "docs/README.md" and page not in order:
            yield f"docs/README.md: {page} is not in the list"


def check_marked_paths():
    """Every path that a page writes in code marks exists."""
    for page, text in pages():
        for match in MARKED_PATH.finditer(text):
            beside = os.path.join(ROOT, os.path.dirname(page), match.group(1))
            if not os.path.exists(os.path.join(ROOT, match.group(1))) and not os.path.exists(beside):
                yield f"{page}:{line_of(text, match.start())}: {match.group(1)}: no such file"


def check_finds():
    """What a page tells its readers to find is in the file it has just linked."""
    for page, text in pages():
        for match in FIND.finditer(text):
            name, links = match.group(1), LINK.findall(text, 0, match.start())
            file = target_of(page, links[-1]) if links else page
            case = f"CASE({name})" if name.isupper() else name
            if not re.search(rf"(?<!\w){re.escape(case)}(?!\w)", tree.text_of(file)):
                yield f"{page}:{line_of(text, match.start())}: no {name} in {file}"


def comments(name, text):
    """(offset, comment) of a source."""
    pattern = COMMENT.get(os.path.splitext(name)[1], r"/\*(.*?)\*/")
    for match in re.finditer(pattern, text, re.S):
        yield match.start(), match.group()


def check_comments():
    """Every file that a comment names exists, in the tree or beside the source."""
    for name, text in tree.sources(tree.SOURCE + (".py", ".cmake", ".tul", "CMakeLists.txt")):
        if name.startswith("tests/tools"):
            continue
        folder = os.path.dirname(name)
        for offset, comment in comments(name, text):
            named = set(NAMED_PATH.findall(comment)) - GENERATED
            missing = [path for path in named if not os.path.exists(os.path.join(ROOT, path))]
            if name.endswith(tree.SOURCE):
                beside = set(NAMED_FILE.findall(comment)) - EXAMPLES
                missing += [file for file in beside
                            if not os.path.exists(os.path.join(ROOT, folder, file))]
            for path in missing:
                # stdlib/name.tul may also be written from stdlib/ in the library's own files.
                if not os.path.exists(os.path.join(ROOT, "stdlib", path)):
                    yield f"{name}:{line_of(text, offset)}: {path}: no such file"


def run(arguments, text=None):
    """None, or what went wrong."""
    done = subprocess.run(arguments, cwd=ROOT, input=text, timeout=TIME_LIMIT, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return None if done.returncode == 0 else f"status {done.returncode}: {done.stderr[-400:].strip()}"


def verbs():
    shown = subprocess.run([os.path.join(ROOT, "dev")], stdout=subprocess.PIPE, text=True).stdout
    return set(re.findall(r"^  (\w+)", shown, re.M))


def presets():
    described = json.loads(tree.text_of("CMakePresets.json"))
    return {preset["name"] for preset in described["configurePresets"]}


def command_violation(command):
    """None, or what is wrong with a line of a shell block."""
    words = shlex.split(command, comments=True)
    if not words:
        return None
    if words[0] == "./dev":
        if len(words) > 1 and words[1] not in verbs():
            return f"no verb {words[1]}"
        missing = [word for word in words[2:]
                   if "/" in word and not os.path.exists(os.path.join(ROOT, word))]
        return f"no file {missing[0]}" if missing else None
    if words[0] == "cmake":
        named = [after for word, after in zip(words, words[1:]) if word == "--preset"]
        unknown = set(named) - presets()
        return f"no preset {unknown.pop()}" if unknown else None
    if "build/tulip" not in words:
        return "neither ./dev, cmake nor build/tulip"
    return run(["bash", "-c", command.replace("build/tulip", shlex.quote(PROGRAM))])


def blocks(language):
    """(page, line, text) of the blocks in [language]."""
    for page, text in pages():
        for match in BLOCK.finditer(text):
            if match.group(1) == language:
                yield page, line_of(text, match.start()) + 1, match.group(2)


def check_shell_blocks():
    """Every line of a shell block runs, or names a verb or preset that exists."""
    for page, first, text in blocks("sh"):
        for number, command in enumerate(text.split("\n"), first):
            violation = command_violation(command)
            if violation:
                yield f"{page}:{number}: {command}: {violation}"


def check_python_blocks():
    """Every Python block runs to its end without an error."""
    for page, first, text in blocks("python"):
        violation = run([PROGRAM, "--virtual-time", "-"], text)
        if violation:
            yield f"{page}:{first}: {violation}"


def check_printed():
    """A Python block prints what the text block after it shows."""
    pair = re.compile(r"^```python\n(.*?)^```\n\n?```text\n(.*?)^```$", re.M | re.S)
    for page, text in pages():
        for match in pair.finditer(text):
            done = subprocess.run([PROGRAM, "--virtual-time", "-"], input=match.group(1), text=True,
                                  timeout=TIME_LIMIT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            if done.stdout != match.group(2):
                yield f"{page}:{line_of(text, match.start())}: prints {done.stdout!r}"


def check_said():
    """A block after the word "prints" is what main.tul, the block before it, says on standard error."""
    lines = r"((?:(?!```).*\n)*)"
    pair = re.compile(rf"^```(?:python)?\n{lines}```\n\nprints\n\n```\n{lines}```$", re.M)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "main.tul")
        for page, text in pages():
            for match in pair.finditer(text):
                with open(path, "w", encoding="utf-8") as file:
                    file.write(match.group(1))
                done = subprocess.run([PROGRAM, "--virtual-time", path], text=True, timeout=TIME_LIMIT,
                                      stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
                said = done.stderr.replace(folder + os.sep, "")
                if match.group(2) not in said:
                    yield f"{page}:{line_of(text, match.start())}: says\n{said}"


def console_output(command):
    """What a command of a console block prints; files of the tree without the tree's folder."""
    done = subprocess.run(["bash", "-c", command.replace(PROGRAM_NAME, shlex.quote(PROGRAM))],
                          cwd=ROOT, timeout=TIME_LIMIT, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.stdout.replace(ROOT + os.sep, "")


def check_console_blocks():
    """A console block is a command after a dollar, up to the output that is shown; it is so."""
    for page, first, text in blocks("console"):
        command, _, shown = text.removeprefix("$ ").partition("\n")
        while command.count("'") % 2 and shown:
            more, _, shown = shown.partition("\n")
            command += "\n" + more
        printed = console_output(command)
        if printed != shown:
            yield f"{page}:{first}: {command}: prints\n{printed}"


def replay(text):
    """The session on a terminal that shows [text], replayed: what the terminal shows."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "dumb"}
    screen = ""

    def read_to_prompt():
        nonlocal screen
        while not screen.endswith((">>> ", "... ")) and select.select([ours], [], [], TIME_LIMIT)[0]:
            try:
                screen += os.read(ours, 65536).decode(errors="replace").replace("\r\n", "\n")
            except OSError:
                return

    with subprocess.Popen([PROGRAM], cwd=ROOT, env=environment, stdin=theirs, stdout=theirs,
                          stderr=theirs, start_new_session=True) as process:
        os.close(theirs)
        for line in text.split("\n"):
            if line.startswith((">>> ", "... ")) or line == "...":
                read_to_prompt()
                os.write(ours, (line[4:] + "\n").encode())
                screen += "\0"
        read_to_prompt()
        os.close(ours)
        process.kill()
    return re.sub(r" +$", "", screen.replace("\0", ""), flags=re.M).split("\n", 1)[1]


def check_sessions():
    """A session at the prompt is what a page shows when it is replayed."""
    for page, first, text in blocks("pycon"):
        shown = replay(text).removesuffix(">>>")
        if shown != text:
            yield f"{page}:{first}: the session shows\n{shown}"


def check_messages():
    """What a page says of a refused program is what Tulip says."""
    table = re.compile(r"^\| written \|[^\n]*\n\|[ -|]*\n((?:\|[^\n]*\n)+)", re.M)
    for page, text in pages():
        for match in table.finditer(text):
            for row in match.group(1).splitlines():
                code, message = [cell.strip().strip("`") for cell in row.strip("|").split(" | ")[:2]]
                program = code.replace("⏎", "\n") + "\n"
                done = subprocess.run([PROGRAM, "-"], input=program, text=True, timeout=TIME_LIMIT,
                                      stdout=subprocess.PIPE, stderr=subprocess.PIPE)
                said = done.stderr.strip().split("\n")[-1]
                if said != message:
                    yield f"{page}: {code}: Tulip says {said}"


def check_modules_page():
    """docs/modules.md has every module and name that there is."""
    if tree.text_of("docs/modules.md") != modules_doc.page(PROGRAM):
        yield "docs/modules.md: the modules have changed: ./dev docs"


def check_programs():
    """A program that a page prints and links is the same in both places."""
    for page, _, text in blocks("python"):
        for link in LINK.findall(tree.text_of(page)):
            path = target_of(page, link)
            if os.path.dirname(path) == "docs" and path.endswith(".tul"):
                if text not in tree.text_of(path):
                    yield f"{path} differs from what {page} prints"


def main():
    global PROGRAM
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--tulip", default=PROGRAM, metavar="PROGRAM")
    PROGRAM = os.path.join(ROOT, parser.parse_args().tulip)
    hear_interrupts()
    rules = [(name, rule) for name, rule in globals().items() if name.startswith("check_")]
    return tree.report(rules)


if __name__ == "__main__":
    sys.exit(main())
