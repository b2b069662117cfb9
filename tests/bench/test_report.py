# SPDX-License-Identifier: LGPL-2.1-or-later
import json
import unittest

from bench import report
from bench.sample import Bound, Figure

FIGURE = Figure("start", "start: of something", "ms", None, (Bound("ours", 0.5, "theirs"), Bound("ours", 4.0), Bound("others", 1.0)), note="A note.",
                needs={"others": "luck"})
VALUES = {"ours": [4.0, 5.0, 6.0], "theirs": [9.0, 10.0, 11.0]}


class Numbers(unittest.TestCase):
    def test_three_digits(self):
        for value, text in ((0, "0"), (5, "5.00"), (12.34, "12.3"), (123.4, "123"), (12345.6, "12346"), (0.1234, "0.123"), (0.01234, "0.0123"),
                            (0.00001, "1.0e-05"), (-1.5, "-1.50")):
            self.assertEqual(report.number(value), text)


class Text(unittest.TestCase):
    def test_columns(self):
        self.assertEqual(report.columns([["a", "b"], ["long", "1.0"]]), ["a       b", "long  1.0"])

    def test_figure(self):
        lines = report.figure_text(FIGURE, VALUES).splitlines()
        self.assertEqual(lines[0].split(), ["start:", "of", "something", "[ms]", "median", "quartiles", "p99", "n"])
        self.assertEqual(lines[1].split(), ["ours", "5.00", "4.50", "…", "5.50", "5.98", "3"])
        self.assertEqual(lines[4].split()[:4], ["ours", "/", "theirs", "0.500"])
        self.assertEqual(lines[4].split()[-3:], ["≤", "0.500", "met"])
        self.assertEqual(lines[5].split(), ["ours", "5.00", "≤", "4.00", "MISSED"])
        self.assertEqual(lines[6:], ["  not measured: others (needs luck)", "  A note."])

    def test_not_measured(self):
        self.assertEqual(report.not_measured(FIGURE, VALUES), [("others", "needs luck")])
        self.assertEqual(report.not_measured(FIGURE, VALUES | {"others": [1]}), [])
        self.assertEqual(report.not_measured(FIGURE, {"ours": [1], "others": [1]}), [("ours / theirs", "")])
        against = Figure("start", "title", "ms", None, (Bound("ours", 1, "others"),), needs={"others": "luck"})
        self.assertEqual(report.not_measured(against, VALUES), [("ours / others", "needs luck")])

    def test_missed(self):
        self.assertEqual(report.missed([(FIGURE, VALUES)]), ["ours"])


class Json(unittest.TestCase):
    def test_figure(self):
        data = json.loads(json.dumps(report.figure_json(FIGURE, VALUES)))
        self.assertEqual(data["cases"]["ours"]["median"], 5)
        self.assertEqual(data["cases"]["theirs"]["values"], [9, 10, 11])
        self.assertEqual([(result["value"], result["met"]) for result in data["results"]], [(0.5, True), (5, False)])
        self.assertEqual(data["not_measured"], [{"text": "others", "why": "needs luck"}])


if __name__ == "__main__":
    unittest.main()
