/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "test.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "daemon/job-end.h"
#include "daemon/order.h"
#include "daemon/wait.h"
#include "helicopter/cleanup.h"
#include "helicopter/error.h"
#include "message.h"

#define GRACE UINT64_C(3000000)

/* Its parent, so to speak: the order that was sent, and what was told of it. */
static struct {
        int result; /* of order_send() */
        uint64_t grace;
        sd_bus_message *call;
        OrderHooks hooks;
} sent;

static uint64_t waited; /* for the job's end */

static struct {
        Job *job;
        uint64_t grace;
        int calls;
} awaited;

int __wrap_order_new(Job *job, const char *method, sd_bus_message **ret_order, sd_bus_error *error);
int __wrap_order_send(
        Job *job, sd_bus_message *order, sd_bus_message *call, const OrderHooks *hooks, sd_bus_error *error);
int __wrap_wait_add(
        Job *job, sd_bus_message *call, uint64_t timeout, const char *what, WaitAnswer answer, WaitExpired expired);

int __wrap_order_new(Job *job, const char *method, sd_bus_message **ret_order, sd_bus_error *error) {
        if (g_str_equal(method, "Missing"))
                return -ENOTCONN;
        *ret_order = message_new();
        return 0;
}

int __wrap_order_send(
        Job *job, sd_bus_message *order, sd_bus_message *call, const OrderHooks *hooks, sd_bus_error *error) {
        message_seal(order);
        assert_true(sd_bus_message_read(order, "t", &sent.grace) > 0);
        sent.call = call;
        sent.hooks = hooks ? *hooks : (OrderHooks) {};
        return sent.result;
}

int __wrap_wait_add(
        Job *job, sd_bus_message *call, uint64_t timeout, const char *what, WaitAnswer answer, WaitExpired expired) {
        waited = timeout;
        assert_false(answer(job, call));
        return 0;
}

static char *folder;
static sd_event *event;
static Manager *manager;
static Job *job;

static int set_up(void **state) {
        assert_true(sd_event_new(&event) >= 0);
        manager = manager_new(event);
        job = manager_add_job(manager, "train", NULL);
        job->never_ran = true; /* so that no record is written of its end */
        memset(&sent, 0, sizeof(sent));
        memset(&awaited, 0, sizeof(awaited));
        waited = 0;
        return 0;
}

static int tear_down(void **state) {
        if (sent.hooks.free && sent.result >= 0)
                sent.hooks.free(sent.hooks.userdata);
        manager = manager_free(manager);
        event = sd_event_unref(event);
        return 0;
}

/* Records are not written, but removed. */
static int set_up_group(void **state) {
        folder = g_dir_make_tmp("helicopter-test-XXXXXX", NULL);
        g_setenv("XDG_RUNTIME_DIR", folder, TRUE);
        return message_set_up(state);
}

static int tear_down_group(void **state) {
        assert_int_equal(rmdir(folder), 0);
        g_free(folder);
        return message_tear_down(state);
}

static int note_await(Job *of, const char *job_name, uint64_t grace, sd_bus_message *call) {
        assert_string_equal(job_name, "train");
        assert_ptr_equal(call, sent.call);
        awaited.job = of;
        awaited.grace = grace;
        awaited.calls++;
        return 0;
}

static const JobEnd end = { .method = "Restart", .await = note_await };

static void test_awaited_once_it_has_begun(void **state) {
        g_autoptr(sd_bus_message) call = message_new();

        assert_int_equal(job_end_order(job, &end, GRACE, call, NULL), 0);
        assert_int_equal(sent.grace, GRACE);
        assert_ptr_equal(sent.call, call);
        assert_int_equal(awaited.calls, 0);
        assert_false(job->stopping);
        assert_int_equal(sent.hooks.reply(call, NULL, sent.hooks.userdata), 0);
        assert_ptr_equal(awaited.job, job);
        assert_int_equal(awaited.grace, GRACE);
}

