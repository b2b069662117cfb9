/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Targets that cannot be injected into, or that change while it happens: the right error, and no harm done. */

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/rseq.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "helicopter/injection.h"
#include "helicopter/process.h"
#include "tests/unit/target.h"

#ifndef PR_SET_SYSCALL_USER_DISPATCH
#define PR_SET_SYSCALL_USER_DISPATCH 59
#define PR_SYS_DISPATCH_ON 1
#endif

#define SHORT_TIMEOUT (100 * 1000)

static int pipe_fds[2];

static void open_pipe(void) {
        assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
}

static void close_pipe(void) {
        close(pipe_fds[0]);
        close(pipe_fds[1]);
}

static int body_read(TargetShared *shared) {
        char c = 0;

        return read(pipe_fds[0], &c, 1) == 1 ? 0 : 1;
}

static void release(pid_t target) {
        assert_int_equal(write(pipe_fds[1], "x", 1), 1);
        target_assert_exits(target, 0);
}

static void assert_refused(pid_t target, int error) {
        long result = 4711;

        assert_int_equal(target_call(target, SYS_getpid, &result), error);
        assert_int_equal(result, 4711);
}

static void test_no_such_process(void **state) {
        assert_refused(0x7ffffff0, -ESRCH);
}

static void test_own_process(void **state) {
        assert_refused(getpid(), -EPERM);
}

static int body_return(TargetShared *shared) {
        return 17;
}

static void test_zombie(void **state) {
        siginfo_t info;
        pid_t target = target_start(body_return, NULL);

        assert_int_equal(waitid(P_PID, (id_t) target, &info, WEXITED | WNOWAIT), 0);
        assert_refused(target, -ESRCH);
        target_assert_exits(target, 17);
}

static void test_signal_not_blocked(void **state) {
        sigset_t child;
        pid_t target;

        open_pipe();
        target = target_start(body_read, NULL);
        sigemptyset(&child);
        sigaddset(&child, SIGCHLD);
        sigprocmask(SIG_UNBLOCK, &child, NULL);
        assert_refused(target, -EDEADLK);
        sigprocmask(SIG_BLOCK, &child, NULL);
        signal(SIGCHLD, SIG_IGN);
        assert_refused(target, -EDEADLK);
        signal(SIGCHLD, SIG_DFL);
        release(target);
        close_pipe();
}

static int body_traced(TargetShared *shared) {
        ptrace(PTRACE_TRACEME, 0, NULL, NULL);
        atomic_store(&shared->ready, 1);
        return body_read(shared);
}

static void test_traced_already(void **state) {
        TargetShared *shared = target_shared();
        pid_t target;

        open_pipe();
        target = target_start(body_traced, shared);
        target_await(&shared->ready, 0);
        assert_refused(target, -EBUSY);
        release(target);
        close_pipe();
}

static int body_spin_and_exit(TargetShared *shared) {
        int spins = atomic_load(&shared->count) * 50;

        for (volatile int i = 0; i < spins; i++)
                ;
        return 3;
}

static void test_exits_meanwhile(void **state) {
        TargetShared *shared = target_shared();

        for (int i = 0; i < 300; i++) {
                pid_t target;
                long result;
                int r;

                atomic_store(&shared->count, i * 10);
                target = target_start(body_spin_and_exit, shared);
                r = target_call(target, SYS_getpid, &result);
                assert_true(r == -ESRCH || (r == 0 && result == target));
                target_assert_exits(target, 3);
        }
}

static int body_forever(TargetShared *shared) {
        while (!atomic_load(&shared->go))
                atomic_fetch_add(&shared->count, 1);
        return 0;
}

/* Another process kills it in the midst of an injection. */
static void test_killed_meanwhile(void **state) {
        for (int i = 0; i < 200; i++) {
                TargetShared *shared = target_shared();
                pid_t target = target_start(body_forever, shared), killer;
                siginfo_t info;
                long result;
                int r;

                target_await(&shared->count, 0);
                killer = fork();
                assert_true(killer >= 0);
                if (killer == 0) {
                        prctl(PR_SET_PDEATHSIG, SIGKILL);
                        int from = atomic_load(&shared->count);

                        while (atomic_load(&shared->count) - from < i * 100)
                                ;
                        kill(target, SIGKILL);
                        _exit(0);
                }
                do {
                        r = target_call(target, SYS_getpid, &result);
                        assert_true(r == -ESRCH || (r == 0 && result == target));
                } while (r == 0);
                assert_int_equal(waitid(P_PID, (id_t) target, &info, WEXITED), 0);
                assert_int_equal(info.si_code, CLD_KILLED);
                assert_int_equal(info.si_status, SIGKILL);
                target_assert_exits(killer, 0);
        }
}

