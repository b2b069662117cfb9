/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* helicopter-parent: runs a job as its child, and ends as the job did. */

#include <glib.h>
#include <stdlib.h>
#include <unistd.h>

#include "helicopter/cleanup.h"
#include "helicopter/error.h"
#include "helicopter/exit-code.h"
#include "helicopter/log.h"
#include "parent/exit-status.h"
#include "parent/options.h"
#include "parent/signals.h"
#include "parent/supervisor.h"

static int run(Options *options, int *ret_code, int *ret_signal) {
        g_autoptr(sd_event) event = NULL;
        g_auto(Supervisor) supervisor = { .child = CHILD_NONE, .lock = -1 };
        sigset_t mask;
        int r;

        signals_block(&mask);
        r = sd_event_default(&event);
        if (r < 0)
                return r;
        r = supervisor_start(&supervisor, event, options, &mask);
        if (r < 0)
                return r;
        r = signals_start(&supervisor);
        if (r < 0)
                return r;
        r = sd_event_loop(event);
        if (r < 0)
                return r;
        *ret_code = supervisor.exit_code;
        *ret_signal = supervisor.exit_signal;
        return 0;
}

int main(int argc, char **argv) {
        g_auto(Options) options = {};
        int code, signal, r;

        log_open("helicopter-parent");
        r = options_parse(argc, argv, &options);
        if (r != 0)
                return r < 0 ? EXIT_OWN_FAILURE : EXIT_SUCCESS;
        error_register();
        if (options.working_directory && chdir(options.working_directory) < 0) {
                log_error("The job cannot run in %s: %m. %s", options.working_directory,
                        error_remedy(HELICOPTER_ERROR_BAD_DIRECTORY));
                return EXIT_OWN_FAILURE;
        }
        r = run(&options, &code, &signal);
        if (r < 0) {
                log_error("The job cannot be run: %s; 'helicopter-client doctor' checks what is needed here.",
                        g_strerror(-r));
                return EXIT_OWN_FAILURE;
        }
        options_clear(&options);
        exit_as(code, signal);
}
