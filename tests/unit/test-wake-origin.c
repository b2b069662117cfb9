/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What helicopter-unwind said of real jobs (CPython 3.14, glibc 2.42), and of what must not be taken for CPython. */

#include <glib.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>

#include <cmocka.h>

#include "helicopter/wake.h"

#define LIBC "/usr/lib/x86_64-linux-gnu/libc.so.6\t"
#define PYTHON "/usr/bin/python3.14\t_PyEval\tpython\n"
#define DYNLOAD "/usr/lib/python3.14/lib-dynload/"

static void assert_origin(long number, const char *output, int expected, const char *caller) {
        ThreadCall call = { .blocked = true, .number = number };
        g_autofree char *seen = (char *) 4711;

        assert_int_equal(wake_origin_parse(output, &call, &seen), expected);
        if (caller) {
                assert_non_null(seen);
                assert_string_equal(seen, caller);
        } else
                assert_null(seen);
}

static void test_cpython(void **state) {
        assert_origin(SYS_read, LIBC "\t\n" LIBC "__libc_read\t\n" PYTHON, 1, NULL);
        assert_origin(SYS_read, LIBC "read\t\n" LIBC "_IO_fgets\t\n" PYTHON, 1, NULL);
        assert_origin(SYS_recvfrom, LIBC "__recv_chk\t\n" PYTHON, 1, NULL);
        assert_origin(SYS_poll, LIBC "poll\t\n/opt/lib/libpython3.14.so.1.0\t\tpython\n", 1, NULL);
        assert_origin(SYS_flock, LIBC "flock\t\n" DYNLOAD "fcntl.cpython-314-x86_64-linux-gnu.so\t\t\n", 1, NULL);
}

static void test_tls(void **state) {
        const char *tls = LIBC "read\t\n/usr/lib/libcrypto.so.3\t\t\n/usr/lib/libssl.so.3\tSSL_read_ex\t\n";
        g_autofree char *ours = g_strconcat(tls, DYNLOAD "_ssl.cpython-314-x86_64-linux-gnu.so\t\t\n", NULL);
        g_autofree char *hashes = g_strconcat(tls, DYNLOAD "_hashlib.cpython-314-x86_64-linux-gnu.so\t\t\n", NULL);
        g_autofree char *theirs = g_strconcat(tls, "/site-packages/psycopg2/_psycopg.so\t\t\n", NULL);

        assert_origin(SYS_read, ours, 1, NULL);
        assert_origin(SYS_read, hashes, 0, "libcrypto.so.3");
        assert_origin(SYS_read, theirs, 0, "libcrypto.so.3");
        assert_origin(SYS_read, tls, 0, "libcrypto.so.3");
        assert_origin(SYS_read,
                LIBC "fgets\t\n/usr/lib/libcrypto.so.3\t\t\n" DYNLOAD "_ssl.cpython-314-x86_64-linux-gnu.so\t\t\n", 0,
                "libcrypto.so.3");
}

/* They would fail. */
static void test_other_functions(void **state) {
        assert_origin(SYS_poll, LIBC "poll\t\n" LIBC "\t\n" LIBC "getaddrinfo\t\n" PYTHON, 0, "getaddrinfo");
        assert_origin(SYS_fcntl, LIBC "__fcntl\t\n" LIBC "lockf64\t\n" PYTHON, 0, "lockf64");
        assert_origin(SYS_wait4, LIBC "wait4\t\n" LIBC "\t\n" PYTHON, 0, "libc.so.6");
        assert_origin(SYS_rt_sigtimedwait, LIBC "sigwait\t\n" PYTHON, 0, "sigwait");
        assert_origin(SYS_ioctl, LIBC "ioctl\t\n" PYTHON, 0, "ioctl");
}

static void test_other_callers(void **state) {
        assert_origin(SYS_poll, LIBC "poll\t\n/usr/lib/libffi.so.8\t\t\n", 0, "libffi.so.8");
        assert_origin(SYS_poll, LIBC "poll\t\n" DYNLOAD "_ctypes.cpython-314-x86_64-linux-gnu.so\t\t\n", 0,
                "_ctypes.cpython-314-x86_64-linux-gnu.so");
        assert_origin(SYS_poll, LIBC "poll\t\n/usr/bin/python3.14\t\tlibffi\n", 0, "libffi");
        assert_origin(SYS_poll, LIBC "poll\t\n/usr/lib/libffi.so.8\tffi_call\tlibffi\n", 0, "libffi");
        assert_origin(SYS_poll, LIBC "poll\t\n/site-packages/lib-dynload.d/x.so\t\t\n", 0, "x.so");
        assert_origin(SYS_poll, LIBC "poll\t\n/usr/bin/other\tmain\t\n", 0, "other");
        assert_origin(SYS_poll, "/usr/lib/libzmq.so.5\tzmq_poll\t\n" PYTHON, 0, "libzmq.so.5");
}

static void test_locks(void **state) {
        assert_origin(SYS_futex, LIBC "\t\n" DYNLOAD "_multiprocessing.cpython-314-x86_64-linux-gnu.so\t\t\n", 1, NULL);
        assert_origin(SYS_futex, LIBC "sem_wait\t\n" DYNLOAD "_multiprocessing.so\t\t\n", 1, NULL);
        assert_origin(SYS_futex, LIBC "\t\n" PYTHON, 0, "python3.14");
        assert_origin(SYS_futex, LIBC "\t\n" DYNLOAD "_multiprocessing_other.so\t\t\n", 0, "_multiprocessing_other.so");
        assert_origin(
                SYS_futex, LIBC "pthread_cond_wait\t\n" DYNLOAD "_multiprocessing.so\t\t\n", 0, "pthread_cond_wait");
}

/* Unwinding ended early, or the program with it. */
static void test_unknown(void **state) {
        assert_origin(SYS_read, "", 0, NULL);
        assert_origin(SYS_read, LIBC "read\t\n", 0, NULL);
        assert_origin(SYS_read, LIBC "\t\n", 0, NULL);
        assert_origin(SYS_read, LIBC "read\t\n/usr/bin/python3.14\t\tpython", 0, NULL);
        assert_origin(SYS_read, LIBC "read\t\n/usr/bin/python3.14\n", 0, NULL);
        assert_origin(SYS_read, "\n\n\n", 0, NULL);
        assert_origin(SYS_read, "\t\t\n", 0, ".");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_cpython),
                cmocka_unit_test(test_tls),
                cmocka_unit_test(test_other_functions),
                cmocka_unit_test(test_other_callers),
                cmocka_unit_test(test_locks),
                cmocka_unit_test(test_unknown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
