# SPDX-License-Identifier: LGPL-2.1-or-later
import unittest
from unittest import mock

from bench.quiet import Quiet, is_quiet, processor_times

STAT = "cpu  100 0 50 800 40 0 5 5 0 0\ncpu0 1 2 3 4 5 6 7 8 9 10\n"


class Times(unittest.TestCase):
    def test_processor_times(self):
        self.assertEqual(processor_times(STAT), (840, 1000))

    def test_is_quiet(self):
        self.assertTrue(is_quiet((0, 0), (90, 100)))
        self.assertFalse(is_quiet((0, 0), (89, 100)))
        self.assertFalse(is_quiet((5, 5), (5, 5)))


class Waiting(unittest.TestCase):
    def wait(self, *times):
        quiet = Quiet(patience=0.5)
        with mock.patch.object(Quiet, "_times", side_effect=times), mock.patch("time.sleep"), mock.patch("time.monotonic", side_effect=[0, 0.1, 0.9]):
            quiet.wait()
        return quiet

    def test_until_it_is_quiet(self):
        quiet = self.wait((0, 0), (10, 100), (109, 200))
        self.assertEqual((quiet.waited, quiet.disturbed), (1, 0))

    def test_not_for_ever(self):
        quiet = self.wait((0, 0), (10, 100), (20, 200))
        self.assertEqual((quiet.waited, quiet.disturbed), (1, 1))
        self.assertEqual(quiet.text(), "0 of 1 runs began while the machine was idle")


if __name__ == "__main__":
    unittest.main()
