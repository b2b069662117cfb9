/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "helicopter/python-runtime.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "helicopter/cleanup.h"
#include "helicopter/process.h"
#include "lib/elf-section.h"
#include "lib/process-maps.h"
#include "lib/process-memory.h"
#include "lib/python-interpreter.h"
#include "lib/python-offsets.h"

/* Mappings of the executable and of a libpython; CPython's have five each. */
#define CANDIDATES_MAX 64u

typedef struct Candidate {
        ProcessMapping mapping; /* its path is owned */
        bool is_executable;     /* not a libpython, but the program itself */
} Candidate;

typedef struct Search {
        pid_t pid;
        char *executable; /* as /proc/PID/exe has it */
        GArray *candidates;
} Search;

static void candidate_clear(void *data) {
        Candidate *candidate = data;

        g_free((char *) candidate->mapping.path);
}

static const char *base_name(const char *path) {
        const char *slash = strrchr(path, '/');

        return slash ? slash + 1 : path;
}

static int add_candidate(const ProcessMapping *mapping, void *data) {
        Search *search = data;
        Candidate candidate = { .mapping = *mapping };

        candidate.is_executable = strcmp(mapping->path, search->executable) == 0;
        if (!candidate.is_executable && !g_str_has_prefix(base_name(mapping->path), "libpython"))
                return 0;
        if (search->candidates->len >= CANDIDATES_MAX)
                return 0;
        candidate.mapping.path = g_strdup(mapping->path);
        g_array_append_val(search->candidates, candidate);
        return 0;
}

