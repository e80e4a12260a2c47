# SPDX-License-Identifier: MIT
"""How a program is named: a file, -c, -m, standard input; the verbs; the options."""

import json

from common import TulipCase

COUNT = """
    import asyncio
    async def count(name, delay):
        for i in range(3):
            await asyncio.sleep(delay)
            print(name, i)
    async def main():
        await asyncio.gather(count("a", 0.1), count("b", 0.15))
    asyncio.run(main())
"""


class Sources(TulipCase):
    def test_file(self):
        self.expect(self.program("print('hello')"), 0, "hello\n")

    def test_py_file(self):
        path = self.write("main.py", "print('hello')\n")
        self.expect(self.tulip(path), 0, "hello\n")

    def test_relative_file(self):
        self.write("sub/prog.tul", "print('here')\n")
        self.expect(self.tulip("sub/prog.tul"), 0, "here\n")

    def test_arguments(self):
        source = "import sys\nprint(sys.argv[1:])\n"
        self.expect(self.program(source, "a", "-b", "--trace", "ü"), 0,
                    "['a', '-b', '--trace', 'ü']\n")

    def test_main_name(self):
        self.expect(self.program("print(__name__)"), 0, "__main__\n")

    def test_c(self):
        self.expect(self.tulip("-c", "import sys; print(sys.argv)", "x", "-y"), 0,
                    "['-c', 'x', '-y']\n")

    def test_c_several_lines(self):
        self.expect(self.tulip("-c", "for i in range(2):\n    print(i)\n"), 0, "0\n1\n")

    def test_c_syntax_error(self):
        self.expect(self.tulip("-c", "x = ="), 2, "", "SyntaxError")

    def test_out_of_scope(self):
        self.expect(self.tulip("-c", "def f(): return 1j"), 2, "", "complex numbers")
        program = "def f(): return 1j\nprint(1)\ntry: f()\nexcept Exception as e: print(repr(e))\n"
        self.expect(self.tulip("--out-of-scope", "-c", program), 0,
                    "1\nOutOfScope('complex numbers: not part of Tulip')\n")

    def test_out_of_scope_match(self):
        program = "def f(x):\n match x:\n  case 1:\n   if x: pass\n  case _: pass\n return x\nf(1)\n"
        self.expect(self.tulip("-c", program), 2, "", "'match' statements")
        self.expect(self.tulip("--out-of-scope", "-c", program), 1, "", "tulip.OutOfScope")

    def test_out_of_scope_except_star(self):
        program = "try: 1 / 0\nexcept* ZeroDivisionError: pass\n"
        self.expect(self.tulip("-c", program), 2, "", "'except*' is not part of Tulip")
        self.expect(self.tulip("--out-of-scope", "-c", program), 1, "", "tulip.OutOfScope")

    def test_c_without_code(self):
        self.expect(self.tulip("-c"), 2, "")

    def test_stdin(self):
        self.expect(self.tulip("-", stdin=b"print('from stdin')\n"), 0, "from stdin\n")

    def test_stdin_arguments(self):
        self.expect(self.tulip("-", "x", stdin=b"import sys\nprint(sys.argv)\n"), 0, "['-', 'x']\n")

    def test_m_module(self):
        self.write("tool.tul", "import sys\nprint(__name__, sys.argv[1:])\n")
        self.expect(self.tulip("-m", "tool", "1", "2"), 0, "__main__ ['1', '2']\n")

    def test_m_missing(self):
        self.expect(self.tulip("-m", "no_such_module"), 1, "", "no_such_module")

    def test_import_beside_the_script(self):
        self.write("sub/helper_module.tul", "value = 42\n")
        self.write("sub/main.tul", "import helper_module\nprint(helper_module.value)\n")
        self.expect(self.tulip("sub/main.tul"), 0, "42\n")

    def test_import_package(self):
        self.write("pack/__init__.tul", "from .inner import name\n")
        self.write("pack/inner.tul", "name = __name__\n")
        self.expect(self.program("import pack\nprint(pack.name)\n"), 0, "pack.inner\n")


