/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "lib/process-memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/uio.h>

#include "helicopter/cleanup.h"

/* For kernels built without CONFIG_CROSS_MEMORY_ATTACH, and sandboxes that know no process_vm_readv(). */
static int read_by_file(pid_t pid, uint64_t address, void *buffer, size_t size) {
        char path[sizeof("/proc/2147483647/mem")];
        autofd fd = -1;
        ssize_t n;

        snprintf(path, sizeof(path), "/proc/%d/mem", pid);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
                return errno == ENOENT ? -ESRCH : -errno;
        n = pread(fd, buffer, size, (off_t) address);
        if (n < 0)
                return errno == EIO ? -EFAULT : -errno;
        return (size_t) n == size ? 0 : -EFAULT;
}

int process_memory_read(pid_t pid, uint64_t address, void *buffer, size_t size) {
        struct iovec local = { .iov_base = buffer, .iov_len = size };
        struct iovec remote = { .iov_base = (void *) (uintptr_t) address, .iov_len = size };
        ssize_t n = process_vm_readv(pid, &local, 1, &remote, 1, 0);

        if (n < 0)
                return errno == ENOSYS ? read_by_file(pid, address, buffer, size) : -errno;
        return (size_t) n == size ? 0 : -EFAULT;
}
