# SPDX-License-Identifier: LGPL-2.1-or-later
import tempfile
import unittest
from pathlib import Path

from bench import recorded


class Bounds(unittest.TestCase):
    bounds = {"one": 10, "two": 20}

    def test_over(self):
        self.assertEqual(recorded.over({"one": 10, "two": 20}, self.bounds), [])
        self.assertEqual(recorded.over({"one": 11, "two": 20}, self.bounds), ["one"])
        with self.assertRaises(KeyError):
            recorded.over({"three": 1}, self.bounds)

    def test_line(self):
        self.assertEqual(recorded.line("one", 3, self.bounds), "one: 3, at most 10")

    def test_read(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "bounds.json"
            path.write_text('{"one": 10}', encoding="utf-8")
            self.assertEqual(recorded.read(path), {"one": 10})


if __name__ == "__main__":
    unittest.main()
