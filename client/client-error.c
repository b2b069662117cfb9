/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "client/client-error.h"

#include <errno.h>
#include <glib.h>
#include <stdarg.h>
#include <string.h>

#include "helicopter/cleanup.h"
#include "helicopter/error.h"

static const struct {
        const char *name;
        const char *remedy;
} remedies[] = {
        { CLIENT_ERROR_AMBIGUOUS, "Name one of them." },
        { CLIENT_ERROR_NO_JOB, "'helicopter-client run -- COMMAND' starts one." },
        { CLIENT_ERROR_NO_DAEMON, "Check the installation of helicopterd; HELICOPTER_DAEMON may name another one." },
        { CLIENT_ERROR_NOT_OURS, "Check who owns that folder, and whether XDG_RUNTIME_DIR is yours." },
        { CLIENT_ERROR_SILENT,
                "Try again; if it stays so, end helicopterd: jobs go on, and are known again when it is back." },
        { CLIENT_ERROR_LOST, "Try again: jobs go on without the daemon, and it is started when it is needed." },
        { CLIENT_ERROR_NO_SCRIPT, "Name a file with Python code, or '-' for stdin." },
        { CLIENT_ERROR_STILL_RUNS, "It goes on, and what it writes is lost; a longer --timeout waits for it." },
        { CLIENT_ERROR_LOST_SCRIPT, "The job may have been told to exec or to end; 'helicopter-client status' knows." },
        { CLIENT_ERROR_OTHER_NAMESPACE, "Run helicopter-client in the job's own namespaces, by nsenter(1)." },
        { CLIENT_ERROR_DEBUGGER_BUSY, "End the debugger that the job is in first." },
        { CLIENT_ERROR_NO_INTERPRETER, "Put the Python that the job runs on into the PATH." },
        { CLIENT_ERROR_BAD_TEXT, "Rename what is not: only text in UTF-8 can be handed to a job." },
        { CLIENT_ERROR_NO_OUTPUT, "Look there: at that terminal, or at what its output was redirected to." },
        { CLIENT_ERROR_UNREADABLE_OUTPUT, "'helicopter-client doctor' says what can be read here." },
        { CLIENT_ERROR_NO_TIMES, "Leave --since and --timestamps out; --lines shows the last lines." },
        { CLIENT_ERROR_NO_STACKS,
                "Try again, with a longer --timeout perhaps; 'helicopter-client ps' shows its state." },
        { CLIENT_ERROR_CANNOT_RUN,
                "Check its spelling, its permissions and the PATH; a job's name goes in front of the '--'." },
        { CLIENT_ERROR_CANNOT_ATTACH, "The job goes on; try again, or look at it with 'helicopter-client stack'." },
        { CLIENT_ERROR_TAKEN_OVER, "Ask whoever that is to end it first; --force takes the job back." },
        { CLIENT_ERROR_DROPPED, "Have the script write less, or to a file." },
        { CLIENT_ERROR_NO_JSON, "Install json-glib (libjson-glib-1.0-0 on Debian), or leave --json out." },
        { CLIENT_ERROR_NOT_WRITTEN,
                "Make room, or write elsewhere; what was asked for beside the output may have been done." },
        { CLIENT_ERROR_SYSTEM, "Try again; 'helicopter-client doctor' checks what is needed here." },
};

static const struct {
        const char *from;
        const char *name;
        int number;
        const char *message;
} translations[] = {
        { SD_BUS_ERROR_NO_REPLY, CLIENT_ERROR_SILENT, ETIMEDOUT, "The daemon did not answer in time" },
        { SD_BUS_ERROR_TIMEOUT, CLIENT_ERROR_SILENT, ETIMEDOUT, "The daemon did not answer in time" },
        { SD_BUS_ERROR_DISCONNECTED, CLIENT_ERROR_LOST, ECONNRESET, "The connection to the daemon was lost" },
        { SD_BUS_ERROR_SERVICE_UNKNOWN, CLIENT_ERROR_LOST, ECONNRESET, "The daemon has left the message bus" },
        { SD_BUS_ERROR_NAME_HAS_NO_OWNER, CLIENT_ERROR_LOST, ECONNRESET, "The daemon has left the message bus" },
};

static const char *find_remedy(const char *name) {
        for (size_t i = 0; i < G_N_ELEMENTS(remedies); i++)
                if (strcmp(remedies[i].name, name) == 0)
                        return remedies[i].remedy;
        return error_remedy(name);
}

const char *client_error_remedy(const char *name) {
        return find_remedy(name) ?: find_remedy(CLIENT_ERROR_SYSTEM);
}

int client_error_set(sd_bus_error *error, const char *name, int number, const char *format, ...) {
        g_autofree char *message = NULL;
        va_list arguments;

        va_start(arguments, format);
        message = g_strdup_vprintf(format, arguments);
        va_end(arguments);
        sd_bus_error_free(error);
        sd_bus_error_set(error, name, message);
        return -number;
}

void client_error_name_job(sd_bus_error *error, const char *job) {
        g_autofree char *name = g_strconcat("Job ", job, NULL), *message = NULL;
        g_auto(sd_bus_error) named = SD_BUS_ERROR_NULL;

        if (!sd_bus_error_is_set(error) || g_str_has_prefix(error->message ?: name, name))
                return;
        message = g_strconcat(name, ": ", error->message, NULL);
        sd_bus_error_set(&named, error->name, message);
        sd_bus_error_free(error);
        sd_bus_error_move(error, &named);
}

int client_error_translate(sd_bus_error *error, int r) {
        for (size_t i = 0; i < G_N_ELEMENTS(translations); i++)
                if (sd_bus_error_has_name(error, translations[i].from))
                        return client_error_set(
                                error, translations[i].name, translations[i].number, "%s", translations[i].message);
        return r;
}
