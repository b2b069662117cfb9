/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "test.h"

#include <errno.h>

#include "client-daemon.h"
#include "client/stop-options.h"
#include "helicopter/bus-names.h"

static const Verb verb = { "stop", "[NAME]", "Test", NULL };

static int parse(StopOptions *options, const char *line) {
        static char **words; /* the options may point into them */
        char *argv[8] = { NULL };
        int argc;

        g_strfreev(words);
        assert_true(g_shell_parse_argv(line, &argc, &words, NULL));
        for (int i = 0; i < argc; i++)
                argv[i] = words[i];
        return stop_options_parse(&verb, options, argc, argv);
}

static void assert_parsed(const char *line, const char *name, uint64_t grace) {
        g_auto(StopOptions) options = {};

        assert_int_equal(parse(&options, line), 1);
        assert_int_equal(g_strcmp0(options.name, name), 0);
        assert_true(options.grace == grace);
}

static void test_parse(void **state) {
        assert_parsed("stop", NULL, 10 * G_USEC_PER_SEC);
        assert_parsed("stop train", "train", 10 * G_USEC_PER_SEC);
        assert_parsed("stop --grace 0.5 --job train", "train", G_USEC_PER_SEC / 2);
        assert_parsed("stop train -g 0", "train", 0);
}

static void test_mistakes(void **state) {
        static const char *const lines[] = { "stop a b", "stop --job a b", "stop --grace=-1", "stop --grace=x",
                "stop --grace=inf", "stop -x" };

        for (size_t i = 0; i < G_N_ELEMENTS(lines); i++) {
                g_auto(StopOptions) options = {};

                assert_int_equal(parse(&options, lines[i]), -EINVAL);
        }
}

/* Stops, and knows no other method. */
static int answer(sd_bus_message *call, void *userdata) {
        const char *name;
        uint64_t *grace = userdata;

        if (!sd_bus_message_is_method_call(call, HELICOPTER_JOB_INTERFACE, "Stop"))
                return 0;
        assert_int_equal(sd_bus_message_enter_container(call, 'a', "{sv}"), 1);
        assert_int_equal(sd_bus_message_read(call, "{sv}", &name, "t", grace), 1);
        assert_string_equal(name, "grace");
        return sd_bus_reply_method_return(call, NULL);
}

static void test_call(void **state) {
        const StopOptions options = { .grace = 7 * G_USEC_PER_SEC };
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
        Connection *connection;
        uint64_t grace = 0;
        FakeDaemon *daemon = fake_daemon_start(answer, &grace, &connection);

        assert_int_equal(stop_options_call(&options, connection, HELICOPTER_JOB_PREFIX "/x", "Stop", 0, &error), 0);
        assert_int_equal(grace, options.grace);
        assert_true(stop_options_call(&options, connection, HELICOPTER_JOB_PREFIX "/x", "Other", 0, &error) < 0);
        assert_true(sd_bus_error_is_set(&error));
        connection_free(connection);
        fake_daemon_stop(daemon);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_parse),
                cmocka_unit_test(test_mistakes),
                cmocka_unit_test(test_call),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
