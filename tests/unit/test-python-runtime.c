/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The interpreters that are installed, and processes that only pretend. */

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "helicopter/python-runtime.h"
#include "tests/unit/python-table.h"
#include "tests/unit/target.h"

#define SLEEP "import sys, time; sys.stdout.write('x'); sys.stdout.flush(); time.sleep(1000)"

static const struct {
        const char *name;
        unsigned minor;
} interpreters[] = {
        { "python3.9", 9 },
        { "python3.10", 10 },
        { "python3.11", 11 },
        { "python3.12", 12 },
        { "python3.13", 13 },
        { "python3.14", 14 },
        { "python3.14d", 14 },
        { "python3.14t", 14 },
        { "python3.15", 15 },
        { "python3.15d", 15 },
        { "python3.15t", 15 },
};

/* Only the system's: what PATH has may be a wrapper. */
static char *installed(const char *name) {
        g_autofree char *path = g_build_filename("/usr/bin", name, NULL);

        return access(path, X_OK) == 0 ? g_steal_pointer(&path) : NULL;
}

static int output[2];
static char *const *arguments;

static int body_exec(TargetShared *shared) {
        dup2(output[1], STDOUT_FILENO);
        execv(arguments[0], arguments);
        return 127;
}

/* Start a program and wait, if asked to, for its first output. */
static pid_t start(const char *program, const char *option, bool wait) {
        char *argv[] = { (char *) program, (char *) "-s", (char *) "-c", (char *) SLEEP, NULL, NULL, NULL };
        pid_t pid;
        char c;

        if (option)
                memmove(argv + 3, argv + 1, 3 * sizeof(*argv));
        if (option) {
                argv[1] = (char *) "-X";
                argv[2] = (char *) option;
        }
        assert_int_equal(pipe2(output, O_CLOEXEC), 0);
        arguments = argv;
        pid = target_start(body_exec, NULL);
        close(output[1]);
        if (wait)
                assert_int_equal(read(output[0], &c, 1), 1);
        close(output[0]);
        return pid;
}

static void assert_interpreter(const char *program, unsigned minor, const char *option) {
        PythonRuntime runtime = { 0 };
        pid_t pid = start(program, option, true);

        assert_int_equal(python_runtime_find(pid, &runtime), minor < 13 ? -ENODATA : 0);
        assert_int_equal(runtime.major, 3);
        assert_int_equal(runtime.minor, minor);
        assert_int_equal(runtime.remote_debug, minor >= 14 && !option);
        if (minor >= 13)
                assert_true(runtime.address != 0);
        target_kill(pid);
}

static void test_interpreters(void **state) {
        for (size_t i = 0; i < G_N_ELEMENTS(interpreters); i++) {
                g_autofree char *path = installed(interpreters[i].name);

                if (!path)
                        continue;
                assert_interpreter(path, interpreters[i].minor, NULL);
                if (interpreters[i].minor < 14)
                        continue;
                assert_interpreter(path, interpreters[i].minor, "disable-remote-debug");
                g_setenv("PYTHON_DISABLE_REMOTE_DEBUG", "1", TRUE);
                assert_interpreter(path, interpreters[i].minor, "utf8");
                g_unsetenv("PYTHON_DISABLE_REMOTE_DEBUG");
        }
}

/* Asked from the moment of its exec on: it may say that it cannot tell yet, but not that it is switched off. */
static void watch_start(const char *program) {
        pid_t pid = start(program, NULL, false);
        gint64 deadline = g_get_monotonic_time() + TARGET_TIMEOUT;
        PythonRuntime runtime;
        int r;

        do {
                assert_true(g_get_monotonic_time() < deadline);
                r = python_runtime_find(pid, &runtime);
                assert_true(r == 0 || r == -EAGAIN || r == -ENOPKG || r == -EBADMSG);
                if (r == 0)
                        assert_true(runtime.remote_debug);
        } while (r != 0);
        target_kill(pid);
}

static void test_starting(void **state) {
        for (size_t i = 0; i < G_N_ELEMENTS(interpreters); i++) {
                g_autofree char *path = installed(interpreters[i].name);

                for (int n = 0; path && interpreters[i].minor >= 14 && n < 20; n++)
                        watch_start(path);
        }
}

