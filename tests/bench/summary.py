# SPDX-License-Identifier: LGPL-2.1-or-later
"""Statistics of what was measured. Medians, since what disturbs a run only ever adds to it."""

import random
import statistics
from dataclasses import dataclass

DRAWS = 500


def quantile(values, share):
    """The value below which that share of all lies, between two where it falls between two."""
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


@dataclass(frozen=True)
class Summary:
    """One case's values."""

    count: int
    median: float
    low: float  # quartiles
    high: float
    p99: float
    least: float
    most: float


def summarise(values):
    return Summary(len(values), statistics.median(values), quantile(values, 0.25), quantile(values, 0.75), quantile(values, 0.99),
                   min(values), max(values))


def interval(values, others, compare, draws=DRAWS):
    """Where 90 of 100 comparisons of the medians would lie, were both measured again: drawn from what was measured."""
    chance = random.Random(1)

    def again(of):
        return statistics.median(chance.choices(of, k=len(of)))

    results = [compare(again(values), again(others)) for _ in range(draws)]
    return quantile(results, 0.05), quantile(results, 0.95)


@dataclass(frozen=True)
class Result:
    """What became of a bound."""

    text: str
    value: float
    limit: float
    met: bool
    span: tuple[float, float] | None  # of a comparison


def ratio(value, other):
    return value / other if other else (1.0 if value == other else float("inf"))


def excess(value, other):
    return value - other


def judge(bound, values):
    """The Result of a sample.Bound; None when one of its cases was not measured."""
    own, others = values.get(bound.case), values.get(bound.against)
    if own is None or (bound.against and others is None):
        return None
    value, span = getattr(summarise(own), bound.statistic), None
    if bound.against:
        compare = excess if bound.excess else ratio
        value, span = compare(value, summarise(others).median), interval(own, others, compare)
    met = value <= bound.limit or bool(bound.noisy and span and span[0] <= bound.limit)
    return Result(bound.text(), value, bound.limit, met, span)
