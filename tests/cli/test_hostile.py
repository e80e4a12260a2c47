# SPDX-License-Identifier: MIT
"""Input that no editor saves and recursion that never ends: a clear message, never a crash."""

import os
import subprocess
import sys
import unittest

import common
from common import TulipCase


class Files(TulipCase):
    def test_empty(self):
        self.expect(self.program(""), 0, "")

    def test_blank_and_comments(self):
        for text in ("\n", "\n\n\n", "# a comment", "   ", "\t\n", "\f\n", "#"):
            with self.subTest(repr(text)):
                self.expect(self.program(text.encode()), 0, "")

    def test_byte_order_mark(self):
        self.expect(self.program(b"\xef\xbb\xbfprint('bom')\n"), 0, "bom\n")

    def test_crlf_and_cr(self):
        self.expect(self.program(b"if True:\r\n    print(1)\r\nprint(2)\r\n"), 0, "1\n2\n")

    def test_no_newline_at_the_end(self):
        self.expect(self.program(b"if True:\n    print(1)"), 0, "1\n")

    def test_missing(self):
        self.expect(self.tulip("no/such/file.tul"), 2, "", "no/such/file.tul")

    def test_directory(self):
        self.expect(self.tulip(self.folder), 2, "", self.folder)

    @unittest.skipIf(os.geteuid() == 0, "root may read everything")
    def test_unreadable(self):
        path = self.write("a.tul", "print(1)\n")
        os.chmod(path, 0)
        self.expect(self.tulip(path), 2, "", "a.tul")

    def test_nul_byte(self):
        for source in (b"x = 1\0\n", b"\0", b"x = 'a\0b'\n", b"# a \0 comment\n", b"print(1)\n\0"):
            with self.subTest(repr(source)):
                status, out, err = self.program(source)
                self.assertEqual((status, out), (2, ""))
                self.assertIn("null byte", err.lower().replace("nul byte", "null byte"))

    def test_invalid_utf8(self):
        for source in (b"x = '\xff'\n", b"\xc3\n", b"# \x80\n", b"x = '\xed\xa0\x80'\n",
                       b"name\xe9 = 1\n", b"'\xf4\x90\x80\x80'\n", b"'\xc0\x80'\n", b"x = 1 # \xe2\x82"):
            with self.subTest(repr(source)):
                status, out, err = self.program(source)
                self.assertEqual((status, out), (2, ""))
                self.assertIn("SyntaxError", err)
                self.assertIn("utf-8", err.lower().replace("utf8", "utf-8"))

    def test_strange_characters(self):
        for text in ("x = 1 ¤ 2\n", "x = “a”\n", "$x\n", "x = a?b\n", "a\u200bb = 1\n", "x = ½\n"):
            with self.subTest(repr(text)):
                self.expect(self.program(text.encode()), 2, "", "SyntaxError")

    def test_binary(self):
        with open(common.TULIP, "rb") as file:
            path = self.write("binary.tul", file.read(200000))
        self.expect(self.tulip(path), 2, "", "SyntaxError")

    def test_random_bytes(self):
        import random
        generator = random.Random(1)
        for length in (1, 10, 100, 1000, 10000):
            data = bytes(generator.randrange(256) for _ in range(length))
            with self.subTest(length):
                self.assertIn(self.program(data)[0], (0, 1, 2))

    def test_random_tokens(self):
        import random
        generator = random.Random(2)
        words = ("if else for in while def class return yield from await async lambda ( ) [ ] { } : , . = == + - * ** "
                 "/ // % @ := -> not and or is x y 1 2.5 'a' f'{x}' b'z' \n \n pass break try except finally with as "
                 "global del import assert raise None True ... ; ").split(" ") + ["\n    ", "\n        ", "\n"]
        for round in range(60):
            text = " ".join(generator.choice(words) for _ in range(generator.randrange(1, 60)))
            with self.subTest(repr(text)):
                status, _, _ = self.tulip("dis", self.write("a.tul", text.encode()))
                self.assertIn(status, (0, 2))


