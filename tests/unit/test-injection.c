/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Targets that are injected into and must not notice: what they were doing goes on as it would have. */

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "helicopter/injection.h"
#include "helicopter/process.h"
#include "helicopter/yama.h"
#include "tests/unit/target.h"

#define SLEEP_MS 300

static int pipe_fds[2];

static void ignore_signal(int signal) {
}

/* The bodies of targets that block. They return 0 if their call ended as it should have. */

static int elapsed_ms(const struct timespec *since) {
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (int) ((now.tv_sec - since->tv_sec) * 1000 + (now.tv_nsec - since->tv_nsec) / 1000000);
}

static int body_sleep(TargetShared *shared) {
        struct timespec began, span = { .tv_nsec = SLEEP_MS * 1000000L };

        clock_gettime(CLOCK_MONOTONIC, &began);
        if (clock_nanosleep(CLOCK_MONOTONIC, 0, &span, NULL) != 0)
                return 1;
        return elapsed_ms(&began) < SLEEP_MS ? 2 : 0;
}

static int body_poll_timeout(TargetShared *shared) {
        struct pollfd poll_fd = { .fd = pipe_fds[0], .events = POLLIN };
        struct timespec began;

        clock_gettime(CLOCK_MONOTONIC, &began);
        if (poll(&poll_fd, 1, SLEEP_MS) != 0)
                return 1;
        return elapsed_ms(&began) < SLEEP_MS ? 2 : 0;
}

static int body_read(TargetShared *shared) {
        char c = 0;

        return read(pipe_fds[0], &c, 1) == 1 && c == 'x' ? 0 : 1;
}

static int body_futex(TargetShared *shared) {
        return syscall(SYS_futex, &shared->word, FUTEX_WAIT, 0, NULL, NULL, 0) == 0 ? 0 : 1;
}

static int body_pause(TargetShared *shared) {
        signal(SIGUSR1, ignore_signal);
        atomic_store(&shared->ready, 1);
        return pause() == -1 && errno == EINTR ? 0 : 1;
}

/* SIGUSR1 gets through during the call only; SIGUSR2 does not at all, and is pending. */
static void block_user_signals(sigset_t *ret_during) {
        sigset_t both;

        signal(SIGUSR1, ignore_signal);
        signal(SIGUSR2, ignore_signal);
        sigemptyset(&both);
        sigaddset(&both, SIGUSR1);
        sigaddset(&both, SIGUSR2);
        sigprocmask(SIG_BLOCK, &both, NULL);
        raise(SIGUSR2);
        sigemptyset(ret_during);
        sigaddset(ret_during, SIGUSR2);
}

static int mask_is_kept(void) {
        sigset_t blocked;

        sigprocmask(SIG_SETMASK, NULL, &blocked);
        return sigismember(&blocked, SIGUSR1) && sigismember(&blocked, SIGUSR2);
}

static int body_ppoll(TargetShared *shared) {
        struct pollfd poll_fd = { .fd = pipe_fds[0], .events = POLLIN };
        sigset_t during;

        block_user_signals(&during);
        if (ppoll(&poll_fd, 1, NULL, &during) != -1 || errno != EINTR)
                return 1;
        return mask_is_kept() ? 0 : 2;
}

static int body_sigsuspend(TargetShared *shared) {
        sigset_t during;

        block_user_signals(&during);
        if (sigsuspend(&during) != -1 || errno != EINTR)
                return 1;
        return mask_is_kept() ? 0 : 2;
}

static void release_write(pid_t target, TargetShared *shared) {
        assert_int_equal(write(pipe_fds[1], "x", 1), 1);
}

static void release_futex(pid_t target, TargetShared *shared) {
        target_wake(shared);
}

static void release_signal(pid_t target, TargetShared *shared) {
        assert_int_equal(kill(target, SIGUSR1), 0);
}

typedef struct Blocked {
        const char *name;
        TargetBody body;
        long number;
        void (*release)(pid_t target, TargetShared *shared); /* NULL: it ends by itself, in time */
} Blocked;

static const Blocked blocked_calls[] = {
        { "clock_nanosleep", body_sleep, SYS_clock_nanosleep, NULL },
        { "poll", body_poll_timeout, SYS_poll, NULL },
        { "read", body_read, SYS_read, release_write },
        { "futex", body_futex, SYS_futex, release_futex },
        { "pause", body_pause, SYS_pause, release_signal },
        { "ppoll", body_ppoll, SYS_ppoll, release_signal },
        { "rt_sigsuspend", body_sigsuspend, SYS_rt_sigsuspend, release_signal },
};

