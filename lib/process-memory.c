/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "lib/process-memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/uio.h>
#include <unistd.h>

#include "helicopter/cleanup.h"

/* For kernels built without CONFIG_CROSS_MEMORY_ATTACH, and sandboxes that know no process_vm_readv(). */
static int open_memory(pid_t pid, uint64_t address, int flags) {
        char path[sizeof("/proc/2147483647/mem")];
        int fd;

        if (address > INT64_MAX)
                return -EFAULT; /* no offset of a file */
        snprintf(path, sizeof(path), "/proc/%d/mem", pid);
        fd = open(path, flags | O_CLOEXEC);
        if (fd < 0)
                return errno == ENOENT ? -ESRCH : -errno;
        return fd;
}

/* What a system call returned that should have moved `size` bytes. */
static int judge(ssize_t moved, size_t size) {
        if (moved < 0)
                return errno == EIO ? -EFAULT : -errno;
        return (size_t) moved == size ? 0 : -EFAULT;
}

static int read_by_file(pid_t pid, uint64_t address, void *buffer, size_t size) {
        autofd fd = open_memory(pid, address, O_RDONLY);

        return fd < 0 ? fd : judge(pread(fd, buffer, size, (off_t) address), size);
}

static int write_by_file(pid_t pid, uint64_t address, const void *buffer, size_t size) {
        autofd fd = open_memory(pid, address, O_WRONLY);

        return fd < 0 ? fd : judge(pwrite(fd, buffer, size, (off_t) address), size);
}

int process_memory_read(pid_t pid, uint64_t address, void *buffer, size_t size) {
        struct iovec local = { .iov_base = buffer, .iov_len = size };
        struct iovec remote = { .iov_base = (void *) (uintptr_t) address, .iov_len = size };
        ssize_t n = process_vm_readv(pid, &local, 1, &remote, 1, 0);

        return n < 0 && errno == ENOSYS ? read_by_file(pid, address, buffer, size) : judge(n, size);
}

int process_memory_write(pid_t pid, uint64_t address, const void *buffer, size_t size) {
        struct iovec local = { .iov_base = (void *) buffer, .iov_len = size };
        struct iovec remote = { .iov_base = (void *) (uintptr_t) address, .iov_len = size };
        ssize_t n = process_vm_writev(pid, &local, 1, &remote, 1, 0);

        return n < 0 && errno == ENOSYS ? write_by_file(pid, address, buffer, size) : judge(n, size);
}