static int body_pause(TargetShared *shared) {
        pause();
        return 0;
}

static int body_return(TargetShared *shared) {
        return 5;
}

static void test_not_python(void **state) {
        PythonRuntime runtime = { .minor = 4711 };
        pid_t pid = target_start(body_pause, NULL);
        siginfo_t info;

        assert_int_equal(python_runtime_find(pid, &runtime), -ENOPKG);
        target_kill(pid);
        assert_int_equal(python_runtime_find(pid, &runtime), -ESRCH);
        pid = target_start(body_return, NULL);
        assert_int_equal(waitid(P_PID, (id_t) pid, &info, WEXITED | WNOWAIT), 0);
        assert_int_equal(python_runtime_find(pid, &runtime), -ESRCH);
        target_assert_exits(pid, 5);
        assert_int_equal(runtime.minor, 4711);
}

/* A library that has nothing but a section .PyRuntime, with a table, and what it points to. Loaded at a fixed place. */
#define LOADED_AT 0x20000000u

typedef struct Library {
        Elf64_Ehdr header;
        Elf64_Phdr segment;
        Elf64_Shdr sections[3];
        char names[32];
        union {
                uint64_t words[PYTHON_OFFSETS_WORDS];
                unsigned char runtime[1024];
        };
        unsigned char interpreter[9000];
} Library;

static const Library library = {
        .header = {
                .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
                .e_type = ET_DYN,
                .e_phoff = offsetof(Library, segment),
                .e_shoff = offsetof(Library, sections),
                .e_phentsize = sizeof(Elf64_Phdr),
                .e_phnum = 1,
                .e_shentsize = sizeof(Elf64_Shdr),
                .e_shnum = 3,
                .e_shstrndx = 2,
        },
        .segment = { .p_type = PT_LOAD },
        .sections = {
                { .sh_type = SHT_NULL },
                { .sh_name = 1, .sh_type = SHT_PROGBITS, .sh_addr = offsetof(Library, words) },
                { .sh_name = 12, .sh_type = SHT_STRTAB, .sh_offset = offsetof(Library, names), .sh_size = 32 },
        },
        .names = "\0.PyRuntime\0.shstrtab",
};

static void set_interpreter(Library *file, uint64_t address, uint64_t thread, int32_t enabled) {
        const int32_t initialized = 1;

        memcpy(file->runtime + TABLE_INITIALIZED, &initialized, sizeof(initialized));
        memcpy(file->runtime + TABLE_INTERPRETERS_HEAD, &address, sizeof(address));
        memcpy(file->interpreter + TABLE_THREADS_HEAD, &thread, sizeof(thread));
        memcpy(file->interpreter + TABLE_REMOTE_DEBUG, &enabled, sizeof(enabled));
}

/* Its table is shorter than the real one's runtime, so that the interpreter's address has room in it. */
static Library good_library(unsigned minor) {
        Library file = library;

        table_fill(file.words, minor, 0xf);
        set_interpreter(&file, LOADED_AT + offsetof(Library, interpreter), 1, 1);
        return file;
}

static const char *mapped_path;

static int body_map(TargetShared *shared) {
        int fd = open(mapped_path, O_RDONLY | O_CLOEXEC);

        if (mmap((void *) (uintptr_t) LOADED_AT, sizeof(Library), PROT_READ, MAP_PRIVATE | MAP_FIXED_NOREPLACE, fd,
                    0) == MAP_FAILED)
                return 1;
        /* Once more, by somebody who only reads the file. */
        if (mmap((void *) (uintptr_t) (LOADED_AT + 0x1000000), sizeof(Library), PROT_READ, MAP_PRIVATE, fd, 0) ==
                MAP_FAILED)
                return 1;
        close(fd);
        atomic_store(&shared->ready, 1);
        pause();
        return 0;
}

static char *directory;

static pid_t start_mapped(const Library *file, const char *name, char **ret_path) {
        TargetShared *shared = target_shared();
        char *path = g_build_filename(directory, name, NULL);
        pid_t pid;

        assert_true(g_file_set_contents(path, (const char *) file, sizeof(*file), NULL));
        mapped_path = path;
        pid = target_start(body_map, shared);
        target_await(&shared->ready, 0);
        *ret_path = path;
        return pid;
}