/* Injected into all the time: the sleep would never end if it began anew. */
static void inject_until_end(pid_t target) {
        gint64 deadline = g_get_monotonic_time() + TARGET_TIMEOUT;
        long result;
        int r;

        do {
                assert_true(g_get_monotonic_time() < deadline);
                r = target_call(target, SYS_getpid, &result);
                if (r == 0)
                        assert_int_equal(result, target);
        } while (r == 0);
        assert_int_equal(r, -ESRCH);
}

static void test_blocked_calls(void **state) {
        for (size_t i = 0; i < G_N_ELEMENTS(blocked_calls); i++) {
                const Blocked *blocked = &blocked_calls[i];
                TargetShared *shared = target_shared();
                pid_t target;

                assert_int_equal(pipe(pipe_fds), 0);
                target = target_start(blocked->body, shared);
                target_await_call(target, blocked->number);
                if (blocked->release) {
                        for (int n = 0; n < 20; n++)
                                target_assert_injectable(target);
                        target_await_call(target, blocked->number);
                        blocked->release(target, shared);
                } else
                        inject_until_end(target);
                target_assert_exits(target, 0);
                close(pipe_fds[0]);
                close(pipe_fds[1]);
        }
}

static void test_arguments(void **state) {
        size_t page = (size_t) sysconf(_SC_PAGESIZE);
        g_autofree char *path = NULL, *maps = NULL, *line = NULL;
        Syscall call = { .number = SYS_mmap };
        pid_t target;
        long result;
        int fd;

        assert_int_equal(pipe(pipe_fds), 0);
        fd = memfd_create("arguments", 0);
        assert_true(fd >= 0);
        target = target_start(body_read, NULL);
        target_await_call(target, SYS_read);
        call.arguments[0] = 0x10000000;
        call.arguments[1] = 3 * page;
        call.arguments[2] = PROT_READ;
        call.arguments[3] = MAP_SHARED | MAP_FIXED_NOREPLACE;
        call.arguments[4] = (unsigned long) fd;
        call.arguments[5] = 5 * page;
        assert_int_equal(injection_call(target, &call, TARGET_TIMEOUT, &result), 0);
        assert_int_equal(result, 0x10000000);
        path = g_strdup_printf("/proc/%d/maps", target);
        assert_true(g_file_get_contents(path, &maps, NULL, NULL));
        line = g_strdup_printf("10000000-%zx r--s %08zx", 0x10000000 + 3 * page, 5 * page);
        assert_non_null(strstr(maps, line));
        release_write(target, NULL);
        target_assert_exits(target, 0);
        close(fd);
        close(pipe_fds[0]);
        close(pipe_fds[1]);
}

/* Static, so that they are found without a register. */
static uint64_t seen[14];
static uint64_t seen_vector[4];

/* Fill the registers, stay in the loop for a while, and compare. */
static bool registers_keep(void) {
        bool same = true;

        __asm__ volatile(
                "mov $1, %%rax\n\t mov $2, %%rbx\n\t mov $4, %%rdx\n\t mov $5, %%rsi\n\t mov $6, %%rdi\n\t"
                "mov $7, %%r8\n\t mov $8, %%r9\n\t mov $9, %%r10\n\t mov $10, %%r11\n\t mov $11, %%r12\n\t"
                "mov $12, %%r13\n\t mov $13, %%r14\n\t mov $14, %%r15\n\t"
                "movq %%r13, %%xmm0\n\t movq %%r14, %%xmm7\n\t movq %%r12, %%xmm8\n\t movq %%r11, %%xmm15\n\t"
                "mov $3000, %%rcx\n\t"
                "stc\n"
                "1: dec %%rcx\n\t" /* leaves the carry flag */
                "jnz 1b\n\t"
                "mov %%rax, 0+%[seen]\n\t mov %%rbx, 8+%[seen]\n\t mov %%rcx, 16+%[seen]\n\t mov %%rdx, 24+%[seen]\n\t"
                "mov %%rsi, 32+%[seen]\n\t mov %%rdi, 40+%[seen]\n\t mov %%r8, 48+%[seen]\n\t mov %%r9, 56+%[seen]\n\t"
                "mov %%r10, 64+%[seen]\n\t mov %%r11, 72+%[seen]\n\t mov %%r12, 80+%[seen]\n\t"
                "mov %%r13, 88+%[seen]\n\t mov %%r14, 96+%[seen]\n\t"
                "setc 104+%[seen]\n\t"
                "movq %%xmm0, 0+%[vector]\n\t movq %%xmm7, 8+%[vector]\n\t"
                "movq %%xmm8, 16+%[vector]\n\t movq %%xmm15, 24+%[vector]\n\t"
                : [seen] "=m"(seen), [vector] "=m"(seen_vector)
                :
                : "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
                "xmm0", "xmm7", "xmm8", "xmm15", "cc", "memory");
        for (size_t i = 0; i < 13; i++)
                same = same && seen[i] == (i == 2 ? 0 : i + 1);
        return same && (seen[13] & 0xff) == 1 && seen_vector[0] == 12 && seen_vector[1] == 13 && seen_vector[2] == 11 &&
                seen_vector[3] == 10;
}

