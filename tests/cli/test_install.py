# SPDX-License-Identifier: MIT
"""What is installed: the program alone, its manual, the documents; --help and the manual agree."""

import json
import os
import re
import shutil
import subprocess
import unittest

import common
from common import ROOT, TulipCase

MANUAL = os.path.join(ROOT, "docs", "tulip.1.in")
VERBS = "tokens", "ast", "dis", "trace", "timeline", "test"


class Manual(TulipCase):
    def manual(self):
        with open(MANUAL, encoding="utf-8") as file:
            return file.read().replace("\\-", "-")

    def test_every_verb_has_help(self):
        for verb in VERBS:
            with self.subTest(verb):
                status, out, err = self.tulip(verb, "--help")
                self.assertEqual((status, err), (0, ""))
                self.assertTrue(out.startswith(f"usage: tulip {verb} "), out)

    def test_the_manual_has_every_verb_and_option(self):
        text = self.manual()
        for verb in (), *((verb,) for verb in VERBS):
            for option in re.findall(r"(?<![\w-])(--?[a-zA-Z][\w-]*)", self.tulip(*verb, "--help")[1]):
                self.assertIn(option, text)
        for verb in VERBS:
            self.assertIn(f'"{verb} ', text)

    @unittest.skipUnless(shutil.which("man"), "there is no man")
    def test_the_manual_is_well_formed(self):
        result = subprocess.run(["man", "--warnings", "-E", "UTF-8", "-l", MANUAL],
                                capture_output=True, env={**os.environ, "MANPAGER": "cat"})
        self.assertEqual(result.stderr, b"")


class Install(TulipCase):
    def test_the_program_runs_where_it_was_installed(self):
        build = os.path.dirname(common.TULIP)
        if not os.path.exists(os.path.join(build, "cmake_install.cmake")) or not shutil.which("cmake"):
            self.skipTest("not a build directory")
        subprocess.run(["cmake", "--install", build, "--prefix", self.folder], check=True,
                       capture_output=True)
        program = os.path.join(self.folder, "bin", "tulip")
        done = subprocess.run([program, "-c", "import json; print(json.dumps([1]))"], cwd="/",
                              capture_output=True, env={})
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, b"[1]\n", b""))
        with open(os.path.join(ROOT, "VERSION"), encoding="utf-8") as file:
            version = file.read().strip()
        with open(os.path.join(self.folder, "share", "man", "man1", "tulip.1"),
                  encoding="utf-8") as file:
            self.assertIn(f'"Tulip {version}"', file.read())
        for name in "README.md", "docs/tour.md", "scripts", "editors/README.md":
            self.assertTrue(os.path.exists(os.path.join(self.folder, "share/doc/tulip", name)), name)
        self.assertEqual(self.links_that_lead_nowhere(), [])

    def links_that_lead_nowhere(self):
        lost = []
        documents = os.path.join(self.folder, "share/doc/tulip")
        for folder, _, names in os.walk(documents):
            for name in (name for name in names if name.endswith(".md")):
                with open(os.path.join(folder, name), encoding="utf-8") as file:
                    text = re.sub(r"```.*?```|`[^`\n]*`(?!\])", "", file.read(), flags=re.DOTALL)
                for link in re.findall(r"\]\(([^)\s#]+)[^)\s]*\)", text):
                    if "://" not in link and not os.path.exists(os.path.join(folder, link)):
                        lost.append((name, link))
        return lost


class Editors(TulipCase):
    """What editors/ holds makes the editors that are installed take .tul for Python."""

    EDITORS = os.path.join(ROOT, "editors")
    PROGRAM = os.path.join(ROOT, "docs", "pause.tul")

    def run_editor(self, *words):
        done = subprocess.run(words, env={**os.environ, "HOME": self.folder}, capture_output=True,
                              stdin=subprocess.DEVNULL, timeout=60 * common.SLOW)
        return done.stdout.decode() + done.stderr.decode()

    def test_vscode(self):
        with open(os.path.join(self.EDITORS, "vscode", "settings.json"), encoding="utf-8") as file:
            self.assertEqual(json.load(file), {"files.associations": {"*.tul": "python"}})

    @unittest.skipUnless(shutil.which("vim"), "there is no Vim")
    def test_vim(self):
        said = os.path.join(self.folder, "said")
        self.run_editor("vim", "-u", "NONE", "-N", "-es",
                        "--cmd", "set rtp^=" + os.path.join(self.EDITORS, "vim"),
                        "-c", "filetype plugin on", "-c", "edit " + self.PROGRAM,
                        "-c", "redir! > " + said, "-c", "silent echo &filetype", "-c", "redir END",
                        "-c", "qa!")
        with open(said, encoding="utf-8") as file:
            self.assertEqual(file.read().strip(), "python")

    @unittest.skipUnless(shutil.which("emacs"), "there is no Emacs")
    def test_emacs(self):
        ask = f'(progn (find-file "{self.PROGRAM}") (princ (format "mode %s" major-mode)))'
        said = self.run_editor("emacs", "--batch", "-Q", "-l",
                               os.path.join(self.EDITORS, "emacs", "tulip.el"), "--eval", ask)
        self.assertIn("mode python-", said)


if __name__ == "__main__":
    unittest.main()
