/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "daemon/launcher.h"

#include <errno.h>

#include "config.h"
#include "daemon/start-memory.h"
#include "helicopter/cleanup.h"

static const LaunchMethod methods[] = { launch_as_unit, launch_as_child };

Launcher *launcher_new(Manager *manager) {
        Launcher *launcher = g_new(Launcher, 1);

        *launcher = (Launcher) {
                .manager = manager,
                .service_manager = service_manager_new(manager),
                .units = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
        };
        return launcher;
}

Launcher *launcher_free(Launcher *launcher) {
        if (!launcher)
                return NULL;
        sd_bus_slot_unref(launcher->removed);
        sd_bus_slot_unref(launcher->unit_removed);
        service_manager_free(launcher->service_manager);
        g_hash_table_unref(launcher->units);
        g_free(launcher);
        return NULL;
}

static const char *parent_path(void) {
        const char *override = g_getenv("HELICOPTER_PARENT");

        return override ? override : HELICOPTER_PARENT_PATH;
}

static char **parent_command(const Job *job, const LaunchRequest *request) {
        g_autoptr(GPtrArray) command = g_ptr_array_new();

        g_ptr_array_add(command, g_strdup(parent_path()));
        g_ptr_array_add(command, g_strdup_printf("--job=%s", job->name));
        g_ptr_array_add(command, g_strdup("--environment-on-stdin"));
        if (request->grant_policy)
                g_ptr_array_add(command, g_strdup_printf("--grant-policy=%s", request->grant_policy));
        g_ptr_array_add(command, g_strdup("--"));
        for (char **word = request->start->command; *word; word++)
                g_ptr_array_add(command, g_strdup(*word));
        g_ptr_array_add(command, NULL);
        return (char **) g_ptr_array_steal(command, NULL);
}

static void launch_free(Launch *launch) {
        sd_bus_slot_unref(launch->call);
        sd_event_source_disable_unref(launch->collection);
        g_free(launch->unit_job);
        g_free(launch->job_name);
        g_strfreev(launch->command);
        g_free(launch->cwd);
        close_fd(&launch->memory);
        g_ptr_array_unref(launch->settings);
        g_free(launch);
}

Job *launch_job(const Launch *launch) {
        return manager_find_same_job(launch->launcher->manager, launch->job_name, launch->job_id);
}

void launch_finish(Launch *launch, int result, const char *reason) {
        Job *job = launch_job(launch);

        if (result == -EHOSTUNREACH && job && ++launch->method < G_N_ELEMENTS(methods)) {
                methods[launch->method](launch);
                return;
        }
        if (result < 0 && job)
                job_fail(job, reason);
        launch_free(launch);
}

void launcher_start(Launcher *launcher, Job *job, const LaunchRequest *request) {
        int memory = start_memory_new(request->text);
        Launch *launch;

        if (memory < 0) {
                g_autofree char *reason = g_strdup_printf("Its environment cannot be stored: %s.", g_strerror(-memory));

                job_fail(job, reason);
                return;
        }
        launch = g_new(Launch, 1);
        *launch = (Launch) {
                .launcher = launcher,
                .job_name = g_strdup(job->name),
                .job_id = job->id,
                .command = parent_command(job, request),
                .cwd = g_strdup(request->start->working_directory),
                .memory = memory,
                .settings = g_ptr_array_ref(request->settings),
                .umask = request->start->umask,
                .unit_goes_first = request->unit_goes_first,
        };
        methods[0](launch);
}
