# SPDX-License-Identifier: MIT
"""--seed: a racy program ends in several ways, and in the same way under the same seed."""

import concurrent.futures

from common import TulipCase

RACE = """
    import asyncio, threading, time

    order = []

    async def woken(n):
        await asyncio.sleep(0.1)
        order.append(n)

    async def main():
        await asyncio.gather(*[woken(n) for n in range(3)])

    total = 0

    def count():
        global total
        for _ in range(20):
            before = total
            for _ in range(3):
                pass
            total = before + 1

    asyncio.run(main())
    threads = [threading.Thread(target=count) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(order, total)
"""


class Seeds(TulipCase):
    def test_fifty_seeds_twice(self):
        path = self.write("race.tul", RACE)
        seeds = [seed for seed in range(50) for _ in range(2)]
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            runs = list(pool.map(lambda seed: self.tulip("--seed", str(seed), path), seeds))
        for seed, first, second in zip(range(50), runs[::2], runs[1::2]):
            self.assertEqual(first[0], 0, first)
            self.assertEqual(first, second, f"seed {seed}")
        texts = [run[1].strip().rpartition(" ") for run in runs]
        self.assertEqual(len({order for order, _, _ in texts}), 6)
        self.assertGreater(len({total for _, _, total in texts}), 2)

    def test_wrong_seeds(self):
        for wrong in ([], ["x"], ["-1"], ["1.5"], ["9" * 30]):
            status, _, errors = self.tulip("--seed", *wrong)
            self.assertEqual(status, 2)
            self.assertIn("wants a number", errors)
