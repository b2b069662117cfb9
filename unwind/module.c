/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "unwind/module.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "helicopter/cleanup.h"
#include "lib/elf-section.h"
#include "lib/process-maps.h"

/* A job with more libraries than that is not looked at further. */
#define MODULES_MAX 20000

static void module_free(void *data) {
        Module *module = data;

        g_free(module->path);
        g_free(module);
}

static bool is_mapping_of(const ProcessMapping *mapping, const Module *module) {
        return mapping->inode == module->inode && mapping->major == module->major && mapping->minor == module->minor;
}

static int add_mapping(const ProcessMapping *mapping, void *data) {
        GPtrArray *modules = data;
        Module *last = modules->len ? g_ptr_array_index(modules, modules->len - 1) : NULL;

        if (*mapping->path != '/')
                return 0;
        if (!last || !is_mapping_of(mapping, last) || mapping->offset == 0) {
                if (modules->len >= MODULES_MAX)
                        return 1;
                last = g_new0(Module, 1);
                *last = (Module) {
                        .path = g_strdup(mapping->path),
                        .start = mapping->start,
                        .first_end = mapping->end,
                        .major = mapping->major,
                        .minor = mapping->minor,
                        .inode = mapping->inode,
                };
                g_ptr_array_add(modules, last);
        }
        last->end = mapping->end;
        last->code |= mapping->code;
        return 0;
}

int modules_read(pid_t pid, GPtrArray **ret_modules) {
        g_autoptr(GPtrArray) modules = g_ptr_array_new_with_free_func(module_free);
        int r;

        r = process_maps_foreach(pid, add_mapping, modules);
        if (r < 0)
                return r;
        *ret_modules = g_steal_pointer(&modules);
        return 0;
}

Module *modules_find(GPtrArray *modules, uint64_t address) {
        for (guint i = 0; i < modules->len; i++) {
                Module *module = g_ptr_array_index(modules, i);

                if (address >= module->start && address < module->end)
                        return module;
        }
        return NULL;
}

typedef struct Comparison {
        const Module *module;
        uint64_t address;
} Comparison;

/* 1: the same file; -ESTALE: another one. */
static int compare(const ProcessMapping *mapping, void *data) {
        const Comparison *comparison = data;

        if (mapping->start != comparison->address)
                return 0;
        return is_mapping_of(mapping, comparison->module) ? 1 : -ESTALE;
}

/*
 * By mapping it here and reading what the kernel says of that. Its numbers in /proc/PID/maps are not those of fstat() on
 * btrfs and overlayfs.
 */
static int check_same(int fd, const Module *module) {
        Comparison comparison = { .module = module };
        void *page;
        int r;

        page = mmap(NULL, 1, PROT_READ, MAP_PRIVATE, fd, 0);
        if (page == MAP_FAILED)
                return -errno;
        comparison.address = (uint64_t) (uintptr_t) page;
        r = process_maps_foreach(getpid(), compare, &comparison);
        munmap(page, 1);
        return r == 1 ? 0 : r < 0 ? r : -ESTALE;
}

static int open_path(const char *path, const Module *module) {
        autofd fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        struct stat status;
        int r;

        if (fd < 0 || fstat(fd, &status) < 0)
                return -errno;
        if (!S_ISREG(status.st_mode))
                return -ESTALE;
        r = check_same(fd, module);
        return r < 0 ? r : g_steal_fd(&fd);
}

int module_open(Module *module, pid_t pid) {
        g_autofree char *root = g_strdup_printf("/proc/%d/root%s", pid, module->path);
        g_autofree char *exe = g_strdup_printf("/proc/%d/exe", pid);
        g_autofree char *map =
                g_strdup_printf("/proc/%d/map_files/%" PRIx64 "-%" PRIx64, pid, module->start, module->first_end);
        /* The last one needs a capability, but has files that were removed; so has exe, for one of them. */
        const char *const paths[] = { root, exe, map };
        ElfSection section;
        int fd = -ESTALE;

        for (size_t i = 0; fd < 0 && i < G_N_ELEMENTS(paths); i++)
                fd = open_path(paths[i], module);
        if (fd >= 0)
                module->python = elf_section_find(fd, ".PyRuntime", &section) == 0;
        return fd;
}
