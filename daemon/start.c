/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "daemon/start.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/job.h"
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

/* A service manager under load takes its time. */
#define START_TIMEOUT (60 * G_USEC_PER_SEC)

/* What execve(2) takes at most for one string (MAX_ARG_STRLEN: 32 pages). */
#define STRING_MAX (32 * 4096)

/* How much of foreign text stands in a message. */
#define SHOWN_MAX 256

typedef struct Request {
        const char *name;
        char **argv;
        const char *cwd;
        char **environment;
        const char *grant_policy; /* NULL: the usual one */
        char **properties;        /* NAME=VALUE, of the unit; NULL: none given */
        uint32_t umask;
        GPtrArray *settings; /* what properties and umask mean */
} Request;

static void request_clear(Request *request) {
        bus_strings_free(request->argv);
        bus_strings_free(request->environment);
        bus_strings_free(request->properties);
        g_clear_pointer(&request->settings, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Request, request_clear)

static int read_request(sd_bus_message *message, Request *request, sd_bus_error *error) {
        int r;

        r = sd_bus_message_read(message, "s", &request->name);
        if (r < 0)
                return r;
        r = bus_strings_read(message, &request->argv);
        if (r < 0)
                return r;
        r = sd_bus_message_read(message, "s", &request->cwd);
        if (r < 0)
                return r;
        r = bus_strings_read(message, &request->environment);
        if (r < 0)
                return r;
        return bus_options_read(message, "StartJob",
                (const BusOption[]) {
                        { "grant-policy", 's', &request->grant_policy },
                        { "properties", 'a', &request->properties },
                        { "umask", 'u', &request->umask },
                        {},
                },
                error);
}

static int check_umask(uint32_t mask, sd_bus_error *error) {
        if (mask <= 0777 || mask == UMASK_OF_LAUNCHER)
                return 0;
        return sd_bus_error_setf(error, HELICOPTER_ERROR_BAD_OPTION, "%#o is no umask.", mask);
}

static int check_properties(Request *request, sd_bus_error *error) {
        request->settings = unit_settings_new();
        for (char **property = request->properties; property && *property; property++) {
                int r = unit_property_parse(*property, request->settings, error);

                if (r < 0)
                        return r;
        }
        return 0;
}

/* The bytes that strings take on a new process's stack; SIZE_MAX when one of them is longer than may be. */
static size_t stack_size(char **strings) {
        size_t size = 0;

        for (; *strings; strings++) {
                size_t length = strlen(*strings) + 1;

                if (length > STRING_MAX)
                        return SIZE_MAX;
                size += length + sizeof(char *);
        }
        return size;
}

static int check_command(const Request *request, sd_bus_error *error) {
        size_t argv = stack_size(request->argv), environment = stack_size(request->environment);
        long most = sysconf(_SC_ARG_MAX);

        if (!request->argv[0] || !request->argv[0][0])
                return sd_bus_error_set(error, HELICOPTER_ERROR_BAD_COMMAND, "There is no command to start.");
        if (argv == SIZE_MAX || environment == SIZE_MAX || argv + environment > (size_t) most)
                return sd_bus_error_setf(error, HELICOPTER_ERROR_BAD_COMMAND,
                        "The command and its environment are longer than the %ld bytes that a process may be given.",
                        most);
        return 0;
}

static int check_environment(const Request *request, sd_bus_error *error) {
        for (char **variable = request->environment; *variable; variable++) {
                g_autofree char *shown = NULL;

                if (strchr(*variable, '=') && **variable != '=')
                        continue;
                shown = printable(*variable, SHOWN_MAX);
                return sd_bus_error_setf(
                        error, SD_BUS_ERROR_INVALID_ARGS, "'%s' is not an environment variable with its value.", shown);
        }
        return 0;
}

static int check_directory(const Request *request, sd_bus_error *error) {
        g_autofree char *shown = NULL;
        struct stat status;
        int r = 0;

        if (!g_path_is_absolute(request->cwd))
                r = EINVAL;
        else if (stat(request->cwd, &status) < 0 || access(request->cwd, X_OK) < 0)
                r = errno;
        else if (!S_ISDIR(status.st_mode))
                r = ENOTDIR;
        if (r == 0)
                return 0;
        shown = printable(request->cwd, SHOWN_MAX);
        return sd_bus_error_setf(error, HELICOPTER_ERROR_BAD_DIRECTORY, "A job cannot start in the folder '%s': %s.",
                shown, g_strerror(r));
}

static int check(Request *request, sd_bus_error *error) {
        int r;

        r = check_command(request, error);
        if (r < 0)
                return r;
        if (request->grant_policy && grant_policy_from_string(request->grant_policy) < 0)
                return sd_bus_error_set(
                        error, HELICOPTER_ERROR_BAD_OPTION, "A grant policy is " GRANT_POLICY_NAMES ".");
        r = check_environment(request, error);
        if (r < 0)
                return r;
        r = check_umask(request->umask, error);
        if (r < 0)
                return r;
        r = check_properties(request, error);
        return r < 0 ? r : check_directory(request, error);
}

static Job *add_job(Manager *manager, const Request *request, sd_bus_error *error) {
        g_autofree char *name = NULL;

        if (*request->name)
                return manager_add_job(manager, request->name, error);
        name = job_name_from_command((const char *const *) request->argv);
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
static bool answer_start(Job *job, sd_bus_message *call) {
        if (job_is_running(job) || (job_has_ended(job) && job->told.start_timestamp > 0)) {
                sd_bus_reply_method_return(call, "o", job->object);
                return true;
        }
        if (!job_has_ended(job))
                return false;
        sd_bus_reply_method_errorf(call, failure_name(job), "Job %s: %s", job->name, job->told.failure_reason);
        job->never_ran = true;
        return true;
}

/* The name must not stay taken by what will never be. */
static void never_started(Job *job) {
        job_fail(job, "Its helicopter-parent did not register it in time.");
}

int start_job(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        Manager *manager = userdata;
        g_auto(Request) request = { .umask = UMASK_OF_LAUNCHER };
        LaunchRequest launch;
        Job *job;
        int r;

        if (manager_is_terminating(manager))
                return sd_bus_error_set(error, HELICOPTER_ERROR_LAUNCH_FAILED,
                        "The daemon has been told to end and starts no more jobs.");
        r = pending_check(manager, message, error);
        if (r < 0)
                return r;
        r = read_request(message, &request, error);
        if (r < 0)
                return r;
        r = check(&request, error);
        if (r < 0)
                return r;
        job = add_job(manager, &request, error);
        if (!job)
                return -sd_bus_error_get_errno(error);
        r = wait_add(job, message, START_TIMEOUT, "it did not start", answer_start, never_started);
        if (r < 0) {
                manager_remove_job(manager, job);
                return r;
        }
        launch = (LaunchRequest) {
                .name = job->name,
                .argv = (const char *const *) request.argv,
                .cwd = request.cwd,
                .environment = (const char *const *) request.environment,
                .grant_policy = request.grant_policy,
                .settings = request.settings,
                .umask = request.umask,
        };
        launcher_start(manager->launcher, job, &launch);
        return 1;
}