class Verbs(TulipCase):
    SOURCE = "def f(x):\n    yield x + 1\nprint(list(f(2)))\n"

    def test_tokens(self):
        status, out, err = self.tulip("tokens", self.write("a.tul", self.SOURCE))
        self.assertEqual((status, err), (0, ""))
        for word in ("NAME", "INDENT", "DEDENT", "NEWLINE", "print"):
            self.assertIn(word, out)

    def test_ast(self):
        status, out, err = self.tulip("ast", self.write("a.tul", self.SOURCE))
        self.assertEqual((status, err), (0, ""))
        for word in ("Module", "FunctionDef", "Yield", "BinOp", "Call"):
            self.assertIn(word, out)

    def test_dis(self):
        status, out, err = self.tulip("dis", self.write("a.tul", self.SOURCE))
        self.assertEqual((status, err), (0, ""))
        self.assertIn("f", out)
        self.assertGreater(len(out.splitlines()), 5)

    def test_json(self):
        path = self.write("a.tul", "def f(x):\n    try: return x['é']\n    finally: g(x)\n")
        for verb, words in ("tokens", ["NAME", "é"]), ("ast", ["FunctionDef", "é"]), (
                "dis", ["LOAD_GLOBAL", "f"]):
            with self.subTest(verb):
                status, out, err = self.tulip(verb, "--json", path)
                self.assertEqual((status, err), (0, ""))
                json.loads(out)
                for word in words:
                    self.assertIn(word, out)
        code = json.loads(self.tulip("dis", "--json", "--caches", path)[1])
        inner, = code["codes"]
        self.assertEqual((inner["qualname"], inner["variables"]), ("f", ["x"]))
        self.assertTrue(inner["exceptions"])
        self.assertTrue(any("cache" in i for i in inner["instructions"]))
        targets = {i["at"] for i in inner["instructions"] if i["is_target"]}
        self.assertIn(inner["exceptions"][0]["target"], targets)

    def test_verbs_take_a_text_and_standard_input(self):
        for verb in ("tokens", "ast", "dis"):
            with self.subTest(verb):
                given = self.tulip(verb, "-c", "x = 1")
                self.assertEqual(given[0], 0)
                self.assertEqual(self.tulip(verb, "-", stdin=b"x = 1\n")[0], 0)

    def test_verbs_have_help(self):
        for verb in ("tokens", "ast", "dis"):
            status, out, _ = self.tulip(verb, "--help")
            self.assertEqual(status, 0)
            self.assertTrue(out.startswith(f"usage: tulip {verb} "))
            self.assertEqual(self.tulip(verb, "--nothing", "x")[0], 2)

    def test_verbs_do_not_run_the_program(self):
        path = self.write("a.tul", "print('ran')\nraise SystemExit(9)\n")
        for verb in ("tokens", "ast", "dis"):
            with self.subTest(verb):
                status, out, _ = self.tulip(verb, path)
                self.assertEqual(status, 0)
                self.assertNotIn("ran\n", out.splitlines())

    def test_verbs_report_errors(self):
        path = self.write("a.tul", "x = 'open\n")
        for verb in ("tokens", "ast", "dis"):
            with self.subTest(verb):
                status, _, err = self.tulip(verb, path)
                self.assertEqual(status, 2)
                self.assertIn("SyntaxError", err)

    def test_verbs_want_a_file(self):
        for verb in ("tokens", "ast", "dis"):
            with self.subTest(verb):
                self.assertEqual(self.tulip(verb)[0], 2)
                self.assertEqual(self.tulip(verb, "missing.tul")[0], 2)

    def test_verbs_take_a_long_chain(self):
        path = self.write("a.tul", "x = " + "+".join(["1"] * 100000) + "\n")
        for verb in ("tokens", "ast", "dis"):
            with self.subTest(verb):
                self.assertEqual(self.tulip(verb, path, timeout=60)[0], 0)


