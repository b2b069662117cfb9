/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Calls that are interrupted, and only those; and what fails in the midst of it. */

#include "helicopter/wake.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <linux/futex.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "helicopter/process.h"
#include "lib/tracee-arch.h"
#include "lib/wake-snapshot.h"
#include "tests/unit/target.h"

long __real_ptrace(int request, ...);
long __wrap_ptrace(int request, ...);

/* The requests from fail_from on fail, fail_count of them. Counted by the tracer thread, read when it has ended. */
static int requests, fail_from, fail_count;
/* A signal for the target just before this request. */
static int signal_before;
static pid_t signal_target;

long __wrap_ptrace(int request, ...) {
        va_list ap;
        void *address, *data;
        pid_t pid;

        va_start(ap, request);
        pid = va_arg(ap, pid_t);
        address = va_arg(ap, void *);
        data = va_arg(ap, void *);
        va_end(ap);

        requests++;
        if (requests == signal_before)
                kill(signal_target, SIGUSR1);
        if (requests >= fail_from && requests < fail_from + fail_count) {
                errno = EIO;
                return -1;
        }
        return __real_ptrace(request, pid, address, data);
}

static int pipe_fds[2];

static int setup(void **state) {
        return target_setup(state) < 0 ? -1 : pipe2(pipe_fds, O_CLOEXEC);
}

static int result_of(long r) {
        return r >= 0 ? 0 : errno;
}

static int body_read(TargetShared *shared) {
        char c;

        return result_of(read(pipe_fds[0], &c, 1));
}

static int body_poll(TargetShared *shared) {
        struct pollfd fd = { .fd = pipe_fds[0], .events = POLLIN };

        return result_of(poll(&fd, 1, 1000 * 1000));
}

static int body_sleep(TargetShared *shared) {
        struct timespec until;

        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_sec += 1000;
        return clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
}

static int body_epoll(TargetShared *shared) {
        struct epoll_event event;

        return result_of(epoll_wait(epoll_create1(EPOLL_CLOEXEC), &event, 1, 1000 * 1000));
}

static int body_futex(TargetShared *shared) {
        return result_of(syscall(SYS_futex, &shared->word, FUTEX_WAIT, 0, NULL, NULL, 0));
}

static int body_wait(TargetShared *shared) {
        pid_t child = fork();

        if (child == 0) {
                pause();
                _exit(0);
        }
        if (waitpid(child, NULL, 0) == child || errno != EINTR)
                return 1;
        kill(child, SIGKILL);
        return EINTR;
}

static const struct {
        TargetBody body;
        long number;
} calls[] = {
        { body_read, SYS_read },
        { body_poll, SYS_poll },
        { body_sleep, SYS_clock_nanosleep },
        { body_epoll, SYS_epoll_wait },
        { body_futex, SYS_futex },
        { body_wait, SYS_wait4 },
};

static pid_t start_in(TargetBody body, TargetShared *shared, long number, ThreadCall *ret_call) {
        pid_t target = target_start(body, shared);

        target_await_call(target, number);
        assert_int_equal(thread_call_read(target, target, ret_call), 0);
        assert_true(ret_call->blocked);
        assert_int_equal(ret_call->number, number);
        return target;
}

static WakeSnapshot *snapshot_of(pid_t target, const ThreadCall *call) {
        WakeSnapshot *snapshot = NULL;

        assert_int_equal(wake_snapshot(target, target, call, TARGET_TIMEOUT, &snapshot), 0);
        assert_non_null(snapshot);
        target_assert_untraced(target);
        return snapshot;
}

static void assert_not_taken(pid_t target, const ThreadCall *call, int error) {
        WakeSnapshot *snapshot = NULL;

        assert_int_equal(wake_snapshot(target, target, call, TARGET_TIMEOUT, &snapshot), error);
        assert_null(snapshot);
}

