# SPDX-License-Identifier: LGPL-2.1-or-later
import sys
import tempfile
import threading
import unittest
from pathlib import Path
from unittest import mock

sys.path.insert(0, str(Path(__file__).parent / "programs"))

import gap  # noqa: E402
import stopped  # noqa: E402


class Words(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.words = gap.create(f"{folder.name}/gap")
        self.gap = gap.Gap(f"{folder.name}/gap")

    def answering(self, times):
        """A job that comes to what is asked of it, so often."""

        def job():
            for _ in range(times):
                while not self.words[gap.ASKED]:
                    pass
                if not gap.answer(self.words):
                    continue
                self.words[gap.LONGEST], self.words[gap.LOOK] = 2_000_000, 5_000

        thread = threading.Thread(target=job)
        thread.start()
        self.addCleanup(thread.join)

    def test_what_is_asked_is_waited_for(self):
        self.words[gap.LONGEST] = 7_000_000
        self.answering(2)
        self.gap.reset()
        self.assertEqual(self.gap.longest(), (2, 0.005))

    def test_answer(self):
        for asked, anew, left in ((gap.RESET, True, 0), (gap.ANSWER, False, 7)):
            self.words[gap.LONGEST], self.words[gap.ASKED] = 7, asked
            self.assertIs(gap.answer(self.words), anew)
            self.assertEqual((self.words[gap.LONGEST], self.words[gap.ASKED]), (left, gap.NOTHING))

    def test_a_job_that_stands_still_for_good(self):
        with mock.patch.object(gap, "SECONDS", 0), self.assertRaises(AssertionError):
            self.gap.longest()

    def test_scripts(self):
        self.words[gap.SCRIPTS] = 3
        self.assertEqual(self.gap.scripts(), 3)


class Watching(unittest.TestCase):
    def setUp(self):
        self.words = [0] * 4
        self.watch = stopped.Watch(self.words, 0)

    def looks(self, *looks):
        for is_stopped, now in looks:
            self.watch.look(is_stopped, now)
        return self.words[gap.LONGEST], self.words[gap.LOOK]

    def test_no_stop(self):
        self.assertEqual(self.looks((False, 2), (False, 5), (False, 6)), (0, 3))

    def test_from_the_look_before_to_the_one_after(self):
        self.assertEqual(self.looks((False, 2), (True, 5), (True, 9), (False, 11), (False, 12)), (9, 2))

    def test_the_longest_counts(self):
        self.assertEqual(self.looks((True, 10), (False, 11), (True, 12), (False, 13)), (11, 0))

    def test_one_that_has_not_ended_is_waited_for(self):
        self.words[gap.ASKED] = gap.ANSWER
        self.looks((False, 0), (True, 5))
        self.words[gap.ASKED] = gap.ANSWER
        self.looks((True, 6))
        self.assertEqual(self.words[gap.ASKED], gap.ANSWER)
        self.assertEqual(self.looks((False, 7)), (7, 0))
        self.assertEqual(self.words[gap.ASKED], gap.NOTHING)


if __name__ == "__main__":
    unittest.main()
