# SPDX-License-Identifier: LGPL-2.1-or-later
"""Terminal sessions that are played: for the picture in the README, for the pages of docs/, and for tests that these still say
what happens. The standard library is enough for it."""