static void release(pid_t target) {
        assert_int_equal(write(pipe_fds[1], "x", 1), 1);
        target_assert_exits(target, 0);
}

/* The number of stops that the thread saw before the snapshot is of no matter. */
static void test_interrupt(void **state) {
        for (size_t i = 0; i < G_N_ELEMENTS(calls); i++)
                for (int stops = 0; stops < 2; stops++) {
                        TargetShared *shared = target_shared();
                        ThreadCall call;
                        pid_t target = start_in(calls[i].body, shared, calls[i].number, &call);
                        WakeSnapshot *snapshot;

                        if (calls[i].number == SYS_epoll_wait) {
                                /* The kernel ends this one whenever it is stopped. */
                                snapshot = snapshot_of(target, &call);
                        } else {
                                for (int n = 0; n < stops; n++)
                                        target_assert_injectable(target);
                                snapshot = snapshot_of(target, &call);
                                assert_int_equal(wake_interrupt(snapshot, TARGET_TIMEOUT), 0);
                        }
                        target_assert_exits(target, EINTR);
                        assert_int_equal(wake_interrupt(snapshot, TARGET_TIMEOUT), -ESRCH);
                        wake_snapshot_free(snapshot);
                }
}

/* Without the interrupt, the call goes on as if nothing had been. */
static void test_snapshot_alone(void **state) {
        ThreadCall call;
        pid_t target = start_in(body_read, NULL, SYS_read, &call);

        for (int i = 0; i < 100; i++)
                wake_snapshot_free(snapshot_of(target, &call));
        release(target);
}

static int body_deep(TargetShared *shared) {
        unsigned char filler[2 * WAKE_STACK_MAX];
        int r;

        memset(filler, 0x5a, sizeof(filler));
        __asm__ volatile("" : : "r"(filler) : "memory");
        r = body_read(shared);
        __asm__ volatile("" : : "r"(filler) : "memory");
        return r;
}

/* Stands at the very end of its stack, a page or so of it left. */
static int body_shallow(TargetShared *shared) {
        size_t size = 256 * 1024;
        char *stack = aligned_alloc(4096, size), c;
        long r, top = (long) (uintptr_t) stack + (long) size - 512;

        __asm__ volatile("mov %%rsp, %%rbx\n\t mov %[top], %%rsp\n\t syscall\n\t mov %%rbx, %%rsp"
                : "=a"(r)
                : "a"((long) SYS_read), "D"((long) pipe_fds[0]), "S"(&c), "d"(1L), [top] "r"(top)
                : "rbx", "rcx", "r11", "memory");
        return r == 1 ? 0 : (int) -r;
}

static void test_stack(void **state) {
        ThreadCall call;
        pid_t target = start_in(body_deep, NULL, SYS_read, &call);
        WakeSnapshot *snapshot = snapshot_of(target, &call);

        assert_int_equal(snapshot->stack_size, WAKE_STACK_MAX);
        assert_int_equal(snapshot->stack[WAKE_STACK_MAX - 1], 0x5a);
        assert_int_equal(tracee_arch_stack_pointer(&snapshot->registers), call.stack_pointer);
        wake_snapshot_free(snapshot);
        release(target);

        target = start_in(body_shallow, NULL, SYS_read, &call);
        snapshot = snapshot_of(target, &call);
        assert_true(snapshot->stack_size >= 512);
        wake_snapshot_free(snapshot);
        release(target);
}

static int body_two_reads(TargetShared *shared) {
        int r = body_read(shared);

        return r ? r : body_poll(shared);
}

/* It has left the call; or is in another one; or in none. */
static void test_not_in_call(void **state) {
        ThreadCall call;
        pid_t target = start_in(body_two_reads, NULL, SYS_read, &call);
        WakeSnapshot *snapshot = snapshot_of(target, &call);

        assert_int_equal(write(pipe_fds[1], "x", 1), 1);
        target_await_call(target, SYS_poll);
        assert_int_equal(wake_interrupt(snapshot, TARGET_TIMEOUT), -EAGAIN);
        assert_not_taken(target, &call, -EAGAIN);
        assert_not_taken(target, &(ThreadCall) { 0 }, -EAGAIN);
        wake_snapshot_free(snapshot);
        release(target);
        assert_int_equal(read(pipe_fds[0], &(char) { 0 }, 1), 1);
}

