# SPDX-License-Identifier: LGPL-2.1-or-later
import os
import threading
import time
import unittest

from bench.waits import waits, waits_between


class Waits(unittest.TestCase):
    def test_all_threads_count(self):
        self.assertEqual(waits_between({1: 5, 2: 7}, {1: 5, 2: 7}), 0)
        self.assertEqual(waits_between({1: 5, 2: 7}, {1: 6, 2: 9}), 3)

    def test_a_thread_that_comes_counts(self):
        self.assertEqual(waits_between({1: 5}, {1: 5, 2: 0}), 1)
        self.assertEqual(waits_between({1: 5}, {1: 5, 2: 3}), 4)

    def test_a_thread_that_goes_has_woken(self):
        self.assertEqual(waits_between({1: 5, 2: 7}, {1: 5}), 1)

    def test_of_this_process(self):
        over = threading.Event()
        thread = threading.Thread(target=over.wait)
        thread.start()
        before = waits(os.getpid())
        self.assertIn(thread.native_id, before)
        # One that is over before the thread is off its processor counts for nothing.
        deadline = time.monotonic() + 10
        while waits_between(before, waits(os.getpid())) < 3 and time.monotonic() < deadline:
            time.sleep(0.001)
        counted = waits_between(before, waits(os.getpid()))
        over.set()
        thread.join()
        self.assertGreaterEqual(counted, 3)


if __name__ == "__main__":
    unittest.main()
