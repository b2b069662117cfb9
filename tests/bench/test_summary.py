# SPDX-License-Identifier: LGPL-2.1-or-later
import unittest

from bench.sample import Bound
from bench.summary import excess, interval, judge, quantile, ratio, summarise


class Statistics(unittest.TestCase):
    def test_quantiles(self):
        self.assertEqual(quantile([3, 1, 2], 0.5), 2)
        self.assertEqual(quantile([1, 2, 3, 4], 0.5), 2.5)
        self.assertEqual(quantile([7], 0.99), 7)
        self.assertAlmostEqual(quantile(range(101), 0.99), 99)

    def test_summary(self):
        of = summarise([5, 1, 2, 4, 3])
        self.assertEqual((of.count, of.median, of.low, of.high, of.least, of.most), (5, 3, 2, 4, 1, 5))

    def test_ratio_of_nothing(self):
        self.assertEqual(ratio(0, 0), 1)
        self.assertEqual(ratio(1, 0), float("inf"))

    def test_interval_holds_what_was_measured(self):
        low, high = interval([9, 10, 11] * 5, [19, 20, 21] * 5, ratio)
        self.assertLessEqual(low, 0.5)
        self.assertGreaterEqual(high, 0.5)
        self.assertGreater(low, 0.4)
        self.assertLess(high, 0.6)
        self.assertEqual(interval([10], [4], excess), (6, 6))


class Bounds(unittest.TestCase):
    values = {"ours": [4.0, 5.0, 6.0], "theirs": [9.0, 10.0, 11.0]}

    def test_value(self):
        self.assertTrue(judge(Bound("ours", 5), self.values).met)
        self.assertFalse(judge(Bound("ours", 4.9), self.values).met)
        self.assertIsNone(judge(Bound("ours", 5), self.values).span)

    def test_p99(self):
        result = judge(Bound("ours", 5, statistic="p99"), self.values)
        self.assertAlmostEqual(result.value, 5.98)
        self.assertFalse(result.met)
        self.assertEqual(result.text, "ours, p99")

    def test_ratio(self):
        result = judge(Bound("ours", 0.75, "theirs"), self.values)
        self.assertEqual((result.value, result.met, result.text), (0.5, True, "ours / theirs"))
        self.assertFalse(judge(Bound("ours", 0.4, "theirs"), self.values).met)

    def test_excess(self):
        result = judge(Bound("theirs", 5, "ours", excess=True), self.values)
        self.assertEqual((result.value, result.met, result.text), (5, True, "theirs − ours"))
        self.assertFalse(judge(Bound("theirs", 4.5, "ours", excess=True), self.values).met)

    def test_within_noise(self):
        close = {"ours": [9.0, 10.1, 11.0], "theirs": [9.0, 10.0, 11.0]}
        self.assertFalse(judge(Bound("ours", 1.001, "theirs"), close).met)
        self.assertTrue(judge(Bound("ours", 1.001, "theirs", noisy=True), close).met)
        self.assertFalse(judge(Bound("theirs", 1.001, "ours", noisy=True), self.values).met)

    def test_not_measured(self):
        self.assertIsNone(judge(Bound("others", 1), self.values))
        self.assertIsNone(judge(Bound("ours", 1, "others"), self.values))


if __name__ == "__main__":
    unittest.main()
