/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "test.h"

#include <errno.h>

#include "daemon/bounds.h"
#include "daemon/restart.h"
#include "daemon/wait.h"
#include "helicopter/cleanup.h"
#include "helicopter/error.h"
#include "message.h"

/* A fourth of what is kept. */
static const char quarter[STARTS_BYTES_MAX / 4];

static char *folder;
static Manager *manager;
static sd_event *event;

/* Records are not written, but removed. */
static int set_up_folder(void **state) {
        folder = g_dir_make_tmp("helicopter-test-XXXXXX", NULL);
        g_setenv("XDG_RUNTIME_DIR", folder, TRUE);
        return 0;
}

static int tear_down_folder(void **state) {
        assert_int_equal(rmdir(folder), 0);
        g_free(folder);
        return 0;
}

static int set_up(void **state) {
        assert_true(sd_event_new(&event) >= 0);
        manager = manager_new(event);
        return 0;
}

static int tear_down(void **state) {
        manager = manager_free(manager);
        event = sd_event_unref(event);
        return 0;
}

static Job *add_job(const char *name) {
        Job *job = manager_add_job(manager, name, NULL);

        assert_non_null(job);
        job->never_ran = true; /* so that no record is written of its end */
        return job;
}

static void tell(Job *job, size_t size, bool restart) {
        g_autoptr(GBytes) start = size > 0 ? g_bytes_new_static(quarter, size) : NULL;
        const RestartTold told = { .known = true, .restart = restart, .start = start };

        restart_told(job, &told);
}

/* What is kept. */

static void test_nothing_is_known_of_an_older_parent(void **state) {
        Job *job = add_job("old");

        restart_told(job, &(RestartTold) {});
        assert_false(job->tells_restart);
        tell(job, 0, false);
        assert_true(job->tells_restart);
        assert_null(job->start);
        assert_false(job->start_lost);
}

static void test_kept_as_long_as_the_job(void **state) {
        Job *job = add_job("a");

        tell(job, 100, false);
        assert_int_equal(manager->starts_size, 100);
        tell(job, 70, false); /* another daemon's word, or the same anew */
        tell(job, 0, false);  /* a later update has none */
        assert_int_equal(g_bytes_get_size(job->start), 70);
        assert_int_equal(manager->starts_size, 70);
        manager_remove_job(manager, job);
        assert_int_equal(manager->starts_size, 0);
}

static void test_jobs_that_ended_first_lose_it_first(void **state) {
        Job *jobs[6];

        for (int i = 0; i < 4; i++) {
                g_autofree char *name = g_strdup_printf("job%d", i);

                jobs[i] = add_job(name);
                tell(jobs[i], sizeof quarter, false);
        }
        job_fail(jobs[2], "x");
        job_fail(jobs[1], "x");
        jobs[4] = add_job("next");
        tell(jobs[4], 10, false);
        assert_true(!jobs[2]->start && jobs[2]->start_lost);
        assert_true(jobs[1]->start && jobs[0]->start && jobs[3]->start && jobs[4]->start);

        /* One that is about to be started again does not. */
        tell(jobs[1], 0, true);
        jobs[5] = add_job("last");
        tell(jobs[5], sizeof quarter, false);
        assert_true(!jobs[5]->start && jobs[5]->start_lost);
        assert_non_null(jobs[1]->start);
        assert_int_equal(manager->starts_size, 3 * sizeof quarter + 10);

        /* There is room again. */
        manager_remove_job(manager, jobs[0]);
        tell(jobs[5], sizeof quarter, false);
        assert_true(jobs[5]->start && !jobs[5]->start_lost);
}

/* Who waits, and for what. */

static void test_name_is_taken_until_the_successor_has_it(void **state) {
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
        Job *job = add_job("a");

        tell(job, 10, true);
        job_fail(job, "x");
        assert_true(job_has_ended(job) && !job_is_over(job));
        assert_null(manager_add_job(manager, "a", &error));
        assert_string_equal(error.name, HELICOPTER_ERROR_JOB_EXISTS);
        tell(job, 0, false);
        assert_true(job_is_over(job));
        assert_non_null(manager_add_job(manager, "a", NULL));
}

