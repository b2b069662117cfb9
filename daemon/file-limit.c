/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "daemon/file-limit.h"

#include <sys/resource.h>

static struct rlimit original;
static bool raised;

void file_limit_raise(void) {
        struct rlimit limit;

        if (getrlimit(RLIMIT_NOFILE, &original) < 0)
                return;
        limit = original;
        limit.rlim_cur = limit.rlim_max;
        raised = setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

bool file_limit_is_near(int fd) {
        struct rlimit limit;

        return getrlimit(RLIMIT_NOFILE, &limit) == 0 && (rlim_t) fd >= limit.rlim_cur / 4 * 3;
}

void file_limit_restore(void) {
        if (raised)
                setrlimit(RLIMIT_NOFILE, &original);
}
