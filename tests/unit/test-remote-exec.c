/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A process that has the words of a Python in memory that it shares with the test, and nothing else of one. */

#include <errno.h>
#include <glib.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "helicopter/injection.h"
#include "helicopter/remote-exec.h"
#include "tests/unit/python-table.h"
#include "tests/unit/target.h"

#define STOP_BIT 32u
#define PATH "/tmp/script.py"
#define THREADS 4

/* Those of table_fill(). */
#define EVAL_BREAKER 24
#define FLAG 304
#define SCRIPT (FLAG + 4)

typedef struct Fake {
        union {
                uint64_t words[PYTHON_OFFSETS_WORDS];
                unsigned char runtime[1024];
        };
        unsigned char interpreters[2][9000];
        unsigned char threads[THREADS][TABLE_THREAD_SIZE];
} Fake;

static Fake *fake;
static Fake pristine;

static uint64_t *word(unsigned char *object, size_t offset) {
        return (uint64_t *) (void *) (object + offset);
}

static uint64_t address(const void *what) {
        return (uint64_t) (uintptr_t) what;
}

static int32_t *flag(int thread) {
        return (int32_t *) (void *) (fake->threads[thread] + FLAG);
}

static char *script(int thread) {
        return (char *) fake->threads[thread] + SCRIPT;
}

static void fill_thread(int i) {
        unsigned char *thread = fake->threads[i];

        *word(thread, TABLE_THREAD_NEXT) = i + 1 < THREADS ? address(fake->threads[i + 1]) : 0;
        *word(thread, TABLE_THREAD_INTERPRETER) = address(fake->interpreters[1]);
        *word(thread, TABLE_THREAD_NATIVE_ID) = 100u + (unsigned) i;
        *word(thread, EVAL_BREAKER) = 0xabcdef42;
        memset(thread + SCRIPT, 'x', 512);
}

/* Two interpreters, of which the second is the main one; its main thread is the third of four. */
static void fill(unsigned minor) {
        memset(fake, 0, sizeof(*fake));
        table_fill(fake->words, minor, 0xf);
        *word(fake->runtime, TABLE_INITIALIZED) = 1;
        *word(fake->runtime, TABLE_INTERPRETERS_HEAD) = address(fake->interpreters[0]);
        *word(fake->interpreters[0], TABLE_INTERPRETER_ID) = 7;
        *word(fake->interpreters[0], TABLE_INTERPRETER_NEXT) = address(fake->interpreters[1]);
        *word(fake->interpreters[1], TABLE_THREADS_HEAD) = address(fake->threads[0]);
        *word(fake->interpreters[1], TABLE_THREADS_MAIN) = address(fake->threads[2]);
        for (int i = 0; i < THREADS; i++)
                fill_thread(i);
        pristine = *fake;
}

static int find_result;
static bool remote_debug;

int __wrap_python_runtime_find(pid_t pid, PythonRuntime *ret_runtime);
int __wrap_python_runtime_find(pid_t pid, PythonRuntime *ret_runtime) {
        *ret_runtime = (PythonRuntime) { .address = address(fake), .major = 3, .minor = 14 };
        ret_runtime->remote_debug = remote_debug;
        return find_result;
}

/* An error instead of each injection, after the target has taken its request if it is to. */
static int injection_result;
static bool taken_meanwhile;

int __real_injection_call(pid_t target, const Syscall *call, uint64_t timeout, long *ret_result);
int __wrap_injection_call(pid_t target, const Syscall *call, uint64_t timeout, long *ret_result);
int __wrap_injection_call(pid_t target, const Syscall *call, uint64_t timeout, long *ret_result) {
        if (taken_meanwhile)
                *flag(0) = 0;
        return injection_result < 0 ? injection_result : __real_injection_call(target, call, timeout, ret_result);
}

static int writes_before_failure;
static int lost_bits; /* so many times somebody else takes the bit out, once it has been written */

ssize_t __real_process_vm_writev(pid_t pid, const struct iovec *local, unsigned long locals, const struct iovec *remote,
        unsigned long remotes, unsigned long flags);
ssize_t __wrap_process_vm_writev(pid_t pid, const struct iovec *local, unsigned long locals, const struct iovec *remote,
        unsigned long remotes, unsigned long flags);
