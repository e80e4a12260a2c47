# SPDX-License-Identifier: MIT
"""Random programs in the subset of Python that Tulip shares: what tests/tools/fuzz.py runs.

A program is the PRELUDE (a few functions, classes and variables that random code can meet) and some
blocks, each in a try statement and on fresh variables, so that one error does not hide the others.
Loops count ticks and end the program after 300. Expressions stay small: no huge powers, no sets that
are printed (their order is nobody's promise), no addresses.
"""

PRELUDE = '''import sys
ticks = 0


def tick():
    global ticks
    ticks += 1
    if ticks > 300:
        print('too many ticks')
        sys.exit(9)


def chain(e=None):
    e, r = e or sys.exc_info()[1], []
    while e is not None and len(r) < 5:
        r.append((type(e).__name__, str(e), type(e.__cause__).__name__, e.__suppress_context__))
        e = e.__context__
    return r


class O:
    def __init__(self, v): self.v = v
    def __repr__(self): return f'O({self.v!r})'
    def __eq__(self, o): return isinstance(o, O) and self.v == o.v
    def __hash__(self): return hash(self.v)
    def __add__(self, o): return O((self.v, '+', o))
    def __radd__(self, o): return O((o, 'r+', self.v))
    def __lt__(self, o): return self.v < (o.v if isinstance(o, O) else o)
    def __iter__(self): return iter((self.v, 1))
    def __getitem__(self, i): return ('item', i)
    def m(self): return 'O.m'
    @property
    def p(self): return self.v


class P(O):
    __slots__ = ('w',)
    def __bool__(self): return False
    def __iadd__(self, o): self.v = o; return self
    def __format__(self, spec): return 'P<' + spec + '>'
    def m(self): return 'P' + super().m()


class Meta(type):
    def __call__(cls, *a): return super().__call__(*a)


def f(q=0, *r, **k): return (q, r, k)
def g(n): return n * 2 if n > 5 else g(n + 1)
def h(n, *, k): return [n, k]


def gen(n):
    try:
        for i in range(n):
            r = yield i
            if r: print('sent', r)
    finally:
        pass
    return n


def decorate(fn):
    def wrapper(*a, **k):
        print('calls', fn.__name__)
        return fn(*a, **k)
    return wrapper


class Manager:
    def __init__(self, k): self.k = k
    def __enter__(self): return self.k
    def __exit__(self, t, v, tb):
        print('exit', t and t.__name__)
        return self.k == 2


def drive(gn):
    if not hasattr(gn, 'send'): return gn
    out = []
    try:
        out.append(next(gn))
        out.append(gn.send('S'))
        out.append(gn.throw(ValueError('T')))
        out.append(next(gn))
    except StopIteration as e:
        out.append(('stopped', e.value))
    finally:
        gn.close()
    return out


t, i, j, q, w, e, o = 0, 0, 1, 3, 4, 1, P(7)
o.w = 1


def reset():
    global a, b, c, d, x, y, z, lst, dct, s
    a, b, c, d = 1, 2, 3, 4
    x, y, z = 'x', [5, 6], {'k': 1}
    lst, dct, s = [3, 1, 2, 4], {'k': 1, 1: 'one'}, 'string'


'''

NAMES = ("a", "b", "c", "d", "x", "y", "z", "lst", "dct", "s")
INTEGERS = (0, 1, 2, 3, 5, 7, -1, 10, 255, 2**31, 2**63, 10**20, -7)
FLOATS = ("1.5", "0.0", "-2.25", "1e10", "0.1", "float('inf')", "3.0", "-0.0", "1e-7")
TEXTS = ("'a'", "'abc'", "''", "'é'", "'x y'", "b'ab'", "'%s'", "'10'", "'{}'", "'\\U0001f600'")
DISPLAYS = ("[]", "[1, 2, 3]", "(1, 2)", "{}", "{1: 2}", "()", "range(5)", "'hello'[1:3]", "lst[1:]",
            "[[1], [2]]", "{'a': [1]}")
