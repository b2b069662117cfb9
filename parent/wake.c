/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "parent/wake.h"

#include <errno.h>

#include "helicopter/bus-options.h"
#include "helicopter/cleanup.h"
#include "helicopter/error.h"
#include "helicopter/printable.h"
#include "helicopter/wake.h"
#include "parent/waker.h"

#define DEFAULT_TIMEOUT (10 * G_USEC_PER_SEC)

static int read_mode(const char *word, WakeMode *ret_mode, sd_bus_error *error) {
        g_autofree char *shown = NULL;

        if (g_str_equal(word, "auto"))
                *ret_mode = WAKE_AUTO;
        else if (g_str_equal(word, "force"))
                *ret_mode = WAKE_FORCE;
        else if (g_str_equal(word, "off"))
                *ret_mode = WAKE_OFF;
        else {
                shown = printable(word, 64);
                return sd_bus_error_setf(error, HELICOPTER_ERROR_BAD_OPTION, "Wake's mode is not '%s'.", shown);
        }
        return 0;
}

static int read_options(sd_bus_message *message, WakeMode *ret_mode, uint64_t *ret_timeout, sd_bus_error *error) {
        const char *mode = "auto";
        uint64_t timeout = DEFAULT_TIMEOUT;
        const BusOption options[] = { { "mode", 's', &mode }, { "timeout", 't', &timeout }, {} };
        int r;

        r = bus_options_read(message, "Wake", options, error);
        if (r < 0)
                return r;
        if (timeout > WAKE_TIMEOUT_MAX)
                return sd_bus_error_set(error, HELICOPTER_ERROR_BAD_OPTION, "Wake's timeout is longer than an hour.");
        *ret_timeout = timeout;
        return read_mode(mode, ret_mode, error);
}

static void reply(const WakeResult *result, const sd_bus_error *error, void *userdata) {
        g_autoptr(sd_bus_message) message = userdata;

        if (result)
                sd_bus_reply_method_return(message, "a{sv}", 4, "thread", "u", (uint32_t) result->thread, "main", "b",
                        result->main, "reason", "s", result->reason, "call", "s", result->call);
        else
                sd_bus_reply_method_error(message, error);
}

/* It was before anybody asked. */
static int reply_taken(sd_bus_message *message, pid_t target, pid_t thread) {
        const WakeResult result = { .thread = thread, .main = thread == target, .reason = "", .call = "" };

        reply(&result, NULL, sd_bus_message_ref(message));
        return 1;
}

int wake_method(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        Supervisor *supervisor = userdata;
        g_auto(Target) target = TARGET_NONE;
        uint64_t timeout = 0;
        WakeMode mode = WAKE_AUTO;
        Script *script;
        Waker *waker;
        uint32_t pid;
        pid_t thread;
        int r;

        r = sd_bus_message_read(message, "u", &pid);
        if (r < 0)
                return r;
        r = read_options(message, &mode, &timeout, error);
        if (r < 0)
                return r;
        r = target_hold(supervisor, pid, &target, error);
        if (r < 0)
                return r;
        script = script_find(supervisor, target.pid);
        thread = script ? 0 : script_last_taken(supervisor, target.pid);
        if (thread > 0)
                return reply_taken(message, target.pid, thread);
        sd_bus_message_ref(message);
        r = waker_new(supervisor, &target, script, mode, timeout, reply, message, &waker, error);
        if (r < 0) {
                sd_bus_message_unref(message);
                return r;
        }
        return 1;
}
