/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "daemon/start-memory.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "helicopter/cleanup.h"
#include "helicopter/write-all.h"

int start_memory_new(GBytes *text) {
        autofd fd = memfd_create("helicopter-start", MFD_CLOEXEC | MFD_ALLOW_SEALING);
        gsize size;
        const void *data = g_bytes_get_data(text, &size);
        int r;

        if (fd < 0)
                return -errno;
        r = write_all(fd, data, size);
        if (r < 0)
                return r;
        if (lseek(fd, 0, SEEK_SET) < 0 ||
                fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0)
                return -errno;
        return g_steal_fd(&fd);
}
