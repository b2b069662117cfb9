/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "test.h"

#include <string.h>
#include <systemd/sd-journal.h>

#include "daemon/audit.h"
#include "helicopter/cleanup.h"
#include "helicopter/error.h"

/* The fields of the last entry, and how many entries there were. */
static GPtrArray *fields;
static unsigned entries;

int __wrap_sd_journal_sendv(const struct iovec *vector, int count);

int __wrap_sd_journal_sendv(const struct iovec *vector, int count) {
        g_ptr_array_set_size(fields, 0);
        for (int i = 0; i < count; i++)
                g_ptr_array_add(fields, g_strndup(vector[i].iov_base, vector[i].iov_len));
        entries++;
        return -EIO; /* a journal that is not there changes nothing */
}

static const char *field(const char *name) {
        for (guint i = 0; i < fields->len; i++) {
                const char *text = fields->pdata[i];

                if (g_str_has_prefix(text, name) && text[strlen(name)] == '=')
                        return text + strlen(name) + 1;
        }
        return NULL;
}

typedef struct Fixture {
        Job job;
        Caller caller;
        Audit audit;
} Fixture;

static int set_up(void **state) {
        Fixture *fixture = g_new0(Fixture, 1);

        fields = g_ptr_array_new_with_free_func(g_free);
        entries = 0;
        fixture->job = (Job) { .name = (char *) "train" };
        job_properties_init(&fixture->job.told);
        job_properties_set_string(&fixture->job.told.unit, "helicopter-train.service");
        fixture->caller = (Caller) {
                .pid = 77, .uid = 1000, .pidfd = -1, .command = (char *) "gdb -p 88", .executable = (char *) "/bin/gdb"
        };
        fixture->audit = (Audit) {
                .job = &fixture->job, .job_name = "train", .target_pid = 88, .caller = &fixture->caller, .seconds = 0.25
        };
        *state = fixture;
        return 0;
}

static int tear_down(void **state) {
        Fixture *fixture = *state;

        job_properties_clear(&fixture->job.told);
        g_free(fixture->job.tracer_executable);
        g_free(fixture);
        g_ptr_array_unref(fields);
        return 0;
}

static void test_grant(void **state) {
        Fixture *fixture = *state;

        audit_done(&fixture->audit, &audit_granted);
        assert_string_equal(field("MESSAGE"), "Job train: pid 77 (gdb -p 88) may trace pid 88.");
        assert_string_equal(field("MESSAGE_ID"), "1f6c586d0c3b4e6f9b0e438f5ed51b7a");
        assert_string_equal(field("HELICOPTER_JOB"), "train");
        assert_string_equal(field("HELICOPTER_UNIT"), "helicopter-train.service");
        assert_string_equal(field("HELICOPTER_TRACER_PID"), "77");
        assert_string_equal(field("HELICOPTER_TRACER_UID"), "1000");
        assert_string_equal(field("HELICOPTER_TRACER_EXE"), "/bin/gdb");
        assert_string_equal(field("HELICOPTER_TARGET_PID"), "88");
        assert_string_equal(field("HELICOPTER_SECONDS"), "0.250");
        assert_int_equal(entries, 1);
}

static void test_refusal(void **state) {
        Fixture *fixture = *state;
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;

        sd_bus_error_set(&error, HELICOPTER_ERROR_NOT_PERMITTED, "It is not.");
        fixture->audit.job = NULL; /* not listed any more */
        audit_refused(&fixture->audit, &error);
        assert_string_equal(field("MESSAGE"), "Job train: pid 77 (gdb -p 88) was refused: It is not.");
        assert_string_equal(field("HELICOPTER_ERROR"), HELICOPTER_ERROR_NOT_PERMITTED);
        assert_null(field("HELICOPTER_UNIT"));
}

static void test_end_of_a_lease(void **state) {
        Fixture *fixture = *state;
        JobProperties before = { .tracer_pid = 77, .tracer_command = (char *) "gdb -p 88" };

        audit_done(&fixture->audit, &audit_granted);
        audit_tracer_changed(&fixture->job, &before);
        assert_string_equal(field("MESSAGE"), "Job train: pid 77 (gdb -p 88) may trace no longer.");
        assert_string_equal(field("HELICOPTER_TRACER_EXE"), "/bin/gdb");
        assert_string_equal(field("HELICOPTER_TARGET_PID"), "88");
        assert_non_null(field("HELICOPTER_SECONDS"));
        assert_int_equal(entries, 2);
}

/* It began under an earlier daemon: what that one knew of it is gone. */
static void test_end_of_an_earlier_lease(void **state) {
        Fixture *fixture = *state;
        JobProperties before = { .tracer_pid = 78, .tracer_command = (char *) "strace" };

        audit_tracer_changed(&fixture->job, &before);
        assert_string_equal(field("HELICOPTER_TRACER_PID"), "78");
        assert_null(field("HELICOPTER_TRACER_EXE"));
        assert_null(field("HELICOPTER_TARGET_PID"));
}

static void test_begin_of_a_lease_is_the_grant(void **state) {
        Fixture *fixture = *state;
        JobProperties before = {};

        fixture->job.told.tracer_pid = 77;
        audit_tracer_changed(&fixture->job, &before);
        assert_int_equal(entries, 0);
}

static void test_policy(void **state) {
        Fixture *fixture = *state;

        job_properties_set_string(&fixture->job.told.grant_policy, "none");
        audit_done(&fixture->audit, &audit_policy);
        assert_string_equal(field("HELICOPTER_GRANT_POLICY"), "none");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_grant, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_refusal, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_end_of_a_lease, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_end_of_an_earlier_lease, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_begin_of_a_lease_is_the_grant, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_policy, set_up, tear_down),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