class Nesting(TulipCase):
    def refused(self, source, *needles):
        self.expect(self.program(source, timeout=60), 2, "", "SyntaxError", *needles)

    def test_open_brackets(self):
        for bracket in "([{":
            with self.subTest(bracket):
                self.refused((bracket * 100000).encode())

    def test_balanced_brackets(self):
        for left, right in ("()", "[]"):
            with self.subTest(left):
                self.refused(("x = " + left * 100000 + "1" + right * 100000 + "\n").encode())

    def test_indents(self):
        lines = [" " * depth + "if True:" for depth in range(10000)]
        result = self.program("\n".join(lines).encode() + b"\n" + b" " * 10000 + b"pass\n", timeout=60)
        self.assertEqual(result[0], 2)
        self.assertRegex(result[2], "IndentationError|SyntaxError")

    def test_unary_operators(self):
        for operator in ("-", "~", "not ", "+", "await ", "lambda: ", "yield from ", "*"):
            with self.subTest(operator):
                self.refused(("x = " + operator * 100000 + "1\n").encode())

    def test_calls_and_subscripts(self):
        for opening, closing in (("f(", ")"), ("a[", "]"), ("{0:", "}"), ("[x for x in ", "]"),
                                 ("1 if x else (", ")"), ("f'{", "}'")):
            with self.subTest(opening):
                self.refused(("x = " + opening * 5000 + "1" + closing * 5000 + "\n").encode())

    def test_power_and_conditional(self):
        self.refused(("x = " + "2 ** " * 100000 + "1\n").encode())
        self.refused(("x = " + "1 if x else " * 100000 + "1\n").encode())

    def test_functions(self):
        source = "".join(" " * depth + "def f():\n" for depth in range(3000))
        self.expect(self.program(source, timeout=60), 2, "", "IndentationError: too many levels of indentation")

    def test_moderate_depth_works(self):
        self.expect(self.program("print(" + "(" * 150 + "1" + ")" * 150 + ")\n"), 0, "1\n")
        lines = [" " * depth + "if True:" for depth in range(90)] + [" " * 90 + "print(1)"]
        self.expect(self.program("\n".join(lines) + "\n"), 0, "1\n")


