/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* For tests that run with --wrap of library_load(): while it is missing, a library that is not there is looked for. */

#include <stdbool.h>

#define MISSING_LIBRARY "libnothing.so.0"

extern bool library_is_missing;
