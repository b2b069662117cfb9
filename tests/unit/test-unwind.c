/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* helicopter-unwind itself, on children of this program. */

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "helicopter/cleanup.h"
#include "helicopter/wake.h"
#include "lib/tracee-arch.h"
#include "lib/wake-snapshot.h"
#include "tests/unit/target.h"

static int body_poll(TargetShared *shared) {
        return poll(NULL, 0, 1000 * 1000);
}

static WakeSnapshot *snapshot_of(pid_t target, ThreadCall *ret_call) {
        WakeSnapshot *snapshot;

        target_await_call(target, SYS_poll);
        assert_int_equal(thread_call_read(target, target, ret_call), 0);
        assert_int_equal(wake_snapshot(target, target, ret_call, TARGET_TIMEOUT, &snapshot), 0);
        return snapshot;
}

/* What it says, whole; and how it ends. */
static char *say(const WakeSnapshot *snapshot, int *ret_status) {
        g_autofree char *output = g_malloc0(WAKE_ORIGIN_MAX + 1);
        struct pollfd poll_fd = { .events = POLLIN };
        autofd fd = -1;
        size_t size = 0;
        ssize_t n;
        pid_t pid;

        assert_int_equal(wake_origin_start(snapshot, &pid, &fd), 0);
        assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
        poll_fd.fd = fd;
        do {
                assert_int_equal(poll(&poll_fd, 1, TARGET_TIMEOUT / 1000), 1);
                n = read(fd, output + size, WAKE_ORIGIN_MAX - size);
                assert_true(n >= 0);
                size += (size_t) n;
        } while (n > 0);
        assert_int_equal(waitpid(pid, ret_status, 0), pid);
        return g_steal_pointer(&output);
}

static void assert_silent(const WakeSnapshot *snapshot) {
        int status;
        g_autofree char *output = say(snapshot, &status);

        assert_string_equal(output, "");
        assert_true(WIFEXITED(status));
        assert_int_not_equal(WEXITSTATUS(status), 0);
}

static void test_frames(void **state) {
        g_autofree char *self = g_file_read_link("/proc/self/exe", NULL), *line = NULL, *output = NULL, *caller = NULL;
        pid_t target = target_start(body_poll, NULL);
        ThreadCall call;
        WakeSnapshot *snapshot = snapshot_of(target, &call);
        int status;

        output = say(snapshot, &status);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
        line = g_strdup_printf("\n%s\t", self);
        assert_non_null(strstr(output, line));
        assert_non_null(strstr(output, "poll\t\n"));
        assert_int_equal(wake_origin_parse(output, &call, &caller), 0);
        assert_string_equal(caller, "test-unwind");
        wake_snapshot_free(snapshot);
        target_kill(target);
}

/* The parent's blocked signals are not passed on: its deadline would not end it. */
static void test_signal_mask(void **state) {
        pid_t target = target_start(body_poll, NULL), pid;
        ThreadCall call;
        WakeSnapshot *snapshot = snapshot_of(target, &call);
        autofd fd = -1;
        char mask[17] = { 0 };
        int n = 0;

        assert_int_equal(setenv("HELICOPTER_UNWIND", "/proc/self/exe", 1), 0);
        signal(SIGPIPE, SIG_IGN);
        assert_int_equal(wake_origin_start(snapshot, &pid, &fd), 0);
        signal(SIGPIPE, SIG_DFL);
        assert_int_equal(poll(&(struct pollfd) { .fd = fd, .events = POLLIN }, 1, TARGET_TIMEOUT / 1000), 1);
        n = (int) read(fd, mask, sizeof(mask) - 1);
        assert_int_equal(n, 2);
        assert_string_equal(mask, "00");
        assert_int_equal(waitpid(pid, NULL, 0), pid);
        unsetenv("HELICOPTER_UNWIND");
        wake_snapshot_free(snapshot);
        target_kill(target);
}

/* This program in place of helicopter-unwind: whether SIGCHLD is blocked, and SIGPIPE ignored. */
static int say_mask(void) {
        struct sigaction action;
        sigset_t mask;

        sigprocmask(SIG_SETMASK, NULL, &mask);
        sigaction(SIGPIPE, NULL, &action);
        printf("%d%d", sigismember(&mask, SIGCHLD), action.sa_handler == SIG_IGN);
        return 0;
}

