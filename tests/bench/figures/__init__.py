# SPDX-License-Identifier: LGPL-2.1-or-later
"""The figures, in the order in which they are measured."""

from bench.figures import attach, grant, standstill, start, rest, many  # noqa: F401
