# SPDX-License-Identifier: LGPL-2.1-or-later
import unittest
from contextlib import contextmanager
from unittest import mock

from bench.sample import FIGURES, Bound, Figure, figure, measure


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

    def test_bounds_of_a_place(self):
        fixed, asked = Figure("name", "title", "ms", None, (Bound("a", 1),)), Figure("name", "title", "ms", None, lambda place: [Bound(place, 1)])
        self.assertEqual(fixed.at("here"), fixed)
        self.assertEqual(asked.at("here").bounds, (Bound("here", 1),))

    def test_registering(self):
        with mock.patch.dict(FIGURES):
            figure("fixed", "title", "ms", Bound("a", 1), Bound("b", 2), needs={"b": "luck"})(self.subjects)
            figure("asked", "title", "ms", lambda place: [Bound(place, 1)])(self.subjects)
            self.assertEqual(FIGURES["fixed"].bounds, (Bound("a", 1), Bound("b", 2)))
            self.assertEqual(FIGURES["fixed"].needs, {"b": "luck"})
            self.assertEqual(FIGURES["asked"].at("here").bounds, (Bound("here", 1),))

    def test_text_of_a_bound(self):
        self.assertEqual(Bound("a", 1).text(), "a")
        self.assertEqual(Bound("a", 1, "b").text(), "a / b")
        self.assertEqual(Bound("a", 1, "b", excess=True).text(), "a − b")
        self.assertEqual(Bound("a", 1, statistic="p99").text(), "a, p99")


if __name__ == "__main__":
    unittest.main()
