# SPDX-License-Identifier: LGPL-2.1-or-later
import unittest
from contextlib import contextmanager

from bench.sample import Bound, Figure, measure


class Measuring(unittest.TestCase):
    def setUp(self):
        self.calls = []

    @contextmanager
    def subjects(self, place):
        self.calls.append(f"open {place}")

        def one():
            self.calls.append("one")
            return {"one": 1}

        def two():
            self.calls.append("two")
            return {"two, first": 2, "two, many": [3, 4]}

        yield one, two
        self.calls.append("close")

    def test_in_turns(self):
        figure = Figure("name", "title", "ms", self.subjects)
        values = measure(figure, "here", 2)
        self.assertEqual(self.calls, ["open here", "one", "two", "two", "one", "close"])
        self.assertEqual(values, {"one": [1, 1], "two, first": [2, 2], "two, many": [3, 4, 3, 4]})

    def test_before_each(self):
        figure = Figure("name", "title", "ms", self.subjects)
        measure(figure, "here", 1, before=lambda: self.calls.append("before"))
        self.assertEqual(self.calls, ["open here", "before", "one", "before", "two", "close"])

    def test_runs(self):
        figure = Figure("name", "title", "ms", self.subjects, runs=0.1)
        told = []
        self.assertEqual(measure(figure, "here", 2, told.append)["one"], [1])
        self.assertEqual(told, ["name: run 1 of 1"])

    def test_text_of_a_bound(self):
        self.assertEqual(Bound("a", 1).text(), "a")
        self.assertEqual(Bound("a", 1, "b").text(), "a / b")
        self.assertEqual(Bound("a", 1, "b", excess=True).text(), "a − b")
        self.assertEqual(Bound("a", 1, statistic="p99").text(), "a, p99")


if __name__ == "__main__":
    unittest.main()
