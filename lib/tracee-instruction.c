/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <stdio.h>
#include <string.h>

#include "helicopter/cleanup.h"
#include "lib/process-maps.h"
#include "lib/process-memory.h"
#include "lib/tracee-arch.h"

#define PAGE 4096u
/* The vDSO has two pages of code on x86-64 (Linux 6.18, 7.2). */
#define VDSO_PAGES_MAX 8u
/* The kernel's AT_VECTOR_SIZE is around 50. */
#define AUXV_MAX 128u
/* 16 MB. Every C library and every static program has a system call early on. */
#define CODE_PAGES_MAX 4096u

/*
 * 1: found; 0: there is none. From the auxiliary vector rather than from /proc/PID/maps: the thread is stopped
 * meanwhile, and a big job's maps take the kernel milliseconds to write.
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
                        return 1;
                }
        return 0;
}

/* 1: found; 0: not there; or an error of process_memory_read(). */
static int search_page(pid_t thread, uint64_t address, unsigned char *page, uint64_t *ret_address) {
        const unsigned char *found;
        int r;

        r = process_memory_read(thread, address, page, PAGE);
        if (r < 0)
                return r;
        found = memmem(page, PAGE, tracee_arch_syscall_instruction, tracee_arch_syscall_instruction_size);
        if (!found)
                return 0;
        *ret_address = address + (uint64_t) (found - page);
        return 1;
}

static int search_vdso(pid_t thread, uint64_t *ret_address) {
        unsigned char page[PAGE];
        uint64_t vdso = 0;
        int r;

        r = vdso_address(thread, &vdso);
        if (r <= 0)
                return r;
        for (unsigned i = 0; i < VDSO_PAGES_MAX; i++) {
                uint64_t address;

                r = search_page(thread, vdso + i * PAGE, page, &address);
                if (r < 0)
                        return r;
                if (i == 0 && memcmp(page, ELFMAG, SELFMAG) != 0)
                        return 0; /* the program has put something else there */
                if (r > 0) {
                        *ret_address = address;
                        return 1;
                }
        }
        return 0;
}

typedef struct Search {
        pid_t thread;
        unsigned pages; /* that may still be looked at */
        uint64_t address;
} Search;

/* Files only: the [vsyscall] page has the instruction, but the kernel lets nobody run it from there. */
static int search_mapping(const ProcessMapping *mapping, void *data) {
        Search *search = data;
        unsigned char page[PAGE];

        if (!mapping->code || *mapping->path != '/')
                return 0;
        for (uint64_t at = mapping->start; at < mapping->end; at += PAGE) {
                int r;

                if (search->pages-- == 0)
                        return -EOPNOTSUPP;
                r = search_page(search->thread, at, page, &search->address);
                if (r != 0)
                        return r == -EFAULT ? 0 : r;
        }
        return 0;
}

int tracee_find_syscall_instruction(pid_t thread, uint64_t *ret_address) {
        Search search = { .thread = thread, .pages = CODE_PAGES_MAX };
        int r;

        r = search_vdso(thread, ret_address);
        if (r > 0)
                return 0;
        if (r < 0 && r != -EFAULT)
                return r;
        /* A kernel started with vdso=0, or a program that has done away with it, as valgrind does. */
        r = process_maps_foreach(thread, search_mapping, &search);
        if (r < 0)
                return r;
        if (r == 0)
                return -EOPNOTSUPP;
        *ret_address = search.address;
        return 0;
}