class Length(TulipCase):
    def test_long_sum(self):
        source = "print(" + "+".join(["1"] * 100000) + ")\n"
        self.expect(self.program(source.encode(), timeout=60), 0, "100000\n")

    def test_long_chains(self):
        for name, source, printed in [
                ("string concatenation", "print(len(" + "+".join(["'ab'"] * 20000) + "))\n", "40000\n"),
                ("mixed", "x = 1\nprint(" + "-x+x" * 50000 + ")\n", "0\n"),
                ("and", "print(" + " and ".join(["1"] * 50000) + ")\n", "1\n"),
                ("or", "print(" + " or ".join(["0"] * 50000) + ")\n", "0\n"),
                ("compare", "print(" + " < ".join(map(str, range(20000))) + ")\n", "True\n"),
                ("implicit", "print(len(" + " ".join(["'a'"] * 50000) + "))\n", "50000\n")]:
            with self.subTest(name):
                self.expect(self.program(source.encode(), timeout=60), 0, printed)

    def test_attribute_chain(self):
        source = "class A:\n    pass\na = A()\na.a = a\nprint(a" + ".a" * 50000 + " is a)\n"
        self.expect(self.program(source.encode(), timeout=60), 0, "True\n")

    def test_call_chain(self):
        source = "def f():\n    return f\nprint(f" + "()" * 20000 + " is f)\n"
        self.expect(self.program(source.encode(), timeout=60), 0, "True\n")

    def test_elif_ladder(self):
        ladder = "".join(f"elif x == {i}:\n    print({i})\n" for i in range(1, 20000))
        source = "x = 19999\nif x == 0:\n    print(0)\n" + ladder
        self.expect(self.program(source.encode(), timeout=60), 0, "19999\n")

    def test_many_statements(self):
        source = "x = 0\n" + "x += 1\n" * 100000 + "print(x)\n"
        self.expect(self.program(source.encode(), timeout=60), 0, "100000\n")

    def test_big_displays(self):
        for left, right in ("[]", "()", "{}"):
            with self.subTest(left):
                source = "print(len(" + left + ",".join(map(str, range(50000))) + right + "))\n"
                self.expect(self.program(source.encode(), timeout=60), 0, "50000\n")

    def test_many_names(self):
        source = "".join(f"v{i} = {i}\n" for i in range(20000)) + "print(v19999 + v0)\n"
        self.expect(self.program(source.encode(), timeout=60), 0, "19999\n")

    def test_many_locals(self):
        body = "".join(f"    v{i} = {i}\n" for i in range(2000))
        source = "def f():\n" + body + "    return v0 + v255 + v256 + v1999\nprint(f())\n"
        self.expect(self.program(source.encode(), timeout=60), 0, "2510\n")

    def test_many_constants(self):
        source = "print(sum([" + ",".join(f"{i}.5" for i in range(70000)) + "]))\n"
        self.expect(self.program(source.encode(), timeout=60), 0, "2450000000.0\n")

    def test_many_arguments(self):
        names = ",".join(f"a{i}" for i in range(1000))
        source = f"def f({names}):\n    return a0 + a999\nprint(f({','.join(map(str, range(1000)))}))\n"
        self.expect(self.program(source.encode(), timeout=60), 0, "999\n")

    def test_line_of_100_megabytes(self):
        size = 100_000_000
        with self.subTest("string"):
            path = self.write("a.tul", b"x = '" + b"a" * size + b"'\nprint(len(x))\n")
            self.expect(self.tulip(path, timeout=60), 0, f"{size}\n")
        with self.subTest("comment"):
            path = self.write("a.tul", b"# " + b"a" * size + b"\nprint(1)\n")
            self.expect(self.tulip(path, timeout=60), 0, "1\n")
        with self.subTest("error at the end"):
            path = self.write("a.tul", b"x = '" + b"a" * size + b"' $\n")
            status, out, err = self.tulip(path, timeout=60)
            self.assertEqual((status, out), (2, ""))
            self.assertIn("SyntaxError", err)
            self.assertLess(len(err), 10000, "the message repeats the line")

    def test_long_integer_literal(self):
        self.expect(self.program(b"x = " + b"9" * 5000 + b"\n"), 2, "", "SyntaxError")
        self.expect(self.program(b"x = 0x" + b"f" * 100000 + b"\nprint(x.bit_length())\n"), 0, "400000\n")

    def test_long_name(self):
        name = "n" * 1_000_000
        self.expect(self.program(f"{name} = 7\nprint({name})\n".encode(), timeout=30), 0, "7\n")


