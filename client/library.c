/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "client/library.h"

#include <dlfcn.h>
#include <errno.h>
#include <glib.h>

static void *open_any(const char *const *names) {
        void *handle = NULL;

        for (; *names && !handle; names++)
                handle = dlopen(*names, RTLD_NOW | RTLD_NODELETE);
        return handle;
}

static int find(void *handle, const LibraryFunction *functions, size_t count) {
        for (size_t i = 0; i < count; i++) {
                *functions[i].place = dlsym(handle, functions[i].name);
                if (!*functions[i].place)
                        return -ELIBACC;
        }
        return 0;
}

int library_load(const char *const *names, const LibraryFunction *functions, size_t count, char **ret_why) {
        void *handle = open_any(names);
        int r;

        r = handle ? find(handle, functions, count) : -ELIBACC;
        if (r < 0)
                *ret_why = g_strdup(dlerror());
        if (handle)
                dlclose(handle);
        return r;
}
