/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Jobs as transient units: StartTransientUnit of org.freedesktop.systemd1(5), its result awaited through JobRemoved. */

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "daemon/launcher.h"
#include "daemon/service-manager.h"
#include "daemon/unit-property.h"
#include "helicopter/bus-container.h"
#include "helicopter/cleanup.h"
#include "helicopter/error.h"
#include "helicopter/exit-code.h"
#include "helicopter/log.h"

/* How long the unit of an ended job of the same name may take to go away, and how long when it was stopped for that. */
#define COLLECT_TIMEOUT (10 * G_USEC_PER_SEC)
#define COLLECT_TIMEOUT_STOPPED (45 * G_USEC_PER_SEC)

static char *unit_name(const Launch *launch) {
        return g_strdup_printf("helicopter-%s.service", launch->job_name);
}

/* The service manager has done what StartTransientUnit queued. */
static int on_removed(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        Launcher *launcher = userdata;
        const char *unit_job, *unit, *result;
        g_autofree char *reason = NULL;
        Launch *launch;
        int r;

        r = sd_bus_message_read(message, "uoss", NULL, &unit_job, &unit, &result);
        if (r < 0)
                return r;
        /* Not what is done to an earlier unit of that name. */
        launch = g_hash_table_lookup(launcher->units, unit);
        if (!launch || g_strcmp0(launch->unit_job, unit_job) != 0)
                return 0;
        g_hash_table_remove(launcher->units, unit);
        reason = g_strdup_printf(
                "The service manager could not start %s (%s); 'journalctl --user -u %s' says why.", unit, result, unit);
        launch_finish(launch, g_str_equal(result, "done") ? 0 : -EIO, reason);
        return 0;
}

static int start_unit(Launch *launch);

static void give_up(Launch *launch, int result, const char *why) {
        g_autofree char *unit = unit_name(launch);
        g_autofree char *reason = g_strdup_printf("The service manager did not start %s: %s", unit, why);
        Job *job = launch_job(launch);

        if (job && result == -EEXIST)
                job->launch_error = HELICOPTER_ERROR_JOB_EXISTS;
        g_hash_table_remove(launch->launcher->units, unit);
        launch_finish(launch, result, reason);
}

static int on_still_there(sd_event_source *source, uint64_t usec, void *userdata) {
        give_up(userdata, -EEXIST, "a unit of that name exists and does not go away.");
        return 0;
}

/* The job of that name has ended just now, and its unit has not been collected: start when it has (on_unit_removed()).
 */
static void wait_for_collection(Launch *launch) {
        int r = sd_event_add_time_relative(launch->launcher->manager->event, &launch->collection, CLOCK_MONOTONIC,
                launch->unit_goes_first ? COLLECT_TIMEOUT_STOPPED : COLLECT_TIMEOUT, 0, on_still_there, launch);

        if (r < 0)
                give_up(launch, r, g_strerror(-r));
}

static void retry(Launch *launch) {
        int r = start_unit(launch);

        if (r < 0)
                give_up(launch, r, g_strerror(-r));
}

static int on_unit_removed(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        Launcher *launcher = userdata;
        const char *unit;
        Launch *launch;
        int r = sd_bus_message_read(message, "so", &unit, NULL);

        if (r < 0)
                return r;
        launch = g_hash_table_lookup(launcher->units, unit);
        if (!launch || !launch->collection)
                return 0;
        launch->collection = sd_event_source_disable_unref(launch->collection);
        retry(launch);
        return 0;
}

static void about_to_start_again(Launch *launch) {
        g_autofree char *why = g_strdup_printf("one of that name is about to be started again (Restart=); 'systemctl "
                                               "--user stop helicopter-%s' keeps it from that.",
                launch->job_name);

        give_up(launch, -EEXIST, why);
}

/* What stands in the way is about to be started again (Restart=), and would not go away. */
static int on_state(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error) {
        Launch *launch = userdata;
        const char *state = "";

        if (!sd_bus_message_is_method_error(reply, NULL) && sd_bus_message_read(reply, "v", "s", &state) < 0)
                state = "";
        if (g_str_equal(state, "activating"))
                about_to_start_again(launch);
        else if (sd_bus_message_is_method_error(reply, NULL))
                retry(launch); /* it has gone meanwhile */
        else
                wait_for_collection(launch);
        return 0;
}