class Options(TulipCase):
    def test_version(self):
        status, out, err = self.tulip("--version")
        self.assertEqual((status, err), (0, ""))
        self.assertRegex(out, r"^[Tt]ulip \d+\.\d+")

    def test_help(self):
        status, out, err = self.tulip("--help")
        self.assertEqual((status, err), (0, ""))
        for word in ("-c", "-m", "tokens", "ast", "dis", "--trace", "--virtual-time", "--version"):
            self.assertIn(word, out)

    def test_unknown_option(self):
        self.expect(self.tulip("--no-such-option"), 2, "", "--no-such-option")

    def test_virtual_time(self):
        source = """
            import asyncio, time
            before = time.time()
            asyncio.run(asyncio.sleep(3600))
            print(time.time() - before >= 3600)
        """
        self.expect(self.tulip("--virtual-time", self.write("a.tul", source), timeout=5), 0, "True\n")

    def test_virtual_time_sleep(self):
        source = "import time\ntime.sleep(3600)\nprint('done')\n"
        self.expect(self.tulip("--virtual-time", self.write("a.tul", source), timeout=5), 0, "done\n")

    def test_warnings(self):
        source = "import warnings\nwarnings.warn('careful')\nprint('done')\n"
        path = self.write("a.tul", source)
        status, out, err = self.tulip(path)
        self.assertEqual((status, out), (0, "done\n"))
        self.assertIn("2: UserWarning: careful\n  warnings.warn('careful')\n", err)
        self.assertEqual(self.tulip("-W", "ignore", path), (0, "done\n", ""))
        self.assertEqual(self.tulip("-Wignore::UserWarning", path), (0, "done\n", ""))
        status, out, err = self.tulip("-We", "-Wdefault::RuntimeWarning", path)
        self.assertEqual((status, out), (1, ""))
        self.assertTrue(err.endswith("UserWarning: careful\n"))
        status, out, err = self.tulip("-Wnonsense", path)
        self.assertTrue(err.startswith("Invalid -W option ignored: invalid action: 'nonsense'\n"))

    def test_warnings_of_compiling(self):
        path = self.write("a.tul", "x = 5\nprint(x is 5, '\\d')\n")
        status, out, err = self.tulip(path)
        self.assertEqual((status, out), (0, "True \\d\n"))
        self.assertIn('2: SyntaxWarning: "is" with a literal. Did you mean "=="?', err)
        self.assertNotIn("escape", err)
        for option in ("error::DeprecationWarning", "error"):
            status, out, err = self.tulip("-W", option, path)
            self.assertEqual((status, out), (2, ""))
            self.assertIn("SyntaxError: invalid escape sequence '\\d'", err)

    def test_settings(self):
        source = ("import asyncio, sys\n"
                  "print(sys.flags.dev_mode, asyncio.new_event_loop().get_debug(), sys._xoptions,"
                  " sys.warnoptions, sys.flags.int_max_str_digits)\n")
        path = self.write("main.tul", source)
        self.expect(self.tulip(path), 0, "False False {} [] 4300\n")
        self.expect(self.tulip("-X", "a", "-Xb=c", "-X", "int_max_str_digits=700", path), 0,
                    "False False {'a': True, 'b': 'c', 'int_max_str_digits': '700'} [] 700\n")
        for option in ("-X", "dev"), ("-Xdev",):
            self.expect(self.tulip(*option, path), 0,
                        "True True {'dev': True} ['default'] 4300\n")
        self.expect(self.tulip("-X", "int_max_str_digits=3", path), 2, "", "invalid limit")
        self.expect(self.tulip("-X"), 2, "", "'-X' wants a name")

    def test_development_mode_of_the_environment(self):
        source = """
            import os, subprocess, sys
            code = ("import sys, asyncio; "
                    "print(sys.flags.dev_mode, asyncio.new_event_loop().get_debug())")
            for name in "PYTHONDEVMODE", "PYTHONASYNCIODEBUG":
                subprocess.run([sys.executable, "-c", code], env={**os.environ, name: "1"})
        """
        self.expect(self.program(source), 0, "True True\nFalse True\n")

    def test_development_mode_says_where_things_were_made(self):
        path = self.write("main.tul", """\
            import asyncio
            async def work():
                pass
            def forget():
                work()
            async def main():
                forget()
                asyncio.get_running_loop().call_soon(lambda: 1 / 0)
                await asyncio.sleep(0.01)
            asyncio.run(main())
        """)
        self.expect(self.tulip("-X", "dev", path), 0, "",
                    "Coroutine created at (most recent call last)",
                    "source_traceback: Object created at (most recent call last):",
                    "main.tul:8 created at ", "main.tul:8>")

    def test_trace_goes_to_stderr(self):
        path = self.write("a.tul", COUNT)
        plain = self.tulip("--virtual-time", path)
        traced = self.tulip("--virtual-time", "--trace", path)
        self.assertEqual(plain[:2], traced[:2])
        self.assertEqual(plain[2], "")
        self.assertGreater(len(traced[2].splitlines()), 10)

    def test_trace_is_deterministic(self):
        path = self.write("a.tul", COUNT)
        runs = {self.tulip("--virtual-time", "--trace", path)[2] for _ in range(3)}
        self.assertEqual(len(runs), 1)

    def test_trace_without_a_loop(self):
        self.expect(self.tulip("--trace", self.write("a.tul", "print(1)\n")), 0, "1\n")


class Streams(TulipCase):
    def test_print_to_stderr(self):
        self.expect(self.program("import sys\nprint('x', file=sys.stderr)\n"), 0, "", "x")

    def test_write_without_newline(self):
        self.expect(self.program("import sys\nsys.stdout.write('abc')\n"), 0, "abc")

    def test_order_of_both_streams(self):
        source = "import sys\nprint(1, flush=True)\nsys.stderr.write('2\\n')\nprint(3)\n"
        import subprocess
        process = self.start(self.write("a.tul", source), stderr=subprocess.STDOUT)
        self.assertEqual(process.communicate()[0], b"1\n2\n3\n")

    def test_input(self):
        source = "name = input('? ')\nprint('hello', name)\n"
        self.expect(self.program(source, stdin="Ünal\n".encode()), 0, "? hello Ünal\n")

    def test_input_at_the_end(self):
        self.expect(self.program("input()\n", stdin=b""), 1, "", "EOFError")