static void test_bad_snapshots(void **state) {
        pid_t target = target_start(body_poll, NULL);
        ThreadCall call;
        WakeSnapshot *good = snapshot_of(target, &call);
        g_autofree WakeSnapshot *bad = g_memdup2(good, sizeof(*good));

        bad->magic++;
        assert_silent(bad);
        bad->magic = good->magic;
        bad->registers.size = 1;
        assert_silent(bad);
        bad->registers.size = good->registers.size;
        bad->pid = 0x7ffffff0;
        assert_silent(bad);
        bad->pid = good->pid;
        tracee_arch_set_program_counter(&bad->registers, 0x1000);
        assert_silent(bad);
        wake_snapshot_free(good);
        target_kill(target);
}

/* Frames lead out of what is there of the stack, or back into it for ever. */
static void test_bad_stacks(void **state) {
        pid_t target = target_start(body_poll, NULL);
        ThreadCall call;
        WakeSnapshot *good = snapshot_of(target, &call);
        g_autofree WakeSnapshot *bad = g_memdup2(good, sizeof(*good));
        g_autofree char *output = NULL, *caller = NULL;
        int status;

        bad->stack_size = 8;
        output = say(bad, &status);
        assert_int_equal(wake_origin_parse(output, &call, &caller), 0);
        for (int fill = 0; fill < 256; fill += 85) {
                g_autofree char *said = NULL;

                memset(bad->stack, fill, sizeof(bad->stack));
                bad->stack_size = WAKE_STACK_MAX;
                said = say(bad, &status);
                assert_true(WIFEXITED(status));
                g_clear_pointer(&caller, g_free);
                assert_int_equal(wake_origin_parse(said, &call, &caller), 0);
        }
        wake_snapshot_free(good);
        target_kill(target);
}

/* poll() is called by code in an anonymous mapping, or in one of a file that has no path and is no ELF file. */
static int call_from(int fd, bool anonymous) {
        static const unsigned char code[] = {
                0x48,
                0x83,
                0xec,
                0x08, /* sub $8, %rsp */
                0xff,
                0xd7, /* call *%rdi */
                0x48,
                0x83,
                0xc4,
                0x08, /* add $8, %rsp */
                0xc3, /* ret */
        };
        void (*call)(int (*)(TargetShared *));
        void *page;

        if (ftruncate(fd, sizeof(code)) < 0 || pwrite(fd, code, sizeof(code), 0) != sizeof(code))
                return 1;
        page = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
        if (page == MAP_FAILED)
                return 2;
        if (anonymous) {
                page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
                memcpy(page, code, sizeof(code));
                mprotect(page, 4096, PROT_READ | PROT_EXEC);
        }
        memcpy(&call, &page, sizeof(call));
        call(body_poll);
        return 0;
}

static int body_anonymous(TargetShared *shared) {
        return call_from(memfd_create("code", MFD_CLOEXEC), true);
}

static int body_memfd(TargetShared *shared) {
        return call_from(memfd_create("code", MFD_CLOEXEC), false);
}

static void test_strange_code(void **state) {
        const TargetBody bodies[] = { body_anonymous, body_memfd };

        for (size_t i = 0; i < G_N_ELEMENTS(bodies); i++) {
                pid_t target = target_start(bodies[i], NULL);
                ThreadCall call;
                WakeSnapshot *snapshot = snapshot_of(target, &call);
                g_autofree char *output = NULL, *caller = NULL;
                int status;

                output = say(snapshot, &status);
                assert_true(WIFEXITED(status));
                assert_null(strstr(output, "memfd"));
                assert_int_equal(wake_origin_parse(output, &call, &caller), 0);
                wake_snapshot_free(snapshot);
                target_kill(target);
        }
}

static void test_no_program(void **state) {
        pid_t target = target_start(body_poll, NULL);
        ThreadCall call;
        WakeSnapshot *snapshot = snapshot_of(target, &call);
        g_autofree char *program = g_strdup(g_getenv("HELICOPTER_UNWIND"));

        setenv("HELICOPTER_UNWIND", "/no/such/program", 1);
        assert_silent(snapshot);
        setenv("HELICOPTER_UNWIND", program, 1);
        wake_snapshot_free(snapshot);
        target_kill(target);
}

int main(int argc, char *argv[]) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_frames),
                cmocka_unit_test(test_bad_snapshots),
                cmocka_unit_test(test_bad_stacks),
                cmocka_unit_test(test_strange_code),
                cmocka_unit_test(test_no_program),
                cmocka_unit_test(test_signal_mask),
        };

        if (g_str_has_suffix(g_getenv("HELICOPTER_UNWIND"), "self/exe"))
                return say_mask();
        return cmocka_run_group_tests(tests, target_setup, NULL);
}
