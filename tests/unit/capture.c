/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "capture.h"

#include "test.h"

#include <glib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "helicopter/cleanup.h"

static int before = -1, file = -1;

void capture_begin(void) {
        before = dup(STDERR_FILENO);
        file = memfd_create("capture", MFD_CLOEXEC);
        if (before < 0 || file < 0 || dup2(file, STDERR_FILENO) < 0)
                fail();
}

char *capture_end(void) {
        char text[4096];
        ssize_t size;

        if (before < 0 || dup2(before, STDERR_FILENO) < 0)
                fail();
        size = pread(file, text, sizeof text, 0);
        assert_true(size >= 0);
        close_fd(&before);
        close_fd(&file);
        return g_strndup(text, (gsize) size);
}