class Recursion(TulipCase):
    def recursion_error(self, source):
        self.expect(self.program(source, timeout=60), 1, "", "RecursionError")

    def test_function(self):
        self.recursion_error("def f(n):\n    return f(n + 1)\nf(0)\n")

    def test_caught(self):
        source = """
            def f(n):
                return f(n + 1)
            for i in range(100):
                try:
                    f(0)
                except RecursionError as error:
                    message = str(error)
            print(message)
        """
        self.expect(self.program(source), 0, "maximum recursion depth exceeded\n")

    def test_high_limit(self):
        source = """
            import sys
            sys.setrecursionlimit(10 ** 9)
            def f(n):
                return f(n + 1)
            try:
                f(0)
            except RecursionError:
                print('caught')
        """
        self.expect(self.program(source, timeout=60), 0, "caught\n")

    def test_special_methods(self):
        bodies = {
            "__repr__": "repr(self)", "__str__": "str(self)", "__hash__": "hash(self)",
            "__len__": "len(self)", "__bool__": "bool(self)", "__iter__": "iter(self)",
            "__call__": "self()", "__add__": "self + self", "__eq__": "self == self",
            "__lt__": "self < self", "__getitem__": "self[0]", "__contains__": "1 in self",
            "__getattr__": "self.x", "__enter__": "self.__enter__()"}
        for method, body in bodies.items():
            with self.subTest(method):
                use = body.replace("self", "a")
                self.recursion_error(f"class A:\n    def {method}(self, *rest):\n"
                                     f"        return {body}\na = A()\n{use}\n")

    def test_natives_that_call_back(self):
        for name, source in {
                "sorted": "def f(x):\n    return sorted([1, 2], key=f)\nf(0)\n",
                "map": "def f(x):\n    return list(map(f, [1]))\nf(0)\n",
                "max": "def f(x):\n    return max([1, 2], key=f)\nf(0)\n",
                "reduce": "import functools\ndef f(a, b):\n    return functools.reduce(f, [1, 2])\nf(0, 0)\n",
                "generator": "def f():\n    yield next(f())\nnext(f())\n",
                "generator expression": "def f():\n    return sum(f() for i in range(2))\nf()\n",
                "property": "class A:\n    @property\n    def p(self):\n        return self.p\nA().p\n",
                "init": "class A:\n    def __init__(self):\n        A()\nA()\n",
                "new": "class A:\n    def __new__(cls):\n        return A()\nA()\n",
        }.items():
            with self.subTest(name):
                self.recursion_error(source)

    def test_deep_data(self):
        build = ("a = []\nfor i in range(200000):\n    a = [a]\n"
                 "b = []\nfor i in range(200000):\n    b = [b]\n")
        for use in ("repr(a)", "str(a)", "print(a)", "a == b", "a < b", "'%s' % a", "f'{a}'"):
            with self.subTest(use):
                self.recursion_error(build + use + "\n")

    def test_deep_tuple_hash(self):
        self.recursion_error("a = ()\nfor i in range(200000):\n    a = (a,)\nhash(a)\n")

    def test_deep_data_is_freed(self):
        source = "import gc\nfor r in range(3):\n    a = None\n    for i in range(300000):\n        a = [a]\n"
        self.expect(self.program(source + "a = None\ngc.collect()\nprint('ok')\n"), 0, "ok\n")

    def test_self_containing(self):
        source = "a = []\na.append(a)\nd = {}\nd['d'] = d\nprint(a, d)\n"
        self.expect(self.program(source), 0, "[[...]] {'d': {...}}\n")
        self.recursion_error("a = []\na.append(a)\nb = []\nb.append(b)\na == b\n")

    def test_isinstance_nesting(self):
        source = "t = int\nfor i in range(200000):\n    t = (t,)\nisinstance('', t)\n"
        self.recursion_error(source)

    def test_exception_chain(self):
        source = """
            error = None
            for i in range(100000):
                try:
                    raise ValueError(i) from error
                except ValueError as caught:
                    error = caught
            raise error
        """
        status, _, err = self.program(source, timeout=60)
        self.assertEqual(status, 1)
        self.assertTrue(err.endswith("ValueError: 99999\n"))


class Resources(TulipCase):
    def test_huge_requests(self):
        for expression in ("'a' * 10 ** 15", "[0] * 10 ** 15", "b'a' * 10 ** 17", "(1,) * 10 ** 15",
                           "bytes(10 ** 15)", "'%1000000000000000d' % 1"):
            with self.subTest(expression):
                status, _, err = self.tulip("-c", expression)
                self.assertEqual(status, 1)
                self.assertRegex(err, "MemoryError|OverflowError|ValueError")

    def test_huge_integers(self):
        for expression in ("1 << 10 ** 15", "2 ** 10 ** 15", "10 ** 10 ** 15"):
            with self.subTest(expression):
                status, _, err = self.tulip("-c", expression)
                self.assertEqual(status, 1)
                self.assertRegex(err, "MemoryError|OverflowError")

    def test_digit_limit(self):
        self.expect(self.tulip("-c", "str(10 ** 5000)"), 1, "", "ValueError: Exceeds the limit (4300 digits)")
        self.expect(self.tulip("-c", "int('9' * 5000)"), 1, "", "ValueError: Exceeds the limit (4300 digits)")