static void test_another_job_of_the_name_is_not_awaited(void **state) {
        g_autoptr(sd_bus_message) call = message_new();

        assert_int_equal(job_end_order(job, &end, GRACE, call, NULL), 0);
        manager_remove_job(manager, job);
        manager_add_job(manager, "train", NULL)->never_ran = true;
        assert_int_equal(sent.hooks.reply(call, NULL, sent.hooks.userdata), 0);
        assert_int_equal(awaited.calls, 1);
        assert_null(awaited.job);
}

static void test_not_sent(void **state) {
        static const JobEnd missing = { .method = "Missing", .for_good = true, .await = note_await };
        g_autoptr(sd_bus_message) call = message_new();

        assert_int_equal(job_end_order(job, &missing, GRACE, call, NULL), -ENOTCONN);
        assert_false(job->stopping);
        sent.result = -ECONNRESET;
        assert_int_equal(job_end_order(job, &end, GRACE, call, NULL), -ECONNRESET);
        assert_int_equal(awaited.calls, 0);
}

static void test_stop_that_is_not_sent(void **state) {
        g_autoptr(sd_bus_message) call = message_new();

        sent.result = -ECONNRESET;
        assert_int_equal(job_end_stop(job, GRACE, call, NULL), -ECONNRESET);
        assert_false(job->stopping);
        assert_int_equal(job_end_stop(job, GRACE, NULL, NULL), -ECONNRESET);
        assert_false(job->stopping);
}

/* One that was sent before still holds. */
static void test_another_stop_that_is_not_sent(void **state) {
        assert_int_equal(job_end_stop(job, GRACE, NULL, NULL), 0);
        sent.result = -ECONNRESET;
        assert_int_equal(job_end_stop(job, GRACE, NULL, NULL), -ECONNRESET);
        assert_true(job->stopping);
}

static void test_stop(void **state) {
        g_autoptr(sd_bus_message) call = message_new();

        assert_int_equal(job_end_stop(job, GRACE, call, NULL), 0);
        assert_true(job->stopping);
        assert_int_equal(sent.hooks.reply(call, NULL, sent.hooks.userdata), 0);
        assert_int_equal(waited, GRACE + STOP_KILL_TIMEOUT);
}

static void test_stop_that_nobody_waits_for(void **state) {
        assert_int_equal(job_end_stop(job, GRACE, NULL, NULL), 0);
        assert_int_equal(sent.grace, GRACE);
        assert_null(sent.hooks.reply);
        assert_null(sent.hooks.free);
}

static int read_grace(uint64_t grace, uint64_t *ret_grace, sd_bus_error *error) {
        g_autoptr(sd_bus_message) message = message_new();

        assert_true(sd_bus_message_append(message, "a{sv}", 1, "grace", "t", grace) >= 0);
        message_seal(message);
        return job_end_read_grace(job, message, "Stop", ret_grace, error);
}

static void test_read_grace(void **state) {
        const uint64_t day = 24 * 3600 * (uint64_t) G_USEC_PER_SEC;
        g_autoptr(sd_bus_message) none = message_new();
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
        uint64_t grace = 5;

        assert_true(read_grace(day + 1, &grace, &error) < 0);
        assert_string_equal(error.name, HELICOPTER_ERROR_BAD_OPTION);
        assert_int_equal(grace, 5);
        assert_int_equal(read_grace(day, &grace, NULL), 0);
        assert_int_equal(grace, day);
        assert_true(sd_bus_message_append(none, "a{sv}", 0) >= 0);
        message_seal(none);
        assert_int_equal(job_end_read_grace(job, none, "Stop", &grace, NULL), 0);
        assert_int_equal(grace, 10 * G_USEC_PER_SEC);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_awaited_once_it_has_begun, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_another_job_of_the_name_is_not_awaited, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_not_sent, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_stop_that_is_not_sent, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_another_stop_that_is_not_sent, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_stop, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_stop_that_nobody_waits_for, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_read_grace, set_up, tear_down),
        };

        return cmocka_run_group_tests(tests, set_up_group, tear_down_group);
}