ssize_t __wrap_process_vm_writev(pid_t pid, const struct iovec *local, unsigned long locals, const struct iovec *remote,
        unsigned long remotes, unsigned long flags) {
        ssize_t n;

        if (writes_before_failure-- != 0) {
                n = __real_process_vm_writev(pid, local, locals, remote, remotes, flags);
                if (address(remote->iov_base) == address(fake->threads[0]) + EVAL_BREAKER && lost_bits-- > 0)
                        *word(fake->threads[0], EVAL_BREAKER) &= ~(uint64_t) STOP_BIT;
                return n;
        }
        errno = ENOMEM;
        return -1;
}

static int body_pause(TargetShared *shared) {
        pause();
        return 0;
}

static pid_t target;
static RemoteExec *remote;
static PythonThread first; /* of the list, not the main one */

static int begin(void **state) {
        find_result = 0;
        injection_result = 0;
        taken_meanwhile = false;
        writes_before_failure = -1;
        remote_debug = true;
        fill(14);
        first = (PythonThread) { .tid = 100, .state = address(fake->threads[0]) };
        target = target_start(body_pause, NULL);
        return remote_exec_open(target, &remote, NULL);
}

static int end(void **state) {
        remote = remote_exec_free(remote);
        injection_result = 0;
        taken_meanwhile = false;
        target_assert_injectable(target);
        target_kill(target);
        return 0;
}

static int queue(const char *path) {
        return remote_exec_queue(remote, &first, path, TARGET_TIMEOUT);
}

static void test_open(void **state) {
        PythonRuntime runtime = { .minor = 4711 };
        RemoteExec *none = NULL;

        find_result = -ESRCH;
        assert_int_equal(remote_exec_open(target, &none, &runtime), -ESRCH);
        assert_int_equal(runtime.minor, 4711);
        find_result = -EOPNOTSUPP;
        assert_int_equal(remote_exec_open(target, &none, &runtime), -EOPNOTSUPP);
        assert_int_equal(runtime.minor, 14);
        find_result = 0;
        remote_debug = false;
        assert_int_equal(remote_exec_open(target, &none, &runtime), -EACCES);
        assert_int_equal(runtime.address, address(fake));
        table_fill(fake->words, 13, 0xf);
        assert_int_equal(remote_exec_open(target, &none, NULL), -ENODATA);
        assert_null(none);
}

static void test_threads(void **state) {
        const pid_t expected[] = { 102, 100, 101, 103 };
        PythonThread threads[THREADS + 1];

        assert_int_equal(remote_exec_threads(remote, threads, THREADS + 1), THREADS);
        for (int i = 0; i < THREADS; i++) {
                assert_int_equal(threads[i].tid, expected[i]);
                assert_int_equal(threads[i].state, address(fake->threads[expected[i] - 100]));
        }
        threads[2].tid = 0;
        assert_int_equal(remote_exec_threads(remote, threads, 2), 2);
        assert_int_equal(threads[1].tid, 100);
        assert_int_equal(threads[2].tid, 0);
}

static void test_no_main_thread(void **state) {
        PythonThread threads[THREADS];

        *word(fake->interpreters[1], TABLE_THREADS_MAIN) = 0;
        *word(fake->threads[1], TABLE_THREAD_NATIVE_ID) = 0; /* one that does not run yet */
        assert_int_equal(remote_exec_threads(remote, threads, THREADS), THREADS - 1);
        assert_int_equal(threads[0].tid, 103);
        assert_int_equal(threads[1].tid, 100);
        assert_int_equal(threads[2].tid, 102);
        *word(fake->interpreters[1], TABLE_THREADS_HEAD) = 0;
        assert_int_equal(remote_exec_threads(remote, threads, THREADS), -EAGAIN);
        assert_int_equal(remote_exec_is_pending(remote, &first), -ESRCH);
}

