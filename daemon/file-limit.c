/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "daemon/file-limit.h"

#include <stdbool.h>
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

void file_limit_restore(void) {
        if (raised)
                setrlimit(RLIMIT_NOFILE, &original);
}
