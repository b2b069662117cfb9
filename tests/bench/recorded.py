# SPDX-License-Identifier: LGPL-2.1-or-later
"""Recorded bounds of counts."""

import json


def read(path):
    """{name: the most that it may be}."""
    return json.loads(path.read_text(encoding="utf-8"))


def line(name, count, bounds):
    return f"{name}: {count}, at most {bounds[name]}"


def over(counts, bounds):
    """The names of those that are more than they may be."""
    return [name for name, count in counts.items() if count > bounds[name]]