static int body_compute(TargetShared *shared) {
        while (!atomic_load(&shared->go)) {
                if (!registers_keep())
                        return 1;
                atomic_fetch_add(&shared->count, 1);
        }
        return 0;
}

static void test_computing(void **state) {
        TargetShared *shared = target_shared();
        pid_t target = target_start(body_compute, shared);

        target_await(&shared->count, 0);
        for (int i = 0; i < 500; i++)
                target_assert_injectable(target);
        target_await(&shared->count, atomic_load(&shared->count));
        atomic_store(&shared->go, 1);
        target_assert_exits(target, 0);
}

static TargetShared *handler_shared;

/* Queued real-time signals come in order, each with its number. */
static void count_signal(int signal, siginfo_t *info, void *context) {
        if (info->si_value.sival_int != atomic_fetch_add(&handler_shared->count, 1))
                atomic_store(&handler_shared->bad, 1);
}

static int body_count(TargetShared *shared) {
        struct sigaction action = { .sa_sigaction = count_signal, .sa_flags = SA_SIGINFO };

        handler_shared = shared;
        sigaction(SIGRTMIN, &action, NULL);
        atomic_store(&shared->ready, 1);
        while (!atomic_load(&shared->go))
                if (!registers_keep())
                        return 1;
        return atomic_load(&shared->bad);
}

/* A sender beside the test; at most `ahead` signals are on their way. */
static pid_t start_sender(pid_t target, TargetShared *shared, int total, int ahead) {
        pid_t pid = fork();

        assert_true(pid >= 0);
        if (pid > 0)
                return pid;
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (int i = 0; i < total; i++) {
                while (i - atomic_load(&shared->count) >= ahead)
                        sched_yield();
                if (sigqueue(target, SIGRTMIN, (union sigval) { .sival_int = i }) < 0)
                        _exit(1);
        }
        _exit(0);
}

static void test_signal_storm(void **state) {
        enum { TOTAL = 1000 };
        TargetShared *shared = target_shared();
        pid_t target = target_start(body_count, shared), sender;
        long result;

        target_await(&shared->ready, 0);
        sender = start_sender(target, shared, TOTAL, 1);
        while (atomic_load(&shared->count) < TOTAL) {
                assert_int_equal(target_call(target, SYS_getpid, &result), 0);
                assert_int_equal(result, target);
        }
        atomic_store(&shared->go, 1);
        target_assert_exits(sender, 0);
        target_assert_exits(target, 0);
        assert_int_equal(atomic_load(&shared->count), TOTAL);
}

/* Several signals wait each time the target is stopped. */
static void test_signal_bursts(void **state) {
        TargetShared *shared = target_shared();
        pid_t target = target_start(body_count, shared);
        int sent = 0;

        target_await(&shared->ready, 0);
        for (int i = 0; i < 200; i++) {
                for (int n = 0; n < 5; n++)
                        assert_int_equal(sigqueue(target, SIGRTMIN, (union sigval) { .sival_int = sent++ }), 0);
                target_assert_injectable(target);
        }
        while (atomic_load(&shared->count) < sent)
                target_await(&shared->count, atomic_load(&shared->count));
        atomic_store(&shared->go, 1);
        target_assert_exits(target, 0);
        assert_int_equal(atomic_load(&shared->count), sent);
}

static int body_ignore_trap(TargetShared *shared) {
        struct sigaction action;

        signal(SIGTRAP, SIG_IGN);
        if (body_read(shared) != 0)
                return 1;
        sigaction(SIGTRAP, NULL, &action);
        return action.sa_handler == SIG_IGN ? 0 : 2;
}

static int body_block_trap(TargetShared *shared) {
        struct sigaction action;
        sigset_t trap;

        signal(SIGTRAP, ignore_signal);
        sigemptyset(&trap);
        sigaddset(&trap, SIGTRAP);
        sigprocmask(SIG_BLOCK, &trap, NULL);
        if (body_read(shared) != 0)
                return 1;
        sigaction(SIGTRAP, NULL, &action);
        sigprocmask(SIG_SETMASK, NULL, &trap);
        return action.sa_handler == ignore_signal && sigismember(&trap, SIGTRAP) ? 0 : 2;
}

static void test_sigtrap(void **state) {
        const TargetBody bodies[] = { body_ignore_trap, body_block_trap };

        for (size_t i = 0; i < G_N_ELEMENTS(bodies); i++) {
                pid_t target;

                assert_int_equal(pipe(pipe_fds), 0);
                target = target_start(bodies[i], NULL);
                target_await_call(target, SYS_read);
                target_assert_injectable(target);
                release_write(target, NULL);
                target_assert_exits(target, 0);
                close(pipe_fds[0]);
                close(pipe_fds[1]);
        }
}

