# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is measured (figures), and measuring it: all that is compared is run in turns, so that a machine's moods meet all alike."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace


@dataclass(frozen=True)
class Bound:
    """What a case is to reach: its own value, or its ratio to another case, or (excess) what it has above that."""

    case: str
    limit: float
    against: str | None = None
    excess: bool = False
    statistic: str = "median"  # or p99
    noisy: bool = False  # counts as met when the limit is within what chance does

    def text(self):
        value = f"{self.case}, p99" if self.statistic == "p99" else self.case
        return value if not self.against else f"{value} {'−' if self.excess else '/'} {self.against}"


@dataclass(frozen=True)
class Figure:
    """One thing that is measured, in several cases. open(place) is a context with the subjects: functions that are called in turns,
    each of which returns {case: value, or list of values}. needs: {case: what must be there for it}. bounds: or a function of the place."""

    name: str
    title: str
    unit: str
    open: Callable[..., AbstractContextManager]
    bounds: tuple[Bound, ...] | Callable[..., tuple[Bound, ...]] = ()
    runs: float = 1  # times the number that is asked for
    note: str = ""
    needs: dict[str, str] = field(default_factory=dict)

    def at(self, place):
        """This figure, with its bounds known."""
        return replace(self, bounds=tuple(self.bounds(place))) if callable(self.bounds) else self


FIGURES = {}


def figure(name, title, unit, *bounds, runs=1, note="", needs=None):
    """Make a context manager function a figure. bounds: each a Bound, or one function of the place that returns them."""
    if bounds and callable(bounds[0]):
        (bounds,) = bounds

    def add(function):
        FIGURES[name] = Figure(name, title, unit, function, bounds, runs, note, needs or {})
        return function

    return add


def measure(wanted, place, runs, progress=lambda text: None, before=lambda: None):
    """Run a figure's subjects in turns; return {case: values}. before: called before each of them."""
    runs = max(1, round(runs * wanted.runs))
    values = {}
    with wanted.open(place) as subjects:
        subjects = list(subjects)
        for run in range(runs):
            progress(f"{wanted.name}: run {run + 1} of {runs}")
            first = run % len(subjects)
            for subject in subjects[first:] + subjects[:first]:
                before()
                for case, value in subject().items():
                    values.setdefault(case, []).extend(value if isinstance(value, list) else [value])
    return values