/* This program, called again: `exec-loop N` calls itself N times more, then exits with 42. */
static int exec_loop(int rest, bool by_thread);

static int body_exec(TargetShared *shared) {
        return exec_loop(100, false);
}

static int body_exec_by_thread(TargetShared *shared) {
        return exec_loop(100, true);
}

static void *exec_next(void *data) {
        execv("/proc/self/exe", data);
        _exit(1);
}

static int exec_loop(int rest, bool by_thread) {
        char number[16];
        char *argv[] = { (char *) "test", (char *) (by_thread ? "thread-exec-loop" : "exec-loop"), number, NULL };
        pthread_t thread;

        if (rest == 0)
                return 42;
        snprintf(number, sizeof(number), "%d", rest - 1);
        if (!by_thread)
                exec_next(argv);
        if (pthread_create(&thread, NULL, exec_next, argv) != 0)
                return 1;
        for (;;)
                sched_yield();
}

static void inject_while_execing(TargetBody body, bool may_be_lost) {
        pid_t target = target_start(body, NULL);
        int done = 0;

        for (;;) {
                siginfo_t info = { 0 };
                long result;
                int r;

                assert_int_equal(waitid(P_PID, (id_t) target, &info, WEXITED | WNOHANG | WNOWAIT), 0);
                if (info.si_pid != 0)
                        break;
                r = target_call(target, SYS_getpid, &result);
                if (r == 0) {
                        assert_int_equal(result, target);
                        done++;
                } else if (r != -ESRCH && !(may_be_lost && r == -EPERM))
                        fail_msg("unexpected error %d", r);
                if (r < 0 && !may_be_lost)
                        break;
        }
        assert_true(done > 0 || may_be_lost);
        target_assert_exits(target, 42);
}

static void test_execs_meanwhile(void **state) {
        inject_while_execing(body_exec, false);
}

/* The main thread is killed by the exec of the other, which takes over its number. For a moment it is a zombie, and not
 * permitted. */
static void test_thread_execs_meanwhile(void **state) {
        inject_while_execing(body_exec_by_thread, true);
}

static int body_vfork(TargetShared *shared) {
        pid_t child;
        int status;

        atomic_store(&shared->ready, 1);
        child = vfork();
        if (child == 0) {
                char c;

                if (read(pipe_fds[0], &c, 1) == 1)
                        execl("/proc/self/exe", "test", "exec-loop", "0", NULL);
                _exit(1);
        }
        if (waitpid(child, &status, 0) != child || !WIFEXITED(status) || WEXITSTATUS(status) != 42)
                return 1;
        return 0;
}

static void test_not_stoppable(void **state) {
        TargetShared *shared = target_shared();
        long result = 4711;
        pid_t target;

        open_pipe();
        target = target_start(body_vfork, shared);
        target_await_state(target, 'D');
        for (int i = 0; i < 3; i++) {
                gint64 began = g_get_monotonic_time();

                assert_int_equal(injection_call(target, &(Syscall) { .number = SYS_getpid }, SHORT_TIMEOUT, &result),
                        -ETIMEDOUT);
                assert_int_equal(result, 4711);
                assert_true(g_get_monotonic_time() - began >= SHORT_TIMEOUT);
                target_assert_untraced(target);
        }
        release(target);
        close_pipe();
}

/*
 * A program for the 32-bit predecessor of this CPU, without a library: one write(1, "x", 1), then pause() for ever. It
 * is made here because 32-bit compilers and libraries are seldom installed.
 */
