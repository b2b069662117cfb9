# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is measured with numbers of jobs, and how it may grow with them."""

import itertools

from bench.sample import Bound

# Cases, of a number of jobs.
LIST, MEMORY, START, RECOVERY = "list, {} [ms]", "memory of the daemon, each of {} [KB]", "start, {} [1/s]", "recovery, {} [s]"

# What counts as linear may be a little more; of starting somewhat more, since the daemon looks at all connections before each wait.
MORE, MORE_OF_STARTING = 1.2, 1.5


def growth(few, many):
    """What is to grow with the number of jobs does not grow faster; what is told for each job, or in a second, stays. Some more is allowed."""
    times = MORE * many / few
    return [Bound(LIST.format(many), times, LIST.format(few)), Bound(MEMORY.format(many), MORE, MEMORY.format(few)),
            Bound(START.format(few), MORE_OF_STARTING, START.format(many)), Bound(RECOVERY.format(many), times, RECOVERY.format(few))]


def bounds(counts):
    """What is to be reached with 1000 jobs, and from each number of jobs to the next."""
    return [Bound(LIST.format(1000), 20), Bound(MEMORY.format(1000), 4), Bound(RECOVERY.format(1000), 2),
            *(bound for few, many in itertools.pairwise(sorted(counts)) for bound in growth(few, many))]
