/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The interpreters that are installed, at lines that are known. */

#include "tests/unit/test.h"

#include <errno.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "helicopter/python-position.h"
#include "helicopter/python-runtime.h"
#include "tests/unit/target.h"

static const char *const interpreters[] = {
        "python3.14",
        "python3.14d",
        "python3.14t",
        "python3.15",
        "python3.15d",
        "python3.15t",
};

/* Each sleeps in line 5, or in what is called there. */
static const struct {
        const char *script, *function;
        int line;
} places[] = {
        { "import time\n\n\n\ntime.sleep(1000)\n", "<module>", 5 },
        { "import time\nclass C:\n  class D:\n    x = 1\n    time.sleep(1000)\n", "C.D", 5 },
        { "import time\ndef f(n):\n  if n: return f(n - 1)\n  x = (1,\n    time.sleep(1000))\nf(9)\n", "f", 5 },
        { "import time\n\n\nx = [n for n in range(3)\n   for m in [time.sleep(1000)]]\n", "<module>", 5 },
        { "import time\ndef f():\n  yield 1\n\n  yield time.sleep(1000)\nlist(f())\n", "f", 5 },
        { "import time\nclass Ω:\n  def größe(self):\n    pass\n    time.sleep(1000)\nΩ().größe()\n", "Ω.größe", 5 },
        { "import time\n\nsorted([1, 2],\n  key=lambda x:\n    time.sleep(1000))\n", "<lambda>", 5 },
        { "import asyncio, time\nasync def f():\n  await asyncio.sleep(0)\n\n  time.sleep(1000)\nasync def g():\n  "
          "await f()\n"
          "asyncio.run(g())\n",
                "f", 5 },
        { "import time\ndef f():\n  import threading\n  threading.Thread(target=lambda: None).start()\n  "
          "time.sleep(1000)\n\nf()\n",
                "f", 5 },
        /* Lines that are far down; more than a varint's first chunk. */
        { "import time\nexec(compile('\\n' * 4999 + 'time.sleep(1000)', __file__, 'exec'))\n", "<module>", 5000 },
};

/* Computes in lines 3 to 7 of its file, and in 1 and 2 of code that is made and freed. */
#define BUSY                                      \
        "import sys\n"                            \
        "def f(n):\n"                             \
        "  return n + 1\n"                        \
        "while True:\n"                           \
        "  for n in (f(n) for n in range(30)):\n" \
        "    f(n)\n"                              \
        "  exec(compile('def made():\\n  return 1\\nmade()', '<made>', 'exec'))\n"

/* Only the system's: what PATH has may be a wrapper. */
static char *installed(const char *name) {
        g_autofree char *path = g_build_filename("/usr/bin", name, NULL);

        return access(path, X_OK) == 0 ? g_steal_pointer(&path) : NULL;
}

static char *directory, *script;
static char *const *arguments;

static int body_exec(TargetShared *shared) {
        execv(arguments[0], arguments);
        return 127;
}

static pid_t start(char *program, const char *text) {
        char *argv[] = { program, (char *) "-s", script, NULL };

        assert_true(g_file_set_contents(script, text, -1, NULL));
        arguments = argv;
        return target_start(body_exec, NULL);
}

static bool is_at(const PythonPosition *position, const char *function, int line) {
        return strcmp(position->file, script) == 0 && strcmp(position->function, function) == 0 &&
                position->line == line;
}

/* Wait until it sleeps there; it may look as if it were elsewhere, or nowhere, while it comes there. */
static void await_place(pid_t pid, const char *function, int line) {
        gint64 deadline = g_get_monotonic_time() + TARGET_TIMEOUT;

        for (;;) {
                g_auto(PythonPosition) position = { 0 };

                if (python_position_find(pid, &position) == 0 && is_at(&position, function, line))
                        return;
                if (g_get_monotonic_time() > deadline)
                        fail_msg("not at line %d of %s, but %d of %s", line, function, position.line,
                                position.function ? position.function : "nothing");
                g_usleep(1000);
        }
}

static void assert_stays(pid_t pid, const char *function, int line) {
        for (int i = 0; i < 20; i++) {
                g_auto(PythonPosition) position = { 0 };

                assert_int_equal(python_position_find(pid, &position), 0);
                assert_true(is_at(&position, function, line));
        }
}

