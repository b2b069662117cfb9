# SPDX-License-Identifier: LGPL-2.1-or-later
"""How quick and how light helicopter is, beside its peers. contrib/bench runs it; docs/performance.md says how to read it."""