static int find_mapped(const Library *file, const char *name, PythonRuntime *ret_runtime) {
        g_autofree char *path = NULL;
        pid_t pid = start_mapped(file, name, &path);
        int r;

        r = python_runtime_find(pid, ret_runtime);
        target_kill(pid);
        assert_int_equal(unlink(path), 0);
        return r;
}

static void test_library(void **state) {
        for (unsigned minor = 14; minor <= 15; minor++) {
                Library file = good_library(minor);
                PythonRuntime runtime = { 0 };

                assert_int_equal(find_mapped(&file, "libpython3.so.1.0", &runtime), 0);
                assert_int_equal(runtime.address, LOADED_AT + offsetof(Library, words));
                assert_int_equal(runtime.minor, minor);
                assert_int_equal(runtime.micro, 8);
                assert_true(runtime.remote_debug);
                set_interpreter(&file, LOADED_AT + offsetof(Library, interpreter), 1, 0);
                assert_int_equal(find_mapped(&file, "libpython3.so.1.0", &runtime), 0);
                assert_false(runtime.remote_debug);
        }
}

static void test_not_ready(void **state) {
        Library file = good_library(14);
        PythonRuntime runtime;

        set_interpreter(&file, 0, 1, 1);
        assert_int_equal(find_mapped(&file, "libpython3.14.so", &runtime), -EAGAIN);
        set_interpreter(&file, LOADED_AT + offsetof(Library, interpreter), 0, 0);
        assert_int_equal(find_mapped(&file, "libpython3.14.so", &runtime), -EAGAIN);
}

static void test_versions(void **state) {
        Library file = good_library(13);
        PythonRuntime runtime = { 0 };

        assert_int_equal(find_mapped(&file, "libpython3.13.so", &runtime), 0);
        assert_int_equal(runtime.minor, 13);
        assert_false(runtime.remote_debug);
        file = good_library(16);
        assert_int_equal(find_mapped(&file, "libpython3.16.so", &runtime), -EOPNOTSUPP);
        assert_int_equal(runtime.minor, 16);
        file = good_library(14);
        file.words[0] = 0;
        assert_int_equal(find_mapped(&file, "libpython3.12.so.1.0", &runtime), -ENODATA);
        assert_int_equal(runtime.minor, 12);
        assert_int_equal(find_mapped(&file, "libpython.so", &runtime), -ENODATA);
        assert_int_equal(runtime.major, 0);
        file.names[1] = 'x'; /* and no such section */
        assert_int_equal(find_mapped(&file, "libpython3.9.so.1.0", &runtime), -ENODATA);
        assert_int_equal(runtime.major, 3);
        assert_int_equal(runtime.minor, 9);
        assert_int_equal(find_mapped(&file, "libpython.so", &runtime), -ENOPKG);
}

static void test_contradictions(void **state) {
        PythonRuntime runtime = { .minor = 4711 };
        Library file = good_library(14);

        file.words[0] = 0;
        assert_int_equal(find_mapped(&file, "libpython3.14.so", &runtime), -EBADMSG);
        file = good_library(14);
        file.words[89 + 2] = UINT64_MAX;
        assert_int_equal(find_mapped(&file, "libpython3.14.so", &runtime), -EBADMSG);
        file = good_library(14);
        set_interpreter(&file, 0x1000, 1, 1); /* nothing there */
        assert_int_equal(find_mapped(&file, "libpython3.14.so", &runtime), -EBADMSG);
        set_interpreter(&file, LOADED_AT + offsetof(Library, interpreter), 1, 2);
        assert_int_equal(find_mapped(&file, "libpython3.14.so", &runtime), -EBADMSG);
        file = good_library(14);
        file.sections[1].sh_addr = UINT64_MAX - 64;
        assert_int_equal(find_mapped(&file, "libpython3.14.so", &runtime), -EBADMSG);
        file = good_library(14);
        file.header.e_ident[EI_CLASS] = ELFCLASS32;
        assert_int_equal(find_mapped(&file, "libpython3.14.so", &runtime), -ENOPKG);
        assert_int_equal(runtime.minor, 4711);
}

