/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "missing-library.h"

#include "client/library.h"

bool library_is_missing;

int __real_library_load(const char *const *names, const LibraryFunction *functions, size_t count, char **ret_why);
int __wrap_library_load(const char *const *names, const LibraryFunction *functions, size_t count, char **ret_why);

int __wrap_library_load(const char *const *names, const LibraryFunction *functions, size_t count, char **ret_why) {
        const char *const none[] = { MISSING_LIBRARY, NULL };

        return __real_library_load(library_is_missing ? none : names, functions, count, ret_why);
}
