/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "daemon/environment-memory.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <string.h>
#include <sys/mman.h>

#include "helicopter/cleanup.h"
#include "helicopter/write-all.h"

int environment_memory_new(const char *const *environment) {
        autofd fd = memfd_create("helicopter-environment", MFD_CLOEXEC | MFD_ALLOW_SEALING);
        int r;

        if (fd < 0)
                return -errno;
        for (; *environment; environment++) {
                r = write_all(fd, *environment, strlen(*environment) + 1);
                if (r < 0)
                        return r;
        }
        if (fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0)
                return -errno;
        return g_steal_fd(&fd);
}