static int body_spin(TargetShared *shared) {
        while (!atomic_load(&shared->go))
                atomic_fetch_add(&shared->count, 1);
        return 0;
}

static void test_computing(void **state) {
        TargetShared *shared = target_shared();
        pid_t target = target_start(body_spin, shared);
        ThreadCall call = { .blocked = true, .number = SYS_read };

        target_await(&shared->count, 0);
        assert_not_taken(target, &call, -EAGAIN);
        atomic_store(&shared->go, 1);
        target_assert_exits(target, 0);
        assert_not_taken(target, &call, -ESRCH);
}

static int body_connect(TargetShared *shared) {
        struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "\0helicopter-wake" };
        socklen_t length = sizeof(struct sockaddr_in);
        int listener = socket(AF_UNIX, SOCK_STREAM, 0), one = socket(AF_UNIX, SOCK_STREAM, 0),
            other = socket(AF_UNIX, SOCK_STREAM, 0);

        address.sun_path[1] = (char) getpid();
        if (listener < 0 || one < 0 || other < 0)
                return 1;
        if (bind(listener, (struct sockaddr *) &address, length) < 0 || listen(listener, 0) < 0)
                return 2;
        if (connect(one, (struct sockaddr *) &address, length) < 0)
                return 3;
        return connect(other, (struct sockaddr *) &address, length) < 0 ? 4 : 5;
}

/* An address as long as an Internet one. */
static void test_local_connect(void **state) {
        ThreadCall call;
        pid_t target = start_in(body_connect, NULL, SYS_connect, &call);

        assert_int_equal(wake_kind(&call), WAKE_RESUMED);
        assert_not_taken(target, &call, -EOPNOTSUPP);
        target_assert_untraced(target);
        target_await_call(target, SYS_connect);
        target_kill(target);
}

static void test_group_stop(void **state) {
        ThreadCall call;
        pid_t target = start_in(body_read, NULL, SYS_read, &call);
        WakeSnapshot *snapshot;

        assert_int_equal(kill(target, SIGSTOP), 0);
        target_await_state(target, 'T');
        snapshot = snapshot_of(target, &call);
        target_await_state(target, 'T');
        assert_int_equal(wake_interrupt(snapshot, TARGET_TIMEOUT), 0);
        target_await_state(target, 'T');
        target_assert_untraced(target);
        assert_int_equal(kill(target, SIGCONT), 0);
        target_assert_exits(target, EINTR);
        wake_snapshot_free(snapshot);
}

static int body_traced(TargetShared *shared) {
        ptrace(PTRACE_TRACEME, 0, NULL, NULL);
        return body_read(shared);
}

static void test_busy(void **state) {
        ThreadCall call;
        pid_t target = start_in(body_traced, NULL, SYS_read, &call);

        assert_not_taken(target, &call, -EBUSY);
        release(target);
}

static void test_signals_not_blocked(void **state) {
        ThreadCall call;
        pid_t target = start_in(body_read, NULL, SYS_read, &call);
        sigset_t child;

        sigemptyset(&child);
        sigaddset(&child, SIGCHLD);
        sigprocmask(SIG_UNBLOCK, &child, NULL);
        assert_not_taken(target, &call, -EDEADLK);
        sigprocmask(SIG_BLOCK, &child, NULL);
        release(target);
}

static void reset(int from, int count) {
        requests = 0;
        fail_from = from;
        fail_count = count;
}