static void assert_report(pid_t target, int options, int code) {
        siginfo_t info = { 0 };

        assert_int_equal(waitid(P_PID, (id_t) target, &info, options), 0);
        assert_int_equal(info.si_pid, code ? target : 0);
        assert_int_equal(info.si_code, code);
}

static void test_group_stop(void **state) {
        pid_t target;

        assert_int_equal(pipe(pipe_fds), 0);
        target = target_start(body_read, NULL);
        target_await_call(target, SYS_read);
        for (int i = 0; i < 20; i++) {
                assert_int_equal(kill(target, SIGSTOP), 0);
                target_await_state(target, 'T');
                if (i % 2 == 0)
                        assert_report(target, WSTOPPED, CLD_STOPPED);
                target_assert_injectable(target);
                target_await_state(target, 'T');
                /* Reported to its parent exactly once. */
                assert_report(target, WSTOPPED | WNOHANG, i % 2 == 0 ? 0 : CLD_STOPPED);
                assert_report(target, WSTOPPED | WNOHANG, 0);
                assert_int_equal(kill(target, SIGCONT), 0);
                assert_report(target, WCONTINUED, CLD_CONTINUED);
                target_await_call(target, SYS_read);
        }
        release_write(target, NULL);
        target_assert_exits(target, 0);
        close(pipe_fds[0]);
        close(pipe_fds[1]);
}

/* Stops and continuations arrive in the midst of injections. */
static void test_stop_storm(void **state) {
        TargetShared *shared = target_shared();
        pid_t target = target_start(body_compute, shared), sender;

        target_await(&shared->count, 0);
        sender = fork();
        assert_true(sender >= 0);
        if (sender == 0) {
                prctl(PR_SET_PDEATHSIG, SIGKILL);
                for (int i = 0; i < 3000; i++) {
                        kill(target, i % 2 ? SIGCONT : i % 4 ? SIGSTOP : SIGTSTP);
                        sched_yield();
                }
                _exit(0);
        }
        while (waitpid(sender, NULL, WNOHANG) == 0)
                target_assert_injectable(target);
        assert_int_equal(kill(target, SIGCONT), 0);
        target_await(&shared->count, atomic_load(&shared->count));
        atomic_store(&shared->go, 1);
        target_assert_exits(target, 0);
}

static void *thread_body(void *data) {
        TargetShared *shared = data;

        atomic_store(&shared->ready, (int) syscall(SYS_gettid));
        body_compute(shared);
        return NULL;
}

static int body_threads(TargetShared *shared) {
        pthread_t thread;

        if (pthread_create(&thread, NULL, thread_body, shared) != 0)
                return 1;
        pthread_join(thread, NULL);
        return 0;
}

static void test_other_thread(void **state) {
        TargetShared *shared = target_shared();
        pid_t target = target_start(body_threads, shared), thread;
        long result;

        target_await(&shared->ready, 0);
        thread = atomic_load(&shared->ready);
        for (int i = 0; i < 20; i++) {
                assert_int_equal(target_call(thread, SYS_gettid, &result), 0);
                assert_int_equal(result, thread);
                assert_int_equal(target_call(target, SYS_gettid, &result), 0);
                assert_int_equal(result, target);
        }
        atomic_store(&shared->go, 1);
        target_assert_exits(target, 0);
}

static void test_set_ptracer(void **state) {
        int expected = yama_ptrace_scope() >= 0 ? 0 : -EINVAL;
        pid_t target;

        assert_int_equal(pipe(pipe_fds), 0);
        target = target_start(body_read, NULL);
        target_await_call(target, SYS_read);
        assert_int_equal(injection_set_ptracer(target, getpid(), TARGET_TIMEOUT), expected);
        assert_int_equal(injection_set_ptracer(target, 0, TARGET_TIMEOUT), expected);
        /* No such process; and never "any process". */
        assert_int_equal(injection_set_ptracer(target, 0x7ffffff0, TARGET_TIMEOUT), -EINVAL);
        assert_int_equal(injection_set_ptracer(target, -1, TARGET_TIMEOUT), -EINVAL);
        release_write(target, NULL);
        target_assert_exits(target, 0);
        close(pipe_fds[0]);
        close(pipe_fds[1]);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_blocked_calls),
                cmocka_unit_test(test_arguments),
                cmocka_unit_test(test_computing),
                cmocka_unit_test(test_signal_storm),
                cmocka_unit_test(test_signal_bursts),
                cmocka_unit_test(test_sigtrap),
                cmocka_unit_test(test_group_stop),
                cmocka_unit_test(test_stop_storm),
                cmocka_unit_test(test_other_thread),
                cmocka_unit_test(test_set_ptracer),
        };

        return cmocka_run_group_tests(tests, target_setup, NULL);
}