/* Never open a device or a FIFO that a process shows as its own: look at what it is first. */
static int open_regular(const char *path) {
        g_autofree char *again = NULL;
        autofd handle = open(path, O_PATH | O_CLOEXEC);
        struct stat st;
        int fd;

        if (handle < 0)
                return -errno;
        if (fstat(handle, &st) < 0)
                return -errno;
        if (!S_ISREG(st.st_mode))
                return -ENOEXEC;
        again = g_strdup_printf("/proc/self/fd/%d", handle);
        fd = open(again, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        return fd < 0 ? -errno : fd;
}

/* The file of a mapping. It may have been deleted since, and its path is that of the process's own mount namespace. */
static int open_mapped(pid_t pid, const Candidate *candidate) {
        g_autofree char *path = NULL, *rooted = NULL;
        int fd;

        if (candidate->is_executable) {
                path = g_strdup_printf("/proc/%d/exe", pid);
                return open_regular(path);
        }
        /* Exactly that file, for those who may: CAP_CHECKPOINT_RESTORE. */
        path = g_strdup_printf(
                "/proc/%d/map_files/%" PRIx64 "-%" PRIx64, pid, candidate->mapping.start, candidate->mapping.end);
        fd = open_regular(path);
        if (fd >= 0)
                return fd;
        rooted = g_strdup_printf("/proc/%d/root%s", pid, candidate->mapping.path);
        fd = open_regular(rooted);
        return fd == -ENOENT ? -ESTALE : fd;
}

/* From "python3.11" or "libpython3.11.so.1.0". */
static void version_from_name(const char *path, PythonRuntime *runtime) {
        const char *python = strstr(base_name(path), "python");

        if (!python || sscanf(python, "python%3u.%3u", &runtime->major, &runtime->minor) != 2)
                runtime->major = runtime->minor = 0;
}

/* Whether the interpreter lets a debugger in: decided when it starts, from its build, environment and command line. */
static int read_remote_debug(pid_t pid, uint64_t address, const PythonOffsets *offsets, bool *ret_enabled) {
        uint64_t interpreter;
        int32_t enabled;
        int r;

        /* It has got its configuration before it has a thread state (3.14, 3.15). */
        r = python_interpreter_main(pid, address, offsets, &interpreter);
        if (r < 0)
                return r;
        r = process_memory_read(pid, interpreter + offsets->remote_debugging_enabled, &enabled, sizeof(enabled));
        if (r < 0)
                return r;
        if (enabled != 0 && enabled != 1)
                return -EBADMSG;
        *ret_enabled = enabled == 1;
        return 0;
}

static int read_runtime(pid_t pid, uint64_t address, const char *path, PythonRuntime *ret_runtime) {
        PythonRuntime runtime = { .address = address };
        PythonOffsets offsets = { 0 };
        int r;

        r = python_offsets_read(pid, address, &offsets);
        if (r == -ENODATA) {
                version_from_name(path, &runtime);
                if (runtime.major > 3 || (runtime.major == 3 && runtime.minor >= 13))
                        return -EBADMSG;
        } else if (r == 0 || r == -EOPNOTSUPP) {
                runtime.major = offsets.major;
                runtime.minor = offsets.minor;
                runtime.micro = offsets.micro;
        }
        if (r == 0 && offsets.debugger)
                r = read_remote_debug(pid, address, &offsets, &runtime.remote_debug);
        if (r == 0 || r == -ENODATA || r == -EOPNOTSUPP)
                *ret_runtime = runtime;
        return r == -EFAULT ? -EBADMSG : r;
}

/* Whether this settles the question, so that no other mapping need be looked at. */
static bool is_answer(int r) {
        return r == 0 || r == -ENODATA || r == -EOPNOTSUPP || r == -EAGAIN || r == -ESRCH;
}

static int examine(pid_t pid, const Candidate *candidate, PythonRuntime *ret_runtime) {
        autofd fd = open_mapped(pid, candidate);
        ElfSection section;
        int r;

        if (fd < 0)
                return fd == -ENOEXEC ? -ENOPKG : fd;
        r = elf_section_find(fd, ".PyRuntime", &section);
        if (r < 0)
                return r == -ENOENT || r == -ENOEXEC ? -ENOPKG : r;
        /* Of a file's mappings only the first of those that the loader made leads to the section. */
        if (candidate->mapping.offset != section.image_offset)
                return -ENOPKG;
        return read_runtime(pid, candidate->mapping.start + (section.address - section.image_address),
                candidate->mapping.path, ret_runtime);
}

/* The program itself first, then each libpython; a library may be mapped more than once, and not only by the loader. */
static int examine_all(const Search *search, PythonRuntime *ret_runtime) {
        int result = -ENOPKG;

        for (int pass = 0; pass < 2; pass++)
                for (size_t i = 0; i < search->candidates->len; i++) {
                        const Candidate *candidate = &g_array_index(search->candidates, Candidate, i);
                        int r;

                        if (candidate->is_executable != (pass == 0))
                                continue;
                        r = examine(search->pid, candidate, ret_runtime);
                        if (is_answer(r))
                                return r;
                        if (result == -ENOPKG)
                                result = r;
                }
        return result;
}

/* Before 3.10 there was no such section, so that only the name tells. */
static int recognize_by_name(const Search *search, PythonRuntime *ret_runtime) {
        for (size_t i = 0; i < search->candidates->len; i++) {
                PythonRuntime runtime = { 0 };

                version_from_name(g_array_index(search->candidates, Candidate, i).mapping.path, &runtime);
                if (runtime.major == 2 || (runtime.major == 3 && runtime.minor < 13)) {
                        *ret_runtime = runtime;
                        return -ENODATA;
                }
        }
        return -ENOPKG;
}

static int find(Search *search, PythonRuntime *ret_runtime) {
        g_autofree char *link = g_strdup_printf("/proc/%d/exe", search->pid);
        ProcessStatus status;
        int r;

        r = process_status(search->pid, &status);
        if (r < 0)
                return r;
        if (status.state == 'Z' || status.state == 'X')
                return -ESRCH;
        search->executable = g_file_read_link(link, NULL);
        if (!search->executable)
                return errno == ENOENT ? -ENOPKG : -errno;
        r = process_maps_foreach(search->pid, add_candidate, search);
        if (r < 0)
                return r;
        r = examine_all(search, ret_runtime);
        return r == -ENOPKG ? recognize_by_name(search, ret_runtime) : r;
}

int python_runtime_find(pid_t pid, PythonRuntime *ret_runtime) {
        g_autoptr(GArray) candidates = g_array_new(FALSE, FALSE, sizeof(Candidate));
        Search search = { .pid = pid, .candidates = candidates };
        int r;

        g_array_set_clear_func(candidates, candidate_clear);
        r = find(&search, ret_runtime);
        g_free(search.executable);
        return r;
}