/* A unit of that name exists. */
static int look_at_it(Launch *launch) {
        sd_bus *bus = service_manager_bus(launch->launcher->service_manager);
        g_autofree char *unit = unit_name(launch);
        g_autoptr(sd_bus_message) message = NULL;
        char *object = NULL;
        int r;

        if (!bus)
                return -ENOTCONN;
        r = sd_bus_path_encode(SYSTEMD_OBJECT "/unit", unit, &object);
        if (r < 0)
                return r;
        r = service_manager_call_new(bus, object, "org.freedesktop.DBus.Properties", "Get", &message);
        free(object);
        if (r < 0)
                return r;
        r = sd_bus_message_append(message, "ss", "org.freedesktop.systemd1.Unit", "ActiveState");
        if (r < 0)
                return r;
        launch->call = sd_bus_slot_unref(launch->call);
        return sd_bus_call_async(bus, &launch->call, message, on_state, launch, SERVICE_MANAGER_TIMEOUT);
}

static void unit_exists(Launch *launch) {
        Job *job = launch_job(launch);
        int r;

        /* What registers from now on is not what this launch has started. */
        if (job)
                job->waits_for_unit = true;
        r = look_at_it(launch);
        if (r < 0)
                give_up(launch, r, g_strerror(-r));
}

static int on_queued(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error) {
        Launch *launch = userdata;
        const sd_bus_error *error = sd_bus_message_get_error(reply);
        const char *unit_job;

        if (!error) { /* JobRemoved tells the rest */
                int r = sd_bus_message_read(reply, "o", &unit_job);

                if (r < 0)
                        return r;
                g_free(launch->unit_job);
                launch->unit_job = g_strdup(unit_job);
                return 0;
        }
        if (sd_bus_error_has_name(error, "org.freedesktop.systemd1.UnitExists"))
                unit_exists(launch);
        else
                give_up(launch, service_manager_is_absent(error) ? -EHOSTUNREACH : -EIO, error->message);
        return 0;
}

/* systemd expands $VARIABLES in ExecStart; "$$" is a "$" to it. */
static int append_command(sd_bus_message *message, char **command) {
        g_autoptr(GPtrArray) escaped = g_ptr_array_new_with_free_func(g_free);
        int r;

        for (char **word = command; *word; word++) {
                g_auto(GStrv) parts = g_strsplit(*word, "$", -1);

                g_ptr_array_add(escaped, g_strjoinv("$$", parts));
        }
        g_ptr_array_add(escaped, NULL);

        r = bus_entry_open(message, 'r', "ExecStart", "a(sasb)");
        if (r < 0)
                return r;
        r = sd_bus_message_open_container(message, 'a', "(sasb)");
        if (r < 0)
                return r;
        r = sd_bus_message_open_container(message, 'r', "sasb");
        if (r < 0)
                return r;
        r = sd_bus_message_append(message, "s", command[0]);
        if (r < 0)
                return r;
        r = sd_bus_message_append_strv(message, (char **) escaped->pdata);
        if (r < 0)
                return r;
        r = sd_bus_message_append(message, "b", false);
        for (int open = 0; r >= 0 && open < 2; open++)
                r = sd_bus_message_close_container(message);
        return r < 0 ? r : bus_entry_close(message);
}

static int append_properties(sd_bus_message *message, const Launch *launch) {
        g_autofree char *description = g_strdup_printf("helicopter job %s", launch->job_name);
        int r;

        r = sd_bus_message_open_container(message, 'a', "(sv)");
        if (r < 0)
                return r;
        /*
         * StandardInputFileDescriptor: the environment, for the parent, which gives the job an empty input. KillMode: the parent passes SIGTERM on, and what is left after the job is killed. OOMPolicy: a worker that is
         * killed for its memory is the job's own affair. CollectMode: a failed unit must not keep the name.
         * RestartPreventExitStatus: a command that is not there will not be there the next time.
         */
        r = sd_bus_message_append(message, "(sv)(sv)(sv)(sv)(sv)(sv)(sv)(sv)(sv)(sv)", "Description", "s", description,
                "Slice", "s", "helicopter.slice", "Type", "s", "exec", "WorkingDirectory", "s", launch->cwd,
                "SyslogIdentifier", "s", launch->job_name, "StandardOutput", "s", "journal", "StandardError", "s",
                "journal", "KillMode", "s", "mixed", "OOMPolicy", "s", "continue", "CollectMode", "s",
                "inactive-or-failed");
        if (r < 0)
                return r;
        r = sd_bus_message_append(message, "(sv)(sv)", "StandardInputFileDescriptor", "h", launch->memory,
                "RestartPreventExitStatus", "(aiai)", 3, EXIT_OWN_FAILURE, EXIT_NOT_EXECUTABLE, EXIT_NOT_FOUND, 0);
        if (r < 0)
                return r;
        if (launch->umask != UMASK_OF_LAUNCHER)
                r = sd_bus_message_append(message, "(sv)", "UMask", "u", launch->umask);
        if (r < 0)
                return r;
        r = append_command(message, launch->command);
        if (r < 0)
                return r;
        r = unit_settings_append(message, launch->settings); /* last, for they may replace some of the above */
        return r < 0 ? r : sd_bus_message_close_container(message);
}