CALLS = ("f(1)", "f(2, 3)", "g(4)", "list(gen(3))", "O(3)", "O(2).v", "h(1, k=2)", "next(gen(2))",
         "P(4)", "lst[0]", "dct.get('k')", "s.upper()", "len(lst)", "len(s)", "O(1)", "sorted(lst)",
         "dict(a=1)", "dct.setdefault(5, 6)", "'-'.join('abc')", "s.partition('r')", "divmod(7, -2)",
         "list(zip('ab', lst))", "list(map(str, lst))", "next(iter(y), 0)")
FUNCTIONS = ("str", "repr", "len", "sorted", "list", "tuple", "bool", "int", "float", "abs", "sum", "max",
             "min", "any", "all", "round", "type", "ascii", "bytes", "next", "iter and dict", "callable",
             "hash and str", "enumerate and list", "reversed and list")
ATTRIBUTES = ("v", "append", "upper()", "real", "count(1)", "keys()", "m()", "p", "zork", "index(1)",
              "split()", "pop()", "copy()", "items()", "title()", "__class__", "bit_length()",
              "is_integer()", "find('a')", "sort()", "reverse()", "strip()", "clear()")
FIELDS = ("{a}", "{b!r:>8}", "{c}", "{lst}", "{len(s):03d}", "{x:>5}", "{{}}", "{d!s}", "{a=}", "{(a, b)}",
          "{a:+,}", "{s:*^10.3}", "{d:#x}", "{c / 7:.3f}", "{b:e}", "{o:abc}", "{c:{d}}", "{s[0]}", "{a:%}")
PERCENTS = ("'%s|%r' % (a, s)", "'%5d' % c", "'%-5.1f|' % d", "'%x %o' % (d, d)", "'%(k)s' % dct",
            "'%c' % 65", "'%s' % lst", "'%d' % x", "'{0} {1!r}'.format(a, s)", "'{k}'.format(**z)")
BINARY = ("+", "-", "*", "//", "%", "/", "&", "|", "^", ">>", "+", "@")
COMPARISONS = ("<", ">", "==", "!=", "<=", ">=", "in", "not in")
TARGETS = ("a", "b", "c", "d", "x", "y", "z", "a", "b", "c", "lst[0]", "dct['k']", "o.v", "o.w", "lst[1:2]",
           "a, b", "a, *b", "(a, (b, c))", "[x, y]", "*a, b")
AUGMENTED = ("a", "b", "c", "x", "lst[0]", "o.v", "dct[1]", "lst", "s", "y", "z")
DELETED = ("a", "b", "lst[0]", "dct[1]", "o.w", "x, y", "lst[:1]", "z['k']")
ERRORS = ("ValueError", "KeyError", "TypeError", "IndexError", "StopIteration", "OSError")
ITERABLES = ("range(3)", "lst[:4]", "[(1, 2), (3, 4)]", "gen(3)", "enumerate(s[:3])", "dct", "z.items()")
PARAMETERS = ("", "a=1", "*c", "a=2, *, b=3", "q=None, **d", "a=5, b=6, /")


