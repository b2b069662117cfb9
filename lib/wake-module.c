/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "lib/wake-module.h"

#include <glib.h>
#include <string.h>

static const char *base_name(const char *path) {
        const char *slash = strrchr(path, '/');

        return slash ? slash + 1 : path;
}

static bool has_one_of(const char *path, const char *const *prefixes) {
        const char *name = base_name(path);

        for (; *prefixes; prefixes++)
                if (g_str_has_prefix(name, *prefixes))
                        return true;
        return false;
}

bool wake_module_is_libc(const char *path) {
        static const char *const prefixes[] = { "libc.so.6", "libc-2.", "libpthread.so.0", "libpthread-2.", "ld-linux",
                NULL };

        return has_one_of(path, prefixes);
}

bool wake_module_is_tls(const char *path) {
        static const char *const prefixes[] = { "libssl.so", "libcrypto.so", "libssl-", "libcrypto-", NULL };

        return has_one_of(path, prefixes);
}