/* Each request of a snapshot fails in turn: the call goes on. */
static void test_failing_snapshot(void **state) {
        ThreadCall call;
        pid_t target = start_in(body_read, NULL, SYS_read, &call);
        int failures = 0;

        for (int count = 1; count <= 3; count++) {
                bool all = false;

                for (int from = 1; !all; from++) {
                        WakeSnapshot *snapshot = NULL;
                        int r;

                        reset(from, count);
                        r = wake_snapshot(target, target, &call, TARGET_TIMEOUT, &snapshot);
                        all = requests < from;
                        reset(0, 0);
                        assert_true(r == 0 ? !!snapshot : !snapshot);
                        wake_snapshot_free(snapshot);
                        failures += r < 0;
                        target_await_call(target, SYS_read);
                        target_assert_untraced(target);
                }
        }
        assert_true(failures >= 8);
        target_assert_injectable(target);
        release(target);
}

/* The same of an interrupt: the call goes on, or has ended with EINTR if that was said. */
static void test_failing_interrupt(void **state) {
        int failures = 0;
        bool all = false;

        for (int from = 1; !all; from++)
                for (int count = 1; count <= 2; count++) {
                        ThreadCall call;
                        pid_t target = start_in(body_read, NULL, SYS_read, &call);
                        WakeSnapshot *snapshot = snapshot_of(target, &call);
                        int r;

                        reset(from, count);
                        r = wake_interrupt(snapshot, TARGET_TIMEOUT);
                        all = requests < from;
                        reset(0, 0);
                        wake_snapshot_free(snapshot);
                        failures += r < 0;
                        if (r < 0) {
                                target_await_call(target, SYS_read);
                                target_assert_untraced(target);
                                target_assert_injectable(target);
                                release(target);
                        } else
                                target_assert_exits(target, EINTR);
                }
        assert_true(failures >= 4);
}

static TargetShared *handler_shared;

static void count_signal(int signal) {
        atomic_fetch_add(&handler_shared->count, 1);
}

static int body_handle(TargetShared *shared) {
        struct sigaction action = { .sa_handler = count_signal, .sa_flags = SA_RESTART };

        handler_shared = shared;
        sigaction(SIGUSR1, &action, NULL);
        return body_read(shared);
}

/* A signal arrives before each request in turn: it is delivered, once, whatever becomes of the call. */
static void test_signal_before_each(void **state) {
        int before = 1;
        bool all = false;

        for (; !all; before++) {
                TargetShared *shared = target_shared();
                ThreadCall call;
                pid_t target = start_in(body_handle, shared, SYS_read, &call);
                WakeSnapshot *snapshot = NULL;
                int r;

                reset(0, 0);
                signal_target = target;
                signal_before = before;
                r = wake_snapshot(target, target, &call, TARGET_TIMEOUT, &snapshot);
                if (r == 0)
                        r = wake_interrupt(snapshot, TARGET_TIMEOUT);
                signal_before = 0;
                all = requests < before;
                assert_true(r == 0 || r == -EAGAIN);
                if (!all)
                        target_await(&shared->count, 0);
                if (r == 0)
                        target_assert_exits(target, EINTR);
                else
                        release(target);
                assert_int_equal(atomic_load(&shared->count), all ? 0 : 1);
                wake_snapshot_free(snapshot);
        }
        assert_true(before > 8);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_interrupt),
                cmocka_unit_test(test_snapshot_alone),
                cmocka_unit_test(test_stack),
                cmocka_unit_test(test_not_in_call),
                cmocka_unit_test(test_computing),
                cmocka_unit_test(test_local_connect),
                cmocka_unit_test(test_group_stop),
                cmocka_unit_test(test_busy),
                cmocka_unit_test(test_signals_not_blocked),
                cmocka_unit_test(test_failing_snapshot),
                cmocka_unit_test(test_failing_interrupt),
                cmocka_unit_test(test_signal_before_each),
        };

        return cmocka_run_group_tests(tests, setup, NULL);
}