static void test_cycles(void **state) {
        PythonThread threads[THREADS];
        RemoteExec *none = NULL;

        for (int i = 0; i < THREADS; i++) {
                *word(fake->threads[3], TABLE_THREAD_NEXT) = address(fake->threads[i]);
                assert_int_equal(remote_exec_threads(remote, threads, THREADS), -EBADMSG);
                assert_int_equal(queue(PATH), -EBADMSG);
        }
        for (int i = 0; i < 2; i++) {
                *word(fake->interpreters[1], TABLE_INTERPRETER_NEXT) = address(fake->interpreters[i]);
                assert_int_equal(remote_exec_open(target, &none, NULL), -EBADMSG);
        }
        assert_null(none);
}

/* Whatever is asked, with some word being nonsense: an answer, and nothing of the table's own making. */
static void ask_everything(void) {
        PythonThread threads[THREADS + 1];
        RemoteExec *opened = NULL;
        int n;

        if (remote_exec_open(target, &opened, NULL) < 0)
                return;
        n = remote_exec_threads(opened, threads, THREADS + 1);
        assert_true(n == -EBADMSG || n == -EAGAIN || (n > 0 && n <= THREADS));
        for (int i = 0; i < n; i++) {
                assert_true(threads[i].tid > 0);
                remote_exec_queue(opened, &threads[i], PATH, TARGET_TIMEOUT);
                assert_true(remote_exec_is_pending(opened, &threads[i]) <= 1);
                remote_exec_withdraw(opened, &threads[i], PATH);
        }
        remote_exec_free(opened);
}

static void damage(unsigned char *object, size_t size) {
        const uint64_t nonsense[] = { 0, 1, 2048, 0x1000, INT64_MAX, UINT64_MAX - 7, UINT64_MAX, address(fake),
                address(fake->threads[1]), address(fake->threads[2]) + 4 };

        for (size_t offset = 0; offset + 8 <= size; offset += 8)
                for (size_t i = 0; i < G_N_ELEMENTS(nonsense); i++) {
                        *word(object, offset) = nonsense[i];
                        ask_everything();
                        *fake = pristine;
                }
}

static void test_garbage(void **state) {
        /* The injections would take most of the time. */
        injection_result = -EBUSY;
        for (unsigned minor = 14; minor <= 15; minor++) {
                fill(minor);
                damage(fake->runtime, sizeof(fake->words));
                damage(fake->interpreters[0] + TABLE_INTERPRETER_NEXT, 8192 - TABLE_INTERPRETER_NEXT);
                damage(fake->interpreters[1] + TABLE_INTERPRETER_NEXT, 8192 - TABLE_INTERPRETER_NEXT);
                damage(fake->threads[1], FLAG + 16);
        }
}

static void test_queue(void **state) {
        assert_int_equal(remote_exec_is_pending(remote, &first), 0);
        assert_int_equal(queue(PATH), 0);
        assert_int_equal(remote_exec_is_pending(remote, &first), 1);
        assert_string_equal(script(0), PATH);
        assert_int_equal(*flag(0), 1);
        assert_int_equal(*word(fake->threads[0], EVAL_BREAKER), 0xabcdef42 | STOP_BIT);
        *word(fake->threads[0], EVAL_BREAKER) &= ~(uint64_t) STOP_BIT;
        *flag(0) = 0;
        memset(script(0), 'x', sizeof(PATH));
        assert_memory_equal(fake, &pristine, sizeof(pristine));
}

static void test_withdraw(void **state) {
        assert_int_equal(remote_exec_withdraw(remote, &first, PATH), 0);
        assert_int_equal(queue(PATH), 0);
        assert_int_equal(remote_exec_withdraw(remote, &first, "/tmp/script.p"), 0);
        assert_int_equal(remote_exec_withdraw(remote, &first, PATH "y"), 0);
        assert_int_equal(remote_exec_withdraw(remote, &first, ""), 0);
        assert_int_equal(remote_exec_is_pending(remote, &first), 1);
        assert_int_equal(remote_exec_withdraw(remote, &first, PATH), 1);
        assert_int_equal(*flag(0), 0);
        assert_string_equal(script(0), "");
        assert_int_equal(remote_exec_withdraw(remote, &first, PATH), 0);
        assert_int_equal(queue(PATH), 0);
}

static void test_busy(void **state) {
        assert_int_equal(queue(PATH), 0);
        assert_int_equal(queue("/other"), -EBUSY);
        assert_string_equal(script(0), PATH);
        *flag(0) = 2;
        assert_int_equal(queue(PATH), -EBADMSG);
        assert_int_equal(remote_exec_is_pending(remote, &first), -EBADMSG);
        assert_int_equal(remote_exec_withdraw(remote, &first, PATH), -EBADMSG);
}

