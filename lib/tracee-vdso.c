/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <stdio.h>
#include <string.h>

#include "helicopter/cleanup.h"
#include "lib/process-memory.h"
#include "lib/tracee-arch.h"

#define PAGE 4096u
/* The vDSO has two pages of code on x86-64 (Linux 6.18, 7.2). */
#define VDSO_PAGES_MAX 8u
/* The kernel's AT_VECTOR_SIZE is around 50. */
#define AUXV_MAX 128u

/*
 * From the auxiliary vector rather than from /proc/PID/maps: the thread is stopped meanwhile, and a big job's maps take
 * the kernel milliseconds to write.
 */
static int vdso_address(pid_t thread, uint64_t *ret_address) {
        char path[sizeof("/proc/2147483647/auxv")];
        Elf64_auxv_t vector[AUXV_MAX];
        autofd fd = -1;
        ssize_t n;

        snprintf(path, sizeof(path), "/proc/%d/auxv", thread);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
                return errno == ENOENT ? -ESRCH : -errno;
        n = read(fd, vector, sizeof(vector));
        if (n < 0)
                return -errno;
        for (size_t i = 0; i < (size_t) n / sizeof(vector[0]) && vector[i].a_type != AT_NULL; i++)
                if (vector[i].a_type == AT_SYSINFO_EHDR) {
                        *ret_address = vector[i].a_un.a_val;
                        return 0;
                }
        return -EOPNOTSUPP;
}

int tracee_find_syscall_instruction(pid_t thread, uint64_t *ret_address) {
        unsigned char page[PAGE];
        uint64_t vdso = 0;
        int r;

        r = vdso_address(thread, &vdso);
        if (r < 0)
                return r;
        for (unsigned i = 0; i < VDSO_PAGES_MAX; i++) {
                const unsigned char *found;

                r = process_memory_read(thread, vdso + i * PAGE, page, PAGE);
                if (r < 0)
                        return r == -EFAULT ? -EOPNOTSUPP : r;
                if (i == 0 && memcmp(page, ELFMAG, SELFMAG) != 0)
                        return -EOPNOTSUPP; /* the program has put something else there */
                found = memmem(page, PAGE, tracee_arch_syscall_instruction, tracee_arch_syscall_instruction_size);
                if (found) {
                        *ret_address = vdso + i * PAGE + (uint64_t) (found - page);
                        return 0;
                }
        }
        return -EOPNOTSUPP;
}
