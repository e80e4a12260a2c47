# SPDX-License-Identifier: MIT
"""For the goldens here: run a class's tests and print what the runner says, without the time."""

import io
import unittest


def run(*classes, **options):
    load = unittest.defaultTestLoader.loadTestsFromTestCase
    suite = unittest.TestSuite([load(cls) for cls in classes])
    stream = io.StringIO()
    result = unittest.TextTestRunner(stream=stream, **options).run(suite)
    for line in stream.getvalue().splitlines():
        if line.startswith('Ran '):
            line = line[:line.rindex(' in ')]
        print(line.replace(__file__.rpartition('/')[0] + '/', '').replace('.tul"', '.py"'))
    return result
