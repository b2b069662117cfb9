/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "helicopter/write-all.h"

#include <errno.h>
#include <unistd.h>

int write_all(int fd, const void *data, size_t size) {
        const char *rest = data;

        while (size > 0) {
                ssize_t n = write(fd, rest, size);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                rest += n;
                size -= (size_t) n;
        }
        return 0;
}
