# SPDX-License-Identifier: LGPL-2.1-or-later
import unittest

from bench.growth import LIST, MEMORY, RECOVERY, START, bounds
from bench.summary import judge


def linear(counts, each=lambda count: count):
    """What is measured when all grows with each(count)."""
    values = {}
    for count in counts:
        values |= {LIST.format(count): [5 + each(count) / 100], MEMORY.format(count): [3 * each(count) / count],
                   START.format(count): [900 * count / each(count)], RECOVERY.format(count): [each(count) / 1000]}
    return values


class Growth(unittest.TestCase):
    counts = [1000, 10, 100]

    def missed(self, values):
        return [result.text for bound in bounds(self.counts) if not (result := judge(bound, values)).met]

    def test_linear(self):
        self.assertEqual(self.missed(linear(self.counts)), [])

    def test_more_than_linear(self):
        found = self.missed(linear(self.counts, lambda count: count**1.3))
        for few, many in ((10, 100), (100, 1000)):
            for text in (f"{MEMORY.format(many)} / {MEMORY.format(few)}", f"{START.format(few)} / {START.format(many)}",
                         f"{RECOVERY.format(many)} / {RECOVERY.format(few)}"):
                self.assertIn(text, found)

    def test_list_that_compares_all_with_all(self):
        found = self.missed(linear(self.counts) | {LIST.format(100): [100], LIST.format(1000): [10000]})
        self.assertIn(f"{LIST.format(1000)} / {LIST.format(100)}", found)
        self.assertIn(LIST.format(1000), found)


if __name__ == "__main__":
    unittest.main()
