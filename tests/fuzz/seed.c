/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "tests/fuzz/seed.h"

#include <glib.h>

int LLVMFuzzerInitialize(int *argc, char ***argv) {
        static uint8_t buffer[SEED_MAX];
        size_t size = seed(buffer);

        for (int i = 1; i < *argc; i++) {
                g_autofree char *path = g_build_filename((*argv)[i], "seed", NULL);

                if (!g_file_test((*argv)[i], G_FILE_TEST_IS_DIR))
                        continue;
                if (!g_file_set_contents(path, (const char *) buffer, (gssize) size, NULL))
                        g_error("Cannot write %s", path);
        }
        return 0;
}