static int start_32bit(void) {
        /* clang-format off */
        static const unsigned char code[] = {
                0xb8, 0x04, 0x00, 0x00, 0x00,             /* mov $4, %eax: write */
                0xbb, 0x01, 0x00, 0x00, 0x00,             /* mov $1, %ebx */
                0xb9, 0x01, 0x80, 0x04, 0x08,             /* mov $0x08048001, %ecx: the file's "ELF" */
                0xba, 0x01, 0x00, 0x00, 0x00,             /* mov $1, %edx */
                0xcd, 0x80,                               /* int $0x80 */
                0xb8, 0x1d, 0x00, 0x00, 0x00, 0xcd, 0x80, /* mov $29, %eax: pause; int $0x80 */
                0xeb, 0xf7,                               /* jmp: pause again */
        };
        /* clang-format on */
        struct {
                Elf32_Ehdr header;
                Elf32_Phdr segment;
                unsigned char code[sizeof(code)];
        } file = {
                .header = {
                        .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS32, ELFDATA2LSB, EV_CURRENT },
                        .e_type = ET_EXEC,
                        .e_machine = EM_386,
                        .e_version = EV_CURRENT,
                        .e_entry = 0x08048000 + sizeof(Elf32_Ehdr) + sizeof(Elf32_Phdr),
                        .e_phoff = sizeof(Elf32_Ehdr),
                        .e_ehsize = sizeof(Elf32_Ehdr),
                        .e_phentsize = sizeof(Elf32_Phdr),
                        .e_phnum = 1,
                },
                .segment = {
                        .p_type = PT_LOAD,
                        .p_vaddr = 0x08048000,
                        .p_filesz = sizeof(file),
                        .p_memsz = sizeof(file),
                        .p_flags = PF_R | PF_X,
                        .p_align = 4096,
                },
        };
        int fd = memfd_create("32-bit", MFD_CLOEXEC);

        memcpy(file.code, code, sizeof(code));
        if (fd < 0 || write(fd, &file, sizeof(file)) != sizeof(file))
                return 1;
        dup2(pipe_fds[1], STDOUT_FILENO);
        fexecve(fd, (char *[]) { (char *) "32-bit", NULL }, (char *[]) { NULL });
        return 2;
}

static int body_32bit(TargetShared *shared) {
        return start_32bit();
}

static void test_32bit(void **state) {
        pid_t target;
        char c = 0;

        open_pipe();
        target = target_start(body_32bit, NULL);
        close(pipe_fds[1]);
        if (read(pipe_fds[0], &c, 1) != 1) {
                print_message("this kernel runs no 32-bit programs\n");
                target_assert_exits(target, 2);
                skip();
        }
        assert_refused(target, -EOPNOTSUPP);
        target_assert_untraced(target);
        target_await_state(target, 'S');
        target_kill(target);
        close(pipe_fds[0]);
}

/* A filter that allows everything. */
static int add_filter(void) {
        struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
        struct sock_fprog program = { .len = 1, .filter = &allow };

        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
                return -errno;
        return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0 ? -errno : 0;
}

static int body_filtered(TargetShared *shared) {
        if (add_filter() < 0)
                return 1;
        atomic_store(&shared->ready, 1);
        return body_read(shared);
}

static void test_seccomp(void **state) {
        TargetShared *shared = target_shared();
        pid_t target;

        open_pipe();
        target = target_start(body_filtered, shared);
        target_await(&shared->ready, 0);
        assert_refused(target, -EACCES);
        release(target);
        close_pipe();
}

/* Both have the same filters: a container's, say. */
static int body_same_filters(TargetShared *shared) {
        pid_t child;
        long result;
        int r;

        target_setup(NULL);
        if (add_filter() < 0)
                return 1;
        child = target_start(body_read, shared);
        r = target_call(child, SYS_getpid, &result);
        target_kill(child);
        return r == 0 && result == child ? 0 : 2;
}

/* One more is too many. */
static int body_more_filters(TargetShared *shared) {
        pid_t child;
        long result;
        int r;

        target_setup(NULL);
        if (add_filter() < 0)
                return 1;
        child = target_start(body_filtered, shared);
        target_await(&shared->ready, 0);
        r = target_call(child, SYS_getpid, &result);
        target_kill(child);
        return r == -EACCES ? 0 : 2;
}

static void test_seccomp_of_both(void **state) {
        open_pipe();
        target_assert_exits(target_start(body_same_filters, target_shared()), 0);
        target_assert_exits(target_start(body_more_filters, target_shared()), 0);
        close_pipe();
}

static int body_dispatching(TargetShared *shared) {
        static char selector; /* 0: let system calls through for now */

        if (prctl(PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_ON, 0, 0, &selector) < 0)
                return 1;
        atomic_store(&shared->ready, 1);
        return body_read(shared);
}

