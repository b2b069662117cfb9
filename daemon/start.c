/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "daemon/start.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/launcher.h"
#include "daemon/pending.h"
#include "daemon/unit-property.h"
#include "daemon/wait.h"
#include "helicopter/bus-options.h"
#include "helicopter/cleanup.h"
#include "helicopter/error.h"
#include "helicopter/exit-code.h"
#include "helicopter/grant-policy.h"
#include "helicopter/job-name.h"
#include "helicopter/printable.h"

/* What execve(2) takes at most for one string (MAX_ARG_STRLEN: 32 pages). */
#define STRING_MAX (32 * 4096)

/* And for all arguments and variables together, however large the stack may get (since Linux 4.13). */
#define STRINGS_MAX (6 << 20)

/* Far above what there is to say. It is handed to and fro with the rest (helicopter/job-start.h). */
#define PROPERTIES_MAX (64 << 10)

/* How much of foreign text stands in a message. */
#define SHOWN_MAX 256

typedef struct Request {
        const char *name;
        JobStart start;           /* its lists are sd-bus's, its folder the message's */
        const char *grant_policy; /* NULL: the usual one */
        GPtrArray *settings;      /* what its properties mean */
} Request;

static void request_clear(Request *request) {
        bus_strings_free(request->start.command);
        bus_strings_free(request->start.environment);
        bus_strings_free(request->start.properties);
        g_clear_pointer(&request->settings, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Request, request_clear)

static int read_request(sd_bus_message *message, Request *request, sd_bus_error *error) {
        JobStart *start = &request->start;
        const char *folder;
        int r;

        r = sd_bus_message_read(message, "s", &request->name);
        if (r < 0)
                return r;
        r = bus_strings_read(message, &start->command);
        if (r < 0)
                return r;
        r = sd_bus_message_read(message, "s", &folder);
        if (r < 0)
                return r;
        start->working_directory = (char *) folder;
        r = bus_strings_read(message, &start->environment);
        if (r < 0)
                return r;
        return bus_options_read(message, "StartJob",
                (const BusOption[]) {
                        { "grant-policy", 's', &request->grant_policy },
                        { "properties", 'a', &start->properties },
                        { "umask", 'u', &start->umask },
                        {},
                },
                error);
}

/* The bytes that strings take on a new process's stack; SIZE_MAX when one of them is longer than may be. */
static size_t stack_size(char **strings) {
        size_t size = 0;

        for (; strings && *strings; strings++) {
                size_t length = strlen(*strings) + 1;

                if (length > STRING_MAX)
                        return SIZE_MAX;
                size += length + sizeof(char *);
        }
        return size;
}

static int check_umask(uint32_t mask, sd_bus_error *error) {
        if (mask <= 0777 || mask == UMASK_OF_LAUNCHER)
                return 0;
        return sd_bus_error_setf(error, HELICOPTER_ERROR_BAD_OPTION, "%#o is no umask.", mask);
}

static int check_properties(char **properties, GPtrArray **ret_settings, sd_bus_error *error) {
        g_autoptr(GPtrArray) settings = unit_settings_new();

        if (stack_size(properties) > PROPERTIES_MAX)
                return sd_bus_error_setf(error, HELICOPTER_ERROR_BAD_OPTION,
                        "The properties are longer than the %d bytes that they may be.", PROPERTIES_MAX);
        for (; properties && *properties; properties++) {
                int r = unit_property_parse(*properties, settings, error);

                if (r < 0)
                        return r;
        }
        *ret_settings = g_steal_pointer(&settings);
        return 0;
}

static int check_command(const JobStart *start, sd_bus_error *error) {
        size_t argv = stack_size(start->command), environment = stack_size(start->environment);
        long most = MIN(sysconf(_SC_ARG_MAX), STRINGS_MAX);

        if (!start->command[0] || !start->command[0][0])
                return sd_bus_error_set(error, HELICOPTER_ERROR_BAD_COMMAND, "There is no command to start.");
        if (argv == SIZE_MAX || environment == SIZE_MAX || argv + environment > (size_t) most)
                return sd_bus_error_setf(error, HELICOPTER_ERROR_BAD_COMMAND,
                        "The command and its environment are longer than the %ld bytes that a process may be given.",
                        most);
        return 0;
}

static int check_environment(const JobStart *start, sd_bus_error *error) {
        for (char **variable = start->environment; *variable; variable++) {
                g_autofree char *shown = NULL;

                if (strchr(*variable, '=') && **variable != '=')
                        continue;
                shown = printable(*variable, SHOWN_MAX);
                return sd_bus_error_setf(
                        error, SD_BUS_ERROR_INVALID_ARGS, "'%s' is not an environment variable with its value.", shown);
        }
        return 0;
}

static int check_directory(const char *folder, sd_bus_error *error) {
        g_autofree char *shown = NULL;
        struct stat status;
        int r = 0;

        if (!g_path_is_absolute(folder))
                r = EINVAL;
        else if (stat(folder, &status) < 0 || access(folder, X_OK) < 0)
                r = errno;
        else if (!S_ISDIR(status.st_mode))
                r = ENOTDIR;
        if (r == 0)
                return 0;
        shown = printable(folder, SHOWN_MAX);
        return sd_bus_error_setf(error, HELICOPTER_ERROR_BAD_DIRECTORY, "A job cannot start in the folder '%s': %s.",
                shown, g_strerror(r));
}

int start_check(const JobStart *start, const char *grant_policy, GPtrArray **ret_settings, sd_bus_error *error) {
        int r;

        r = check_command(start, error);
        if (r < 0)
                return r;
        if (grant_policy && grant_policy_from_string(grant_policy) < 0)
                return sd_bus_error_set(
                        error, HELICOPTER_ERROR_BAD_OPTION, "A grant policy is " GRANT_POLICY_NAMES ".");
        r = check_environment(start, error);
        if (r < 0)
                return r;
        r = check_umask(start->umask, error);
        if (r < 0)
                return r;
        r = check_directory(start->working_directory, error);
        return r < 0 ? r : check_properties(start->properties, ret_settings, error);
}

static Job *add_job(Manager *manager, const Request *request, sd_bus_error *error) {
        g_autofree char *name = NULL;

        if (*request->name)
                return manager_add_job(manager, request->name, error);
        name = job_name_from_command((const char *const *) request->start.command);
        return manager_add_job_numbered(manager, name, error);
}

static const char *failure_name(const Job *job) {
        if (job->launch_error)
                return job->launch_error;
        switch (job->told.exit_code) {
        case EXIT_NOT_FOUND:
                return HELICOPTER_ERROR_COMMAND_NOT_FOUND;
        case EXIT_NOT_EXECUTABLE:
                return HELICOPTER_ERROR_NOT_EXECUTABLE;
        default:
                return HELICOPTER_ERROR_LAUNCH_FAILED;
        }
}

/* A command that was executed and ended already was started too: a start timestamp tells it from one that never was. */
StartOutcome start_outcome(const Job *job) {
        if (job_is_running(job) || (job_has_ended(job) && job->told.start_timestamp > 0))
                return START_DONE;
        return job_has_ended(job) ? START_FAILED : START_PENDING;
}

void start_reply_failure(const Job *job, sd_bus_message *call) {
        sd_bus_reply_method_errorf(call, failure_name(job), "Job %s: %s", job->name, job->told.failure_reason);
}

static bool answer_start(Job *job, sd_bus_message *call) {
        switch (start_outcome(job)) {
        case START_DONE:
                sd_bus_reply_method_return(call, "o", job->object);
                return true;
        case START_FAILED:
                start_reply_failure(job, call);
                job->never_ran = true;
                return true;
        default:
                return false;
        }
}

void start_expired(Job *job) {
        job_fail(job, "Its helicopter-parent did not register it in time.");
}

int start_refuse(sd_bus_error *error) {
        return sd_bus_error_set(
                error, HELICOPTER_ERROR_LAUNCH_FAILED, "The daemon has been told to end and starts no more jobs.");
}

int start_job(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        Manager *manager = userdata;
        g_auto(Request) request = { .start = { .umask = UMASK_OF_LAUNCHER } };
        g_autoptr(GBytes) text = NULL;
        Job *job;
        int r;

        if (manager_is_terminating(manager))
                return start_refuse(error);
        r = pending_check(manager, message, error);
        if (r < 0)
                return r;
        r = read_request(message, &request, error);
        if (r < 0)
                return r;
        r = start_check(&request.start, request.grant_policy, &request.settings, error);
        if (r < 0)
                return r;
        job = add_job(manager, &request, error);
        if (!job)
                return -sd_bus_error_get_errno(error);
        r = wait_add(job, message, START_TIMEOUT, "it did not start", answer_start, start_expired);
        if (r < 0) {
                manager_remove_job(manager, job);
                return r;
        }
        text = job_start_pack(&request.start);
        launcher_start(manager->launcher, job,
                &(LaunchRequest) {
                        .start = &request.start,
                        .text = text,
                        .settings = request.settings,
                        .grant_policy = request.grant_policy,
                });
        return 1;
}