class Delegation(TulipCase):
    """A chain of a million delegations can be built, resumed, thrown into, cancelled, closed."""

    BUILD = """
        def leaf():
            try:
                got = yield 1
                while got is not None:
                    got = yield got + 1
            finally:
                print('leaf ends')
            return 'value'
        def link(inner):
            return (yield from inner)
        chain = leaf()
        for i in range(DEPTH):
            chain = link(chain)
    """.replace("DEPTH", "1000000")

    def chain(self, use, printed):
        import textwrap
        source = textwrap.dedent(self.BUILD) + textwrap.dedent(use)
        self.expect(self.program(source, timeout=60), 0, printed)

    def test_resume(self):
        self.chain("""
            print(next(chain), chain.send(5), chain.send(6))
            try:
                next(chain)
            except StopIteration as stop:
                print(stop.value)
        """, "1 6 7\nleaf ends\nvalue\n")

    def test_throw(self):
        self.chain("""
            next(chain)
            try:
                chain.throw(KeyError('k'))
            except KeyError as error:
                print(repr(error))
        """, "leaf ends\nKeyError('k')\n")

    def test_close(self):
        self.chain("next(chain)\nchain.close()\nprint('closed')\n", "leaf ends\nclosed\n")

    def test_dropped(self):
        self.chain("import gc\nnext(chain)\nchain = None\ngc.collect()\nprint('dropped')\n",
                   "leaf ends\ndropped\n")

    def test_cancel(self):
        source = """
            import asyncio
            async def leaf():
                try:
                    await asyncio.sleep(3600)
                finally:
                    print('leaf ends')
            async def link(inner):
                return await inner
            async def main():
                chain = leaf()
                for i in range(1000000):
                    chain = link(chain)
                task = asyncio.ensure_future(chain)
                await asyncio.sleep(0)
                task.cancel()
                try:
                    await task
                except asyncio.CancelledError:
                    print('cancelled')
            asyncio.run(main())
        """
        self.expect(self.program(source, timeout=60), 0, "leaf ends\ncancelled\n")

    def test_limit(self):
        source = """
            def link(inner):
                return (yield from inner)
            chain = link([1])
            for i in range(2100000):
                chain = link(chain)
            try:
                next(chain)
            except RecursionError:
                print('RecursionError')
        """
        self.expect(self.program(source, timeout=60), 0, "RecursionError\n")


class Memory(TulipCase):
    def peak(self, source):
        """The largest resident size, in MB, of a run that must succeed."""
        path = self.write("a.tul", source)
        process = self.start("--virtual-time", path, stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        errors = process.stderr.read()
        process.stdin.close()
        process.stderr.close()
        process.returncode = os.waitstatus_to_exitcode(status) if sys.version_info >= (3, 9) else status
        self.assertEqual(process.returncode, 0, errors)
        return usage.ru_maxrss / 1024

    def flat(self, source):
        few, many = self.peak(source.replace("ROUNDS", "2")), self.peak(source.replace("ROUNDS", "12"))
        self.assertLess(many, few * 1.25 + 4, "memory grows with the number of rounds")

    def test_sleeping_tasks(self):
        self.flat("""
            import asyncio
            async def main():
                for round in range(ROUNDS):
                    await asyncio.gather(*[asyncio.sleep(1) for i in range(30000)])
            asyncio.run(main())
        """)

    def test_dropped_generators(self):
        self.flat("""
            def numbers():
                for i in range(10):
                    yield i
            for round in range(ROUNDS):
                for i in range(30000):
                    next(numbers())
        """)

    def test_cycles(self):
        self.flat("""
            class Node:
                pass
            for round in range(ROUNDS):
                for i in range(50000):
                    a, b = Node(), Node()
                    a.other, b.other = b, a
        """)

    def test_strings(self):
        self.flat("""
            for round in range(ROUNDS):
                text = ''
                for i in range(50000):
                    text += str(i)
                parts = text.split('9')
        """)

    def test_cancelled_timers(self):
        self.flat("""
            import asyncio
            async def main():
                loop = asyncio.get_running_loop()
                for round in range(ROUNDS):
                    for i in range(30000):
                        loop.call_later(1000, print).cancel()
                    await asyncio.sleep(0)
            asyncio.run(main())
        """)
