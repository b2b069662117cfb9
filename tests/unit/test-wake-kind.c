/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>

#include <cmocka.h>

#include "helicopter/wake.h"

#define ASSERT_KIND(expected, ...) assert_int_equal(wake_kind(&(ThreadCall) { .blocked = true, __VA_ARGS__ }), expected)

static void test_resumed(void **state) {
        ASSERT_KIND(WAKE_RESUMED, .number = SYS_read);
        ASSERT_KIND(WAKE_RESUMED, .number = SYS_recvfrom);
        ASSERT_KIND(WAKE_RESUMED, .number = SYS_poll);
        ASSERT_KIND(WAKE_RESUMED, .number = SYS_wait4);
        ASSERT_KIND(WAKE_RESUMED, .number = SYS_openat);
}

static void test_lock(void **state) {
        ASSERT_KIND(WAKE_LOCK, .number = SYS_futex);
}

static void test_never(void **state) {
        ASSERT_KIND(WAKE_NEVER, .number = SYS_pause);
        ASSERT_KIND(WAKE_NEVER, .number = SYS_rt_sigsuspend);
        ASSERT_KIND(WAKE_NEVER, .number = SYS_nanosleep);
        ASSERT_KIND(WAKE_NEVER, .number = SYS_ioctl);
        ASSERT_KIND(WAKE_NEVER, .number = SYS_restart_syscall);
        ASSERT_KIND(WAKE_NEVER, .number = 100000);
        assert_int_equal(wake_kind(&(ThreadCall) { .number = SYS_read }), WAKE_NEVER);
}

static void test_arguments(void **state) {
        ASSERT_KIND(WAKE_RESUMED, .number = SYS_clock_nanosleep, .arguments = { CLOCK_MONOTONIC, TIMER_ABSTIME });
        ASSERT_KIND(WAKE_NEVER, .number = SYS_clock_nanosleep, .arguments = { CLOCK_MONOTONIC, 0 });
        ASSERT_KIND(WAKE_RESUMED, .number = SYS_fcntl, .arguments = { 3, F_SETLKW });
        ASSERT_KIND(WAKE_RESUMED, .number = SYS_fcntl, .arguments = { 3, F_OFD_SETLKW });
        ASSERT_KIND(WAKE_NEVER, .number = SYS_fcntl, .arguments = { 3, F_SETLEASE });
        ASSERT_KIND(WAKE_RESUMED, .number = SYS_connect, .arguments = { 3, 0x10000, sizeof(struct sockaddr_in) });
        ASSERT_KIND(WAKE_RESUMED, .number = SYS_connect, .arguments = { 3, 0x10000, sizeof(struct sockaddr_in6) });
        ASSERT_KIND(WAKE_NEVER, .number = SYS_connect, .arguments = { 3, 0x10000, sizeof(struct sockaddr_un) });
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_resumed),
                cmocka_unit_test(test_lock),
                cmocka_unit_test(test_never),
                cmocka_unit_test(test_arguments),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