/* The properties, and no other units. */
static int append_unit(sd_bus_message *message, const Launch *launch) {
        int r = append_properties(message, launch);

        return r < 0 ? r : sd_bus_message_append(message, "a(sa(sv))", 0);
}

static int ignore_reply(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        return 0;
}

/* Without a subscriber the service manager sends no signals. */
static int subscribe(Launcher *launcher, sd_bus *bus) {
        g_autoptr(sd_bus_message) message = NULL;
        int r;

        if (launcher->removed && sd_bus_slot_get_bus(launcher->removed) == bus)
                return 0;
        launcher->removed = sd_bus_slot_unref(launcher->removed);
        launcher->unit_removed = sd_bus_slot_unref(launcher->unit_removed);
        r = service_manager_match(bus, "JobRemoved", on_removed, launcher, &launcher->removed);
        if (r < 0)
                return r;
        r = service_manager_match(bus, "UnitRemoved", on_unit_removed, launcher, &launcher->unit_removed);
        if (r < 0)
                return r;
        r = service_manager_call_new(bus, SYSTEMD_OBJECT, SYSTEMD_MANAGER_INTERFACE, "Subscribe", &message);
        if (r < 0)
                return r;
        return sd_bus_call_async(bus, NULL, message, ignore_reply, NULL, SERVICE_MANAGER_TIMEOUT);
}

/* What becomes of the unit is this launch's affair, and not one's of that name whose end was never told, and whose job was
 * given up. */
static void take_place(Launch *launch, const char *unit) {
        Launch *earlier = g_hash_table_lookup(launch->launcher->units, unit);

        if (earlier == launch)
                return;
        g_hash_table_replace(launch->launcher->units, g_strdup(unit), launch);
        if (earlier)
                launch_finish(earlier, 0, NULL);
}

/* Call a method of the service manager for the launch's unit. append: what is to follow its name and mode; NULL: nothing. */
static int call_for_unit(Launch *launch, const char *method, const char *mode,
        int (*append)(sd_bus_message *message, const Launch *launch), sd_bus_message_handler_t on_reply) {
        sd_bus *bus = service_manager_bus(launch->launcher->service_manager);
        g_autoptr(sd_bus_message) message = NULL;
        g_autofree char *unit = unit_name(launch);
        int r;

        if (!bus)
                return -ENOTCONN;
        r = subscribe(launch->launcher, bus);
        if (r < 0)
                return r;
        r = service_manager_call_new(bus, SYSTEMD_OBJECT, SYSTEMD_MANAGER_INTERFACE, method, &message);
        if (r < 0)
                return r;
        r = sd_bus_message_append(message, "ss", unit, mode);
        if (r >= 0 && append)
                r = append(message, launch);
        if (r < 0)
                return r;
        launch->call = sd_bus_slot_unref(launch->call);
        r = sd_bus_call_async(bus, &launch->call, message, on_reply, launch, SERVICE_MANAGER_TIMEOUT);
        if (r < 0)
                return r;
        take_place(launch, unit);
        return 0;
}

static int start_unit(Launch *launch) {
        Job *job = launch_job(launch);
        int r;

        r = call_for_unit(launch, "StartTransientUnit", "fail", append_unit, on_queued);
        if (r >= 0 && job)
                job->waits_for_unit = false;
        return r;
}

/* Its answer comes before the unit is gone; if there is none, nothing is in the way. */
static int on_way_made(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error) {
        Launch *launch = userdata;

        if (sd_bus_message_is_method_error(reply, NULL))
                retry(launch);
        else
                wait_for_collection(launch);
        return 0;
}

/*
 * The last unit of that name may still have processes that end, or be about to be started again (Restart=). Until it is gone,
 * a parent that registers is one of its.
 */
static int make_way(Launch *launch) {
        Job *job = launch_job(launch);
        int r;

        r = call_for_unit(launch, "StopUnit", "replace", NULL, on_way_made);
        if (r >= 0 && job)
                job->waits_for_unit = true;
        return r;
}

void launch_as_unit(Launch *launch) {
        int r;

        if (!service_manager_bus(launch->launcher->service_manager)) {
                launch_finish(launch, -EHOSTUNREACH, NULL);
                return;
        }
        r = launch->unit_goes_first ? make_way(launch) : start_unit(launch);
        if (r < 0)
                give_up(launch, r, g_strerror(-r));
}
