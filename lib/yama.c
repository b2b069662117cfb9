/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "helicopter/yama.h"

#include <glib.h>
#include <stdlib.h>

int yama_ptrace_scope(void) {
        g_autofree char *text = NULL;

        if (!g_file_get_contents("/proc/sys/kernel/yama/ptrace_scope", &text, NULL, NULL))
                return -1;
        return atoi(text);
}
