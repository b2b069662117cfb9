/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Names that were typed in part, or wrongly. */

/*
 * Of names (NULL-terminated) the one that begins with prefix, or NULL when there is none or several. ret_several (NULL:
 * nobody asks) is set to those several, with ", " between; owned by the caller, left alone otherwise.
 */
const char *name_match_prefix(const char *const *names, const char *prefix, char **ret_several);

/*
 * The name that was meant: the one that the fewest slips of a finger (a letter too many, missing, wrong, or swapped with
 * its neighbour) make out of what was typed, at most one in three letters. NULL: none is near.
 */
const char *name_match_nearest(const char *const *names, const char *typed);
