# SPDX-License-Identifier: MIT
"""Text that grows beyond the memory there is raises MemoryError, and the program goes on.

Goldens cannot limit the memory; this runs with a small address space, and not where a sanitizer
needs a large one.
"""

import resource

import common
from common import TulipCase

SPACE = 2 << 30  # most of it is reserved for stacks
PROGRAM = """
    import io, json, pickle, re
    text = 'xy' * 10_000_000
    items = [text] * 50
    def attempt(act):
        try:
            print(len(act()))
        except MemoryError:
            print('MemoryError')
    attempt(lambda: 'x' * 10**10)
    attempt(lambda: repr(items))
    attempt(lambda: str({1: tuple(items)}))
    attempt(lambda: f'{items}')
    attempt(lambda: '{0}{0}{0}{0}{0}{0}{0}{0}{0}{0}' * 5 == ('{0}' * 50).format(text))
    attempt(lambda: '%s' * 50 % tuple(items))
    attempt(lambda: b'%b' * 50 % ((text.encode(),) * 50))
    attempt(lambda: ''.join(items))
    attempt(lambda: text.replace('x', 'x' * 100))
    attempt(lambda: json.dumps(items))
    def written(file, part):
        for _ in range(50):
            file.write(part)
        return file.getvalue()
    attempt(lambda: written(io.StringIO(), text))
    attempt(lambda: written(io.BytesIO(), text.encode()))
    attempt(lambda: re.sub('x', 'y' * 200, text))
    attempt(lambda: pickle.dumps([text + str(i) for i in range(20)]))
    attempt(lambda: (b'\\xff' * 300_000_000).decode('latin-1'))
    attempt(lambda: repr([1]))
"""
FILLING = """
    text, items, number = 'xy' * 5_000_000, tuple(range(1_000_000)), 1 << 40_000_000
    def fill(make):
        kept = []
        while True:
            kept.append(make())
    for make in (lambda: text[1:], lambda: text.encode(), lambda: items[1:], lambda: number + 1,
                 lambda: [str(i) for i in items]):
        try:
            fill(make)
        except MemoryError:
            print('MemoryError')
"""


class Memory(TulipCase):
    def check(self, program, expected):
        with open(common.TULIP, "rb") as binary:
            if b"__asan_init" in binary.read():
                self.skipTest("a sanitizer reserves more than the limit")
        path = self.write("main.tul", program)
        process = self.start(path, preexec_fn=lambda: resource.setrlimit(
            resource.RLIMIT_AS, (SPACE, SPACE)))
        out, err = process.communicate(timeout=60 * common.SLOW)
        self.assertEqual((out.decode(), err.decode()), (expected, ""))
        self.assertEqual(process.returncode, 0)

    def test_text_beyond_memory(self):
        self.check(PROGRAM, "MemoryError\n" * 15 + "3\n")

    def test_memory_filled_by_what_is_kept(self):
        self.check(FILLING, "MemoryError\n" * 5)
