/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/process-maps.h"
#include "tests/fuzz/seed.h"

#define TEXT                                                                        \
        "00400000-00401000 r-xp 00000000 fe:01 1234        /usr/bin/python\n"       \
        "7f0000000000-7f0000001000 rw-p 00002000 00:00 0 \n"                        \
        "7f0000002000-7f0000003000 r--s 00000000 00:01 77 /tmp/a\\012b (deleted)\n" \
        "7ffd00000000-7ffd00001000 r-xp 00000000 00:00 0   [vdso]\n"                \
        "7ffe00000000-7ffe00001000 r-xp 00000000 00:01 78 /"

/* With a path at its end that is too long, so that libFuzzer makes inputs of such a size. */
size_t seed(uint8_t *buffer) {
        const size_t size = sizeof(TEXT) - 1 + 20000;

        memset(buffer, 'n', size);
        memcpy(buffer, TEXT, sizeof(TEXT) - 1);
        return size;
}

static int look(const ProcessMapping *mapping, void *data) {
        size_t *left = data;
        size_t length = strlen(mapping->path);

        if (length > *left)
                abort();
        *left -= length;
        return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        size_t left = size;
        FILE *file;

        if (size == 0)
                return 0;
        file = fmemopen((void *) data, size, "r");
        if (!file)
                abort();
        process_maps_parse(file, look, &left);
        fclose(file);
        return 0;
}