static void test_strange_names(void **state) {
        g_autofree char *filler = g_strnfill(230, 'n'), *long_name = g_strconcat("libpython", filler, NULL);
        const char *names[] = { "libpython\n3.14\n.so", "libpython3.14.so (deleted)", "libpython 3.14", "libpython%s%n",
                long_name };
        Library file = good_library(14);

        for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
                PythonRuntime runtime = { 0 };
                assert_int_equal(find_mapped(&file, names[i], &runtime), 0);
                assert_int_equal(runtime.minor, 14);
        }
}

/* A few bytes changed, anywhere in what makes it a Python: an answer that the header names. */
static void test_random_damage(void **state) {
        const int answers[] = { 0, -ENOPKG, -ENODATA, -EOPNOTSUPP, -EAGAIN, -EBADMSG };
        g_autoptr(GRand) random = g_rand_new_with_seed(42);

        for (int i = 0; i < 300; i++) {
                Library file = good_library(14 + i % 2);
                PythonRuntime runtime;
                bool known = false;
                int r;

                for (int n = g_rand_int_range(random, 1, 6); n > 0; n--)
                        ((unsigned char *) &file)[g_rand_int_range(random, 0, offsetof(Library, interpreter))] =
                                (unsigned char) g_rand_int(random);
                r = find_mapped(&file, "libpython3.14.so", &runtime);
                for (size_t a = 0; a < G_N_ELEMENTS(answers); a++)
                        known = known || r == answers[a];
                assert_true(known);
        }
}

/* Newer interpreters, without an end or with one. */
static void test_interpreter_list(void **state) {
        const uint64_t interpreter = LOADED_AT + offsetof(Library, interpreter), newer = interpreter - 4096;
        Library file = good_library(14);
        PythonRuntime runtime;

        memcpy(file.interpreter + TABLE_INTERPRETER_NEXT, &interpreter, sizeof(interpreter));
        assert_int_equal(find_mapped(&file, "libpython3.14.so", &runtime), -EBADMSG);
        /* One that begins somewhat below it, has the id 7, and where a debugger is not let in. */
        file = good_library(14);
        memcpy(file.runtime + TABLE_INTERPRETERS_HEAD, &newer, sizeof(newer));
        memcpy(file.interpreter + TABLE_INTERPRETER_NEXT - 4096, &interpreter, sizeof(interpreter));
        file.interpreter[TABLE_INTERPRETER_ID - 4096] = 7;
        assert_int_equal(find_mapped(&file, "libpython3.14.so", &runtime), 0);
        assert_true(runtime.remote_debug);
        file.interpreter[TABLE_INTERPRETER_ID] = 8;
        assert_int_equal(find_mapped(&file, "libpython3.14.so", &runtime), -EBADMSG);
}

/* Replaced on disk: only a privileged process gets at the old file. And what stands in its place may be a trap. */
static void test_replaced(void **state) {
        Library file = good_library(14);
        g_autofree char *path = NULL, *trap = NULL;
        PythonRuntime runtime;
        pid_t pid = start_mapped(&file, "libpython3.14.so", &path);
        int r;

        assert_int_equal(unlink(path), 0);
        r = python_runtime_find(pid, &runtime);
        assert_true(r == 0 || r == -ESTALE);
        trap = g_strconcat(path, " (deleted)", NULL);
        assert_int_equal(mkfifo(trap, 0600), 0);
        assert_int_equal(python_runtime_find(pid, &runtime), r == 0 ? 0 : -ENOPKG);
        target_kill(pid);
        assert_int_equal(unlink(trap), 0);
}

static int setup(void **state) {
        directory = g_dir_make_tmp("test-python-runtime-XXXXXX", NULL);
        return directory ? target_setup(state) : -1;
}

static int teardown(void **state) {
        int r = rmdir(directory);

        g_free(directory);
        return r;
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_interpreters),
                cmocka_unit_test(test_starting),
                cmocka_unit_test(test_not_python),
                cmocka_unit_test(test_library),
                cmocka_unit_test(test_not_ready),
                cmocka_unit_test(test_versions),
                cmocka_unit_test(test_contradictions),
                cmocka_unit_test(test_strange_names),
                cmocka_unit_test(test_random_damage),
                cmocka_unit_test(test_interpreter_list),
                cmocka_unit_test(test_replaced),
        };

        return cmocka_run_group_tests(tests, setup, teardown);
}