/* Half of Python is not there. */
static void test_starting_and_ending(void **state) {
        RemoteExec *other = NULL;

        *word(fake->runtime, TABLE_INITIALIZED) = 0;
        assert_int_equal(queue(PATH), -EAGAIN);
        assert_int_equal(remote_exec_open(target, &other, NULL), -EAGAIN);
        *word(fake->runtime, TABLE_INITIALIZED) = 1;
        *word(fake->runtime, TABLE_FINALIZING) = address(fake->threads[0]);
        assert_int_equal(queue(PATH), -EAGAIN);
        assert_int_equal(remote_exec_open(target, &other, NULL), -EAGAIN);
        *word(fake->runtime, TABLE_FINALIZING) = 0;
        assert_memory_equal(fake, &pristine, sizeof(pristine));
}

static void test_long_path(void **state) {
        g_autofree char *path = g_strnfill(512, 'p');
        RemoteExec *small = NULL;

        assert_int_equal(queue(path), -ENAMETOOLONG);
        assert_int_equal(remote_exec_withdraw(remote, &first, path), 0);
        assert_int_equal(queue(""), -EINVAL);
        assert_memory_equal(fake, &pristine, sizeof(pristine));
        path[511] = '\0';
        assert_int_equal(queue(path), 0);
        assert_string_equal(script(0), path);
        assert_int_equal(remote_exec_withdraw(remote, &first, path), 1);
        fake->words[94] = 64;
        assert_int_equal(remote_exec_open(target, &small, NULL), 0);
        path[64] = '\0';
        assert_int_equal(remote_exec_queue(small, &first, path, TARGET_TIMEOUT), -ENAMETOOLONG);
        path[63] = '\0';
        assert_int_equal(remote_exec_queue(small, &first, path, TARGET_TIMEOUT), 0);
        remote_exec_free(small);
}

static void assert_gone(const PythonThread *thread) {
        assert_int_equal(remote_exec_queue(remote, thread, PATH, TARGET_TIMEOUT), -ESRCH);
        assert_int_equal(remote_exec_is_pending(remote, thread), -ESRCH);
        assert_int_equal(remote_exec_withdraw(remote, thread, PATH), -ESRCH);
}

static void test_gone(void **state) {
        PythonThread other = { .tid = 101, .state = first.state }, elsewhere = { .tid = 100, .state = 8 };

        assert_gone(&other);
        assert_gone(&elsewhere);
        *word(fake->interpreters[1], TABLE_THREADS_HEAD) = address(fake->threads[1]);
        assert_gone(&first);
        *word(fake->interpreters[1], TABLE_THREADS_HEAD) = address(fake->threads[0]);
        assert_memory_equal(fake, &pristine, sizeof(pristine));
        target_kill(target);
        assert_gone(&first);
        target = target_start(body_pause, NULL);
}

static void test_injection_refused(void **state) {
        const int errors[] = { -EBUSY, -EOPNOTSUPP, -EACCES, -ETIMEDOUT, -EDEADLK };

        for (size_t i = 0; i < G_N_ELEMENTS(errors); i++) {
                *fake = pristine;
                injection_result = errors[i];
                assert_int_equal(queue(PATH), 0);
                assert_int_equal(*flag(0), 1);
                assert_int_equal(*word(fake->threads[0], EVAL_BREAKER), 0xabcdef42 | STOP_BIT);
                assert_int_equal(remote_exec_withdraw(remote, &first, PATH), 1);
                /* With the bit there already. */
                assert_int_equal(queue(PATH), 0);
                assert_int_equal(*word(fake->threads[0], EVAL_BREAKER), 0xabcdef42 | STOP_BIT);
        }
}