static void test_no_restart_without_what_it_needs(void **state) {
        Job *job = add_job("a");

        tell(job, 0, true);
        assert_false(job->restart);
}

static unsigned asked;

static bool not_yet(Job *job, sd_bus_message *call) {
        asked++;
        return false;
}

static bool now(Job *job, sd_bus_message *call) {
        return true;
}

static void test_who_waits_goes_on_to_the_successor(void **state) {
        Job *job = add_job("a"), *next;
        Wait *waits;

        asked = 0;
        assert_int_equal(wait_add(job, NULL, G_USEC_PER_SEC, NULL, not_yet, NULL), 0);
        assert_int_equal(wait_add(job, NULL, G_USEC_PER_SEC, NULL, not_yet, NULL), 0);
        job_fail(job, "x");
        assert_int_equal(asked, 4);
        waits = wait_steal(job);
        assert_null(job->waits);
        next = manager_replace_job(manager, job);
        next->never_ran = true;
        assert_ptr_equal(manager_find_job(manager, "a"), next);
        wait_give(next, waits, not_yet);
        assert_int_equal(asked, 6);
        wait_give(next, wait_steal(next), now);
        assert_null(next->waits);
        wait_give(next, NULL, now);
}

static bool expired;

static void note_expired(Job *job) {
        expired = true;
}

static void test_a_deadline_that_nobody_waits_for(void **state) {
        Job *job = add_job("a");

        expired = false;
        assert_int_equal(wait_add(job, NULL, 1, NULL, not_yet, note_expired), 0);
        assert_true(sd_event_run(event, G_USEC_PER_SEC) > 0);
        assert_true(expired);
        assert_null(job->waits);
        assert_int_equal(wait_add(job, NULL, G_USEC_PER_SEC, NULL, not_yet, note_expired), 0);
        manager_remove_job(manager, job);
}

/* What a parent tells. */

static int read_told(const char *types, RestartTold *told, const char *name, int value) {
        g_autoptr(sd_bus_message) message = message_new();
        const char *found;

        assert_true(sd_bus_message_append(message, "s", name) >= 0);
        if (*types == 'a')
                assert_true(sd_bus_message_append(message, "v", "ay", 3, 1, 2, value) >= 0);
        else
                assert_true(sd_bus_message_append(message, "v", types, value) >= 0);
        message_seal(message);
        assert_true(sd_bus_message_read(message, "s", &found) > 0);
        return restart_take(found, message, told);
}

static void test_take(void **state) {
        g_auto(RestartTold) told = {};

        assert_int_equal(read_told("ay", &told, "Start", 3), 1);
        assert_int_equal(g_bytes_get_size(told.start), 3);
        assert_false(told.known);
        assert_int_equal(read_told("ay", &told, "Start", 4), 1);
        assert_int_equal(((const char *) g_bytes_get_data(told.start, NULL))[2], 4);
        assert_int_equal(read_told("b", &told, "Restart", 1), 1);
        assert_true(told.known && told.restart);
        assert_int_equal(read_told("b", &told, "Restart", 0), 1);
        assert_true(told.known && !told.restart);
        assert_int_equal(read_told("b", &told, "Other", 1), 0);
        assert_true(read_told("u", &told, "Restart", 1) < 0);
        assert_true(read_told("u", &told, "Start", 1) < 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_nothing_is_known_of_an_older_parent, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_kept_as_long_as_the_job, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_jobs_that_ended_first_lose_it_first, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_name_is_taken_until_the_successor_has_it, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_no_restart_without_what_it_needs, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_who_waits_goes_on_to_the_successor, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_a_deadline_that_nobody_waits_for, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_take, message_set_up, message_tear_down),
        };

        return cmocka_run_group_tests(tests, set_up_folder, tear_down_folder);
}