static void test_syscall_user_dispatch(void **state) {
        TargetShared *shared = target_shared();
        pid_t target;

        open_pipe();
        target = target_start(body_dispatching, shared);
        target_await(&shared->ready, 0);
        assert_refused(target, -EACCES);
        target_assert_untraced(target);
        release(target);
        close_pipe();
}

/*
 * Stays in a critical section of rseq until it is aborted, and counts that. A section that the kernel does not know of
 * any more (because it saw the program counter elsewhere for a moment) would be left by `go` only.
 */
static int body_critical(TargetShared *shared) {
        struct rseq *area = (struct rseq *) ((char *) __builtin_thread_pointer() + __rseq_offset);

        atomic_store(&shared->ready, 1);
        while (!atomic_load(&shared->go)) {
                __asm__ goto volatile(
                        ".pushsection __rseq_test, \"aw\"\n\t"
                        ".balign 32\n"
                        "5: .long 0, 0\n\t .quad 1f, 2f - 1f, 3f\n\t"
                        ".popsection\n\t"
                        "lea 5b(%%rip), %%rax\n\t"
                        "mov %%rax, %c[rseq_cs](%[area])\n"
                        "1: pause\n\t"
                        "cmpl $0, (%[go])\n\t"
                        "je 1b\n"
                        "2: jmp 4f\n\t"
                        ".byte 0x0f, 0xb9, 0x3d\n\t .long 0x53053053\n" /* the signature that glibc registers */
                        "3: jmp %l[aborted]\n"
                        "4:\n\t"
                        :
                        : [area] "r"(area), [rseq_cs] "i"(offsetof(struct rseq, rseq_cs)), [go] "r"(&shared->go)
                        : "rax", "cc", "memory"
                        : aborted);
                continue;
        aborted:
                atomic_fetch_add(&shared->count, 1);
        }
        return 0;
}

static void test_restartable_sequence(void **state) {
        TargetShared *shared = target_shared();
        pid_t target;

        if (__rseq_size == 0)
                skip();
        target = target_start(body_critical, shared);
        target_await(&shared->ready, 0);
        for (int i = 0; i < 200; i++) {
                int before = atomic_load(&shared->count);

                target_assert_injectable(target);
                target_await(&shared->count, before);
        }
        atomic_store(&shared->go, 1);
        target_assert_exits(target, 0);
}

/* A SIGCHLD for another child is there afterwards, although the injection, which fails here, waits for that signal too.
 */
static void test_other_child(void **state) {
        pid_t target, other;
        siginfo_t info;
        sigset_t pending;
        long result;

        open_pipe();
        target = target_start(body_vfork, target_shared());
        target_await_state(target, 'D');
        other = target_start(body_return, NULL);
        assert_int_equal(waitid(P_PID, (id_t) other, &info, WEXITED | WNOWAIT), 0);
        assert_int_equal(
                injection_call(target, &(Syscall) { .number = SYS_getpid }, SHORT_TIMEOUT, &result), -ETIMEDOUT);
        assert_int_equal(sigpending(&pending), 0);
        assert_true(sigismember(&pending, SIGCHLD));
        target_assert_exits(other, 17);
        release(target);
        close_pipe();
}

int main(int argc, char **argv) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_no_such_process),
                cmocka_unit_test(test_own_process),
                cmocka_unit_test(test_zombie),
                cmocka_unit_test(test_signal_not_blocked),
                cmocka_unit_test(test_traced_already),
                cmocka_unit_test(test_exits_meanwhile),
                cmocka_unit_test(test_killed_meanwhile),
                cmocka_unit_test(test_execs_meanwhile),
                cmocka_unit_test(test_thread_execs_meanwhile),
                cmocka_unit_test(test_not_stoppable),
                cmocka_unit_test(test_32bit),
                cmocka_unit_test(test_seccomp),
                cmocka_unit_test(test_seccomp_of_both),
                cmocka_unit_test(test_syscall_user_dispatch),
                cmocka_unit_test(test_restartable_sequence),
                cmocka_unit_test(test_other_child),
        };

        /* Without the leak check of a sanitizer at the end: it traces its process. */
        if (argc == 3)
                _exit(exec_loop(atoi(argv[2]), strcmp(argv[1], "thread-exec-loop") == 0));
        return cmocka_run_group_tests(tests, target_setup, NULL);
}