class Generator:
    """Draws programs; what surrounds a statement is in a Place."""

    def __init__(self, random):
        self.random, self.made, self.depth = random, 0, 0

    def pick(self, *choices):
        return self.random.choice(choices)

    # ---- expressions ----

    def atom(self):
        return self.pick(self.pick(*NAMES), self.pick(*NAMES), str(self.pick(*INTEGERS)),
                         str(self.pick(*INTEGERS)), self.pick(*FLOATS), self.pick(*TEXTS),
                         self.pick("None", "True", "False", "..."), self.pick(*DISPLAYS),
                         self.pick(*CALLS), self.pick(*CALLS))

    def expression(self, depth=0):
        if depth > 3 or self.random.random() < .2:
            return self.atom()
        make = self.pick(*self.FORMS)
        return make(self, lambda: self.expression(depth + 1))

    FORMS = (
        lambda self, e: f"({e()} {self.pick(*BINARY)} {e()})",
        lambda self, e: f"({e()} {self.pick(*BINARY)} {e()})",
        lambda self, e: f"({e()} {self.pick(*BINARY)} {e()})",
        lambda self, e: f"({e()} {self.pick(*COMPARISONS)} {e()})",
        lambda self, e: f"({e()} < {e()} <= {e()})",
        lambda self, e: f"({e()} {self.pick('and', 'or')} {e()})",
        lambda self, e: f"(not {e()})",
        lambda self, e: f"({self.pick('-', '~', '+')}{e()})",
        lambda self, e: f"({e()} if {e()} else {e()})",
        lambda self, e: f"[{e()}, *{e()}, {e()}]",
        lambda self, e: f"[{e()} for {self.pick('a', 'q', 'w, q')} in {e()} if {e()}]",
        lambda self, e: f"{{{e()}: {e()} for q in {e()}}}",
        lambda self, e: f"sum(({e()}) for q in {e()})",
        lambda self, e: f"(lambda q, w={e()}: {e()})({e()})",
        lambda self, e: f"({e()})[{self.pick('0', '-1', '1:', '::-1', ':2', '1:3', '::2', '5', e())}]",
        lambda self, e: f'f"{self.pick(*FIELDS)}{self.pick("", "-", "{y}")}"',
        lambda self, e: f"({self.pick(*PERCENTS)})",
        lambda self, e: f"(t := {e()})",
        lambda self, e: f"({e()}, {e()})",
        lambda self, e: f"{{{e()}: {e()}, **{e()}}}",
        lambda self, e: f"({self.pick(*FUNCTIONS)})({e()})",
        lambda self, e: f"({self.pick(*FUNCTIONS)})({e()})",
        lambda self, e: f"f({e()}, *{e()}, **{e()})",
        lambda self, e: f"({e()}).{self.pick(*ATTRIBUTES)}",
    )

    # ---- statements: lists of lines ----

    def block(self, indent, place, size=None):
        self.depth += 1
        lines = []
        for _ in range(size or self.random.randint(1, 4 if self.depth < 4 else 2)):
            lines += self.statement(indent, place)
        self.depth -= 1
        return lines

    def statement(self, indent, place):
        makers = list(self.SIMPLE) * 2 + (list(self.COMPOUND) if self.depth < 6 else [])
        if "function" in place:
            makers.append(lambda self, place: "return " + self.expression(1))
        if "loop" in place:
            makers.append(lambda self, place: self.pick("break", "continue"))
        if "generator" in place:
            makers += [lambda self, place: self.pick("", "a = ", "b = ") + "yield " + self.expression(2),
                       lambda self, place: self.pick("", "c = ") + "yield from " +
                       self.pick("gen(2)", "[1, 2]", self.expression(2))] * 2
        made = self.pick(*makers)
        pad = "    " * indent
        if made in self.COMPOUND:
            return made(self, indent, pad, place)
        return [pad + made(self, place)]

    SIMPLE = (
        lambda self, place: f"{self.pick(*TARGETS)} = {self.expression(1)}",
        lambda self, place: f"{self.pick(*TARGETS)} = {self.expression(1)}",
        lambda self, place: f"{self.pick(*AUGMENTED)} {self.pick('+=', '-=', '*=', '|=', '%=')} "
                            f"{self.expression(2)}",
        lambda self, place: f"print({self.expression(1)})",
        lambda self, place: f"print({self.expression(1)})",
        lambda self, place: f"del {self.pick(*DELETED)}",
        lambda self, place: f"assert {self.expression(2)}, {self.expression(3)}",
        lambda self, place: f"raise {self.pick(*ERRORS)}({self.expression(3)})" +
                            self.pick("", " from None", " from ZeroDivisionError(1)"),
    )

    def conditional(self, indent, pad, place):
        lines = [f"{pad}if {self.expression(1)}:"] + self.block(indent + 1, place)
        if self.random.random() < .3:
            lines += [f"{pad}elif {self.expression(1)}:"] + self.block(indent + 1, place)
        return lines + self.otherwise(indent, pad, place)

    def otherwise(self, indent, pad, place):
        if self.random.random() < .6:
            return []
        return [f"{pad}else:"] + self.block(indent + 1, place)

    def loop(self, indent, pad, place):
        head = self.pick(f"for {self.pick('i', 'a', 'a, b', 'j')} in {self.pick(*ITERABLES)}:",
                         f"for {self.pick('i', 'a')} in {self.expression(2)}:",
                         f"while {self.expression(2)}:")
        return ([pad + head, f"{pad}    tick()"] + self.block(indent + 1, place | {"loop"}) +
                self.otherwise(indent, pad, place))

    def guarded(self, indent, pad, place):
        lines, kind = [f"{pad}try:"] + self.block(indent + 1, place), self.random.random()
        if kind < .75:
            caught = self.pick("Exception", "ValueError", "(TypeError, KeyError)", "ZeroDivisionError",
                               "LookupError", "Exception as e", "TypeError as a")
            lines += [f"{pad}except {caught}:", f"{pad}    print('caught', chain())"]
            lines += self.block(indent + 1, place) + self.otherwise(indent, pad, place)
        if kind > .5:
            lines += [f"{pad}finally:"] + self.block(indent + 1, place, 1)
        return lines

    def managed(self, indent, pad, place):
        target = self.pick("a", "x", "lst[0]", "o.v")
        return ([f"{pad}with Manager({self.pick('0', '1', '2')}) as {target}:"] +
                self.block(indent + 1, place))

    def function(self, indent, pad, place):
        self.made += 1
        name, resumed = f"fn{self.made}", self.random.random() < .5
        lines = [f"{pad}@decorate"] if self.random.random() < .2 else []
        lines.append(f"{pad}def {name}({self.pick(*PARAMETERS)}):")
        if self.random.random() < .25:
            lines.append(f"{pad}    global {self.pick('x, y', 'z', 't')}")
        lines.append(f"{pad}    tick()")
        inside = frozenset({"function", "generator"} if resumed else {"function"})
        lines += self.block(indent + 1, inside)
        if resumed:
            lines.append(f"{pad}    yield 0")
        call = f"{name}({self.pick('', '', '1', '1, 2')})"
        call = f"drive({call})" if resumed else call
        return lines + [f"{pad}try: print('{name}', {call})",
                        f"{pad}except Exception as ex: print('{name}!', chain(ex))"]

    def classdef(self, indent, pad, place):
        self.made += 1
        name = f"K{self.made}"
        lines = [f"{pad}class {name}({self.pick('O', 'object', 'P', 'O, metaclass=Meta')}):"]
        lines += self.block(indent + 1, frozenset(), 1)
        lines += [f"{pad}    a = {self.expression(2)}", f"{pad}    def m(self, q=1):",
                  f"{pad}        tick()"] + self.block(indent + 2, frozenset({"function"}))
        result = self.pick("super().m()", "self.a", "q", "__class__.__name__")
        return lines + [f"{pad}        return {result}", f"{pad}print('{name}', {name}(1).m(), {name}.a)"]

    COMPOUND = (conditional, loop, guarded, guarded, managed, function, classdef)


def blocks(random, count=12):
    """The blocks of a program, lists of lines; some may not compile."""
    generator = Generator(random)
    return [["reset()", "try:"] + generator.block(1, frozenset(), 3) +
            ["except Exception as ex: print('top', chain(ex))"] for _ in range(count)]


def program(blocks):
    """The text of a program of these blocks."""
    lines = [line for block in blocks for line in block]
    return PRELUDE + "\n".join(lines + ["reset()", "print(a, b, c, lst, dct, s)", ""])
