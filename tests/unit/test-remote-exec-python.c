/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* remote-exec.c and the interpreters that are installed. */

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "helicopter/cleanup.h"
#include "helicopter/remote-exec.h"
#include "tests/unit/target.h"

static const char *const interpreters[] = {
        "python3.14",
        "python3.14d",
        "python3.14t",
        "python3.15",
        "python3.15d",
        "python3.15t",
};

/* Each says something when it is ready. */
#define BUSY                                       \
        "import os, threading\n"                   \
        "def spin():\n"                            \
        "    while True: pass\n"                   \
        "def begin():\n"                           \
        "    ready.set()\n"                        \
        "    spin()\n"                             \
        "ready = threading.Event()\n"              \
        "threading.Thread(target=begin).start()\n" \
        "ready.wait()\n"                           \
        "os.write(1, b'ready\\n')\n"               \
        "spin()\n"
#define ASLEEP "import os, time; os.write(1, b'ready\\n'); time.sleep(1000)\n"
#define SUBINTERPRETERS          \
        "import _interpreters\n" \
        "for _ in range(3): _interpreters.create()\n" BUSY
#define FORKED_BY_THREAD                                \
        "import os, threading, time\n"                  \
        "def fork():\n"                                 \
        "    global child\n"                            \
        "    child = os.fork()\n"                       \
        "    if child == 0:\n"                          \
        "        os.write(1, b'%d\\n' % os.getpid())\n" \
        "        while True: pass\n"                    \
        "threading.Thread(target=fork).start()\n"       \
        "time.sleep(1000)\n"

#define SCRIPT "import os, threading\nos.write(1, b'%d\\n' % threading.get_native_id())\n"

typedef struct Job {
        pid_t pid;
        int output;
        RemoteExec *remote;
} Job;

static char *directory, *script;

static int output[2];
static char *const *arguments;

static int body_exec(TargetShared *shared) {
        dup2(output[1], STDOUT_FILENO);
        execv(arguments[0], arguments);
        return 127;
}

/* A number, or 0 for a line that is none. */
static int read_line(int fd) {
        char line[32] = { 0 };

        for (size_t i = 0; i < sizeof(line) - 1; i++) {
                struct pollfd poller = { .fd = fd, .events = POLLIN };

                assert_int_equal(poll(&poller, 1, TARGET_TIMEOUT / 1000), 1);
                assert_int_equal(read(fd, &line[i], 1), 1);
                if (line[i] == '\n')
                        break;
        }
        return atoi(line);
}

static int start(const char *interpreter, const char *program, Job *job) {
        char *argv[] = { (char *) interpreter, (char *) "-s", (char *) "-c", (char *) program, NULL };
        int line;

        assert_int_equal(pipe2(output, O_CLOEXEC), 0);
        arguments = argv;
        job->pid = target_start(body_exec, NULL);
        job->output = output[0];
        close(output[1]);
        line = read_line(job->output);
        assert_int_equal(remote_exec_open(line ?: job->pid, &job->remote, NULL), 0);
        return line;
}

static void end(Job *job) {
        target_kill(job->pid);
        close(job->output);
        job->remote = remote_exec_free(job->remote);
}

static void queue(const Job *job, const PythonThread *thread) {
        assert_int_equal(remote_exec_queue(job->remote, thread, script, TARGET_TIMEOUT), 0);
}

static void assert_runs(const Job *job, const PythonThread *thread) {
        queue(job, thread);
        assert_int_equal(read_line(job->output), thread->tid);
        assert_int_equal(remote_exec_is_pending(job->remote, thread), 0);
}

static void check_busy(const char *interpreter, const char *program) {
        PythonThread threads[3];
        Job job;

        start(interpreter, program, &job);
        assert_int_equal(remote_exec_threads(job.remote, threads, 3), 2);
        assert_int_equal(threads[0].tid, job.pid);
        assert_int_not_equal(threads[1].tid, job.pid);
        for (int i = 0; i < 20; i++)
                assert_runs(&job, &threads[i % 2]);
        end(&job);
}

static void check_asleep(const char *interpreter) {
        PythonThread thread;
        Job job;

        start(interpreter, ASLEEP, &job);
        target_await_call(job.pid, SYS_clock_nanosleep);
        assert_int_equal(remote_exec_threads(job.remote, &thread, 1), 1);
        queue(&job, &thread);
        assert_int_equal(remote_exec_is_pending(job.remote, &thread), 1);
        assert_int_equal(remote_exec_queue(job.remote, &thread, "/other", TARGET_TIMEOUT), -EBUSY);
        assert_int_equal(remote_exec_withdraw(job.remote, &thread, "/other"), 0);
        assert_int_equal(remote_exec_is_pending(job.remote, &thread), 1);
        assert_int_equal(remote_exec_withdraw(job.remote, &thread, script), 1);
        assert_int_equal(remote_exec_is_pending(job.remote, &thread), 0);
        assert_int_equal(remote_exec_withdraw(job.remote, &thread, script), 0);
        end(&job);
}

/* No thread is its main thread, as CPython has it. */
static void check_forked(const char *interpreter) {
        PythonThread threads[3];
        Job job;
        pid_t child = start(interpreter, FORKED_BY_THREAD, &job);

        assert_int_equal(remote_exec_threads(job.remote, threads, 3), 1);
        assert_int_equal(threads[0].tid, child);
        assert_runs(&job, &threads[0]);
        assert_int_equal(kill(child, SIGKILL), 0);
        end(&job);
}

static void test_interpreters(void **state) {
        for (size_t i = 0; i < G_N_ELEMENTS(interpreters); i++) {
                /* Only the system's: what PATH has may be a wrapper. */
                g_autofree char *path = g_build_filename("/usr/bin", interpreters[i], NULL);

                if (access(path, X_OK) < 0)
                        continue;
                check_busy(path, BUSY);
                check_busy(path, SUBINTERPRETERS);
                check_asleep(path);
                check_forked(path);
        }
}

static void test_not_possible(void **state) {
        RemoteExec *remote = NULL;

        assert_int_equal(remote_exec_open(getpid(), &remote, NULL), -ENOPKG);
        assert_null(remote);
}

static int setup(void **state) {
        directory = g_dir_make_tmp("test-remote-exec-XXXXXX", NULL);
        if (!directory)
                return -1;
        script = g_build_filename(directory, "script.py", NULL);
        if (!g_file_set_contents(script, SCRIPT, -1, NULL))
                return -1;
        return target_setup(state);
}

static int teardown(void **state) {
        int r = g_unlink(script) | g_rmdir(directory);

        g_free(script);
        g_free(directory);
        return r;
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_interpreters),
                cmocka_unit_test(test_not_possible),
        };

        return cmocka_run_group_tests(tests, setup, teardown);
}