static void test_failing_writes(void **state) {
        injection_result = -EBUSY;
        for (int n = 0; n < 3; n++) {
                *fake = pristine;
                writes_before_failure = n;
                assert_int_equal(queue(PATH), -ENOMEM);
                assert_int_equal(remote_exec_is_pending(remote, &first), 0);
                assert_int_equal(*word(fake->threads[0], EVAL_BREAKER), 0xabcdef42);
        }
        /* All three were made. */
        writes_before_failure = 3;
        assert_int_equal(queue(PATH), 0);
        assert_int_equal(remote_exec_withdraw(remote, &first, PATH), -ENOMEM);
        assert_int_equal(remote_exec_withdraw(remote, &first, PATH), 1);
}

static void test_lost_bit(void **state) {
        injection_result = -EBUSY;
        lost_bits = 2;
        assert_int_equal(queue(PATH), 0);
        assert_int_equal(lost_bits, -1);
        assert_int_equal(*word(fake->threads[0], EVAL_BREAKER), 0xabcdef42 | STOP_BIT);
        lost_bits = 0;
}

/* It is too late to call it a failure when the thread has taken the request by itself. */
static void test_taken_meanwhile(void **state) {
        injection_result = -EBUSY;
        taken_meanwhile = true;
        writes_before_failure = 2;
        assert_int_equal(queue(PATH), 0);
        assert_int_equal(*flag(0), 0);
}

static void *toggle(void *data) {
        TargetShared *shared = data;
        atomic_ullong *breaker = (atomic_ullong *) (void *) word(fake->threads[0], EVAL_BREAKER);

        atomic_store(&shared->ready, 1);
        while (atomic_load(&shared->go) == 0) {
                for (int i = 0; i < 64; i++) {
                        if (atomic_fetch_or(breaker, 1) & 1)
                                atomic_fetch_add(&shared->bad, 1);
                        atomic_fetch_add(breaker, 256);
                        if (!(atomic_fetch_and(breaker, ~1ull) & 1))
                                atomic_fetch_add(&shared->bad, 1);
                        atomic_fetch_add(&shared->count, 1);
                }
        }
        return NULL;
}

static int body_toggle(TargetShared *shared) {
        pthread_t thread;

        if (pthread_create(&thread, NULL, toggle, shared) != 0)
                return 1;
        return pthread_join(thread, NULL);
}

static void test_atomic(void **state) {
        TargetShared *shared = target_shared();
        atomic_ullong *breaker = (atomic_ullong *) (void *) word(fake->threads[0], EVAL_BREAKER);
        RemoteExec *toggling = NULL;
        pid_t pid;

        atomic_store(breaker, 0);
        pid = target_start(body_toggle, shared);
        target_await(&shared->ready, 0);
        assert_int_equal(remote_exec_open(pid, &toggling, NULL), 0);
        for (int i = 0; i < 500; i++) {
                assert_int_equal(remote_exec_queue(toggling, &first, PATH, TARGET_TIMEOUT), 0);
                assert_true(atomic_fetch_and(breaker, ~(unsigned long long) STOP_BIT) & STOP_BIT);
                assert_int_equal(remote_exec_withdraw(toggling, &first, PATH), 1);
        }
        atomic_store(&shared->go, 1);
        target_assert_exits(pid, 0);
        assert_int_equal(atomic_load(&shared->bad), 0);
        assert_true(atomic_load(&shared->count) > 0);
        assert_int_equal(atomic_load(breaker), 256ull * (unsigned) atomic_load(&shared->count));
        remote_exec_free(toggling);
}

static int setup(void **state) {
        fake = mmap(NULL, sizeof(Fake), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        return fake == MAP_FAILED ? -1 : target_setup(state);
}

#define test_with_target(function) cmocka_unit_test_setup_teardown(function, begin, end)

int main(void) {
        const struct CMUnitTest tests[] = {
                test_with_target(test_open),
                test_with_target(test_threads),
                test_with_target(test_no_main_thread),
                test_with_target(test_cycles),
                test_with_target(test_garbage),
                test_with_target(test_queue),
                test_with_target(test_withdraw),
                test_with_target(test_busy),
                test_with_target(test_starting_and_ending),
                test_with_target(test_long_path),
                test_with_target(test_gone),
                test_with_target(test_injection_refused),
                test_with_target(test_failing_writes),
                test_with_target(test_lost_bit),
                test_with_target(test_taken_meanwhile),
                test_with_target(test_atomic),
        };

        return cmocka_run_group_tests(tests, setup, NULL);
}