static void test_places(void **state) {
        for (size_t i = 0; i < G_N_ELEMENTS(interpreters); i++) {
                g_autofree char *program = installed(interpreters[i]);

                for (size_t k = 0; program && k < G_N_ELEMENTS(places); k++) {
                        pid_t pid = start(program, places[k].script);

                        await_place(pid, places[k].function, places[k].line);
                        target_await_call(pid, SYS_clock_nanosleep);
                        assert_stays(pid, places[k].function, places[k].line);
                        target_assert_untraced(pid);
                        target_kill(pid);
                }
        }
}

static void test_stopped(void **state) {
        for (size_t i = 0; i < G_N_ELEMENTS(interpreters); i++) {
                g_autofree char *program = installed(interpreters[i]);
                pid_t pid;

                if (!program)
                        continue;
                pid = start(program, places[0].script);
                await_place(pid, places[0].function, places[0].line);
                assert_int_equal(kill(pid, SIGSTOP), 0);
                target_await_state(pid, 'T');
                assert_stays(pid, places[0].function, places[0].line);
                target_await_state(pid, 'T');
                target_kill(pid);
        }
}

static bool is_possible(const PythonPosition *position) {
        if (position->line == 0) /* instructions of no line */
                return true;
        if (strcmp(position->file, "<made>") == 0)
                return strcmp(position->function, position->line == 2 ? "made" : "<module>") == 0 ||
                        (position->line == 1 && strcmp(position->function, "made") == 0);
        if (strcmp(position->file, script) != 0)
                return false;
        if (strcmp(position->function, "f") == 0)
                return position->line == 2 || position->line == 3;
        return position->line >= 2 && position->line <= 7 &&
                (strcmp(position->function, "<module>") == 0 || strcmp(position->function, "<genexpr>") == 0);
}

/* While everything changes it is somewhere where it can be, and at more than one place. */
static void watch_busy(char *program) {
        pid_t pid = start(program, BUSY);
        unsigned lines = 0, unknown = 0;

        await_place(pid, "f", 3);
        for (int i = 0; i < 2000; i++) {
                g_auto(PythonPosition) position = { 0 };
                int r = python_position_find(pid, &position);

                assert_true(r == 0 || r == -EAGAIN);
                unknown += r < 0;
                if (r < 0)
                        continue;
                if (!is_possible(&position))
                        fail_msg("%s: line %d of %s in %s", program, position.line, position.function, position.file);
                lines |= 1u << position.line & ~1u;
                unknown += position.line == 0;
        }
        assert_true(unknown < 100);
        assert_true((lines & (lines - 1)) != 0);
        target_kill(pid);
}

static void test_busy(void **state) {
        for (size_t i = 0; i < G_N_ELEMENTS(interpreters); i++) {
                g_autofree char *program = installed(interpreters[i]);

                if (program)
                        watch_busy(program);
        }
}

static int body_pause(TargetShared *shared) {
        pause();
        return 0;
}

static void test_no_python(void **state) {
        PythonPosition position = { 0 };
        pid_t pid = target_start(body_pause, NULL);

        assert_int_equal(python_position_find(pid, &position), -ENOPKG);
        target_kill(pid);
        assert_int_equal(python_position_find(pid, &position), -ESRCH);
        assert_null(position.file);
        python_position_clear(&position);
}

static int set_up(void **state) {
        directory = g_dir_make_tmp("helicopter-XXXXXX", NULL);
        script = g_build_filename(directory, "jöb.py", NULL);
        g_unsetenv("PYTHONPATH");
        g_setenv("LC_ALL", "C.UTF-8", TRUE);
        return target_setup(state);
}

static int tear_down(void **state) {
        g_unlink(script);
        g_rmdir(directory);
        g_free(script);
        g_free(directory);
        return 0;
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_places),
                cmocka_unit_test(test_stopped),
                cmocka_unit_test(test_busy),
                cmocka_unit_test(test_no_python),
        };

        return cmocka_run_group_tests_name("python-position", tests, set_up, tear_down);
}
