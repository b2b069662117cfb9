/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "test.h"

#include <glib.h>
#include <string.h>
#include <sys/syscall.h>

#include "helicopter/cleanup.h"
#include "helicopter/error.h"
#include "parent/wake-cause.h"

static const ThreadCall ioctl_call = { .blocked = true, .number = SYS_ioctl };

static void check(WakeCauseKind kind, const char *error_name, const char *word) {
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
        g_autofree char *sentence = NULL;
        WakeCause cause = {};

        wake_cause_set(&cause, kind, &ioctl_call, "libcuda.so.1");
        sentence = wake_cause_sentence(&cause);
        assert_true(g_str_has_prefix(sentence, "Its main thread "));
        assert_true(g_str_has_suffix(sentence, "."));
        assert_null(strstr(sentence, "(null)"));
        wake_cause_error(&cause, 77, &error);
        assert_string_equal(error.name, error_name);
        assert_non_null(strstr(error.message, "process 77 "));
        assert_non_null(strstr(error.message, word));
        wake_cause_clear(&cause);
}

static void test_every_kind(void **state) {
        check(CAUSE_RUNNING, HELICOPTER_ERROR_TIMEOUT, "busy");
        check(CAUSE_STOPPED, HELICOPTER_ERROR_BLOCKED, "kill -CONT 77");
        check(CAUSE_TRACED, HELICOPTER_ERROR_BLOCKED, "another tracer");
        check(CAUSE_CALL, HELICOPTER_ERROR_TIMEOUT, "ioctl");
        check(CAUSE_CALL_ENDS, HELICOPTER_ERROR_BLOCKED, "end early");
        check(CAUSE_LIBRARY, HELICOPTER_ERROR_BLOCKED, "libcuda.so.1");
        check(CAUSE_UNKNOWN_CALLER, HELICOPTER_ERROR_BLOCKED, "cannot be told");
        check(CAUSE_STUBBORN, HELICOPTER_ERROR_BLOCKED, "does not look up");
        check(CAUSE_UNREAD, HELICOPTER_ERROR_BLOCKED, "restricted builtins");
        check(CAUSE_LOCK, HELICOPTER_ERROR_BLOCKED, "lock");
}

static void test_call_names(void **state) {
        const ThreadCall unknown = { .blocked = true, .number = 99999 };
        g_autofree char *known_name = wake_cause_call_name(&ioctl_call), *unknown_name = wake_cause_call_name(&unknown);

        assert_string_equal(known_name, "ioctl");
        assert_string_equal(unknown_name, "system call 99999");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_every_kind),
                cmocka_unit_test(test_call_names),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
