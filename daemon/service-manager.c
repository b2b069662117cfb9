/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "daemon/service-manager.h"

#include <errno.h>

#include "daemon/launcher.h"
#include "helicopter/cleanup.h"
#include "helicopter/error.h"
#include "helicopter/log.h"

#define SYSTEMD_NAME "org.freedesktop.systemd1"

struct ServiceManager {
        Manager *manager; /* not owned */
        sd_bus *direct;   /* to its private socket; NULL: not needed, or not there */
};

ServiceManager *service_manager_new(Manager *manager) {
        ServiceManager *service_manager = g_new(ServiceManager, 1);

        *service_manager = (ServiceManager) { .manager = manager };
        return service_manager;
}

ServiceManager *service_manager_free(ServiceManager *service_manager) {
        if (!service_manager)
                return NULL;
        sd_bus_close_unref(service_manager->direct);
        g_free(service_manager);
        return NULL;
}

static int open_direct(ServiceManager *service_manager) {
        const char *folder = g_getenv("XDG_RUNTIME_DIR");
        g_autoptr(sd_bus) bus = NULL;
        g_autofree char *path = NULL, *escaped = NULL, *address = NULL;
        int r;

        if (!folder || !g_path_is_absolute(folder))
                return -ENOENT;
        path = g_build_filename(folder, "systemd", "private", NULL);
        escaped = g_uri_escape_string(path, "/", false); /* as D-Bus addresses are */
        address = g_strconcat("unix:path=", escaped, NULL);
        r = sd_bus_new(&bus);
        if (r < 0)
                return r;
        r = sd_bus_set_address(bus, address);
        if (r < 0)
                return r;
        r = sd_bus_set_close_on_exit(bus, false);
        if (r < 0)
                return r;
        r = sd_bus_negotiate_fds(bus, true);
        if (r < 0)
                return r;
        r = sd_bus_start(bus);
        if (r < 0)
                return r;
        r = sd_bus_attach_event(bus, service_manager->manager->event, SD_EVENT_PRIORITY_NORMAL);
        if (r < 0)
                return r;
        service_manager->direct = g_steal_pointer(&bus);
        return 0;
}

sd_bus *service_manager_bus(ServiceManager *service_manager) {
        sd_bus *user_bus = service_manager->manager->user_bus;

        if (user_bus && sd_bus_is_ready(user_bus) > 0)
                return user_bus;
        if (service_manager->direct && sd_bus_is_open(service_manager->direct) > 0)
                return service_manager->direct;
        service_manager->direct = sd_bus_close_unref(service_manager->direct);
        return open_direct(service_manager) < 0 ? NULL : service_manager->direct;
}

int service_manager_call_new(
        sd_bus *bus, const char *object, const char *interface, const char *method, sd_bus_message **ret_message) {
        g_autoptr(sd_bus_message) message = NULL;
        int r;

        r = sd_bus_message_new_method_call(bus, &message, SYSTEMD_NAME, object, interface, method);
        if (r < 0)
                return r;
        /* Where the service manager does not run already, nobody shall try to start one. */
        r = sd_bus_message_set_auto_start(message, false);
        if (r < 0)
                return r;
        *ret_message = g_steal_pointer(&message);
        return 0;
}

int service_manager_match(
        sd_bus *bus, const char *signal, sd_bus_message_handler_t handler, void *userdata, sd_bus_slot **ret_slot) {
        /* On its private socket nobody has a name. */
        const char *sender = sd_bus_is_bus_client(bus) > 0 ? SYSTEMD_NAME : NULL;

        return sd_bus_match_signal_async(
                bus, ret_slot, sender, SYSTEMD_OBJECT, SYSTEMD_MANAGER_INTERFACE, signal, handler, NULL, userdata);
}

bool service_manager_is_absent(const sd_bus_error *error) {
        return sd_bus_error_has_name(error, SD_BUS_ERROR_SERVICE_UNKNOWN) ||
                sd_bus_error_has_name(error, SD_BUS_ERROR_NAME_HAS_NO_OWNER) ||
                sd_bus_error_has_name(error, SD_BUS_ERROR_DISCONNECTED) ||
                sd_bus_error_has_name(error, SD_BUS_ERROR_NO_REPLY);
}

bool unit_is_of_file(const char *unit, const char *job_name) {
        g_autofree char *of_template = g_strdup_printf("helicopter-job@%s.service", job_name);

        return g_str_equal(unit, of_template);
}

bool unit_is_of_job(const char *unit, const char *job_name) {
        g_autofree char *transient = g_strdup_printf("helicopter-%s.service", job_name);

        return g_str_equal(unit, transient) || unit_is_of_file(unit, job_name);
}

static int set_gone(sd_bus_error *error, const char *job_name) {
        return sd_bus_error_setf(error, HELICOPTER_ERROR_TARGET_GONE, "Job %s has ended.", job_name);
}

typedef struct Stop {
        Manager *manager;
        char *job_name;
        sd_bus_message *call; /* NULL: nobody waits */
} Stop;

static void stop_free(void *userdata) {
        Stop *stop = userdata;

        g_free(stop->job_name);
        sd_bus_message_unref(stop->call);
        g_free(stop);
}

static int on_stopped(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error) {
        g_auto(sd_bus_error) gone = SD_BUS_ERROR_NULL;
        Stop *stop = userdata;

        manager_unit_stopped(stop->manager);
        if (!stop->call)
                return 0;
        if (!sd_bus_message_is_method_error(reply, NULL))
                return sd_bus_reply_method_return(stop->call, NULL);
        set_gone(&gone, stop->job_name);
        return sd_bus_reply_method_error(stop->call, &gone);
}

static int send_stop(sd_bus *bus, const Job *job, sd_bus_message *call) {
        g_autoptr(sd_bus_message) message = NULL;
        sd_bus_slot *slot;
        Stop *stop;
        int r;

        r = service_manager_call_new(bus, SYSTEMD_OBJECT, SYSTEMD_MANAGER_INTERFACE, "StopUnit", &message);
        if (r < 0)
                return r;
        r = sd_bus_message_append(message, "ss", job->told.unit, "replace");
        if (r < 0)
                return r;
        stop = g_new(Stop, 1);
        *stop = (Stop) { .manager = job->manager, .job_name = g_strdup(job->name), .call = sd_bus_message_ref(call) };
        r = sd_bus_call_async(bus, &slot, message, on_stopped, stop, SERVICE_MANAGER_TIMEOUT);
        if (r < 0) {
                stop_free(stop);
                return r;
        }
        sd_bus_slot_set_destroy_callback(slot, stop_free);
        sd_bus_slot_set_floating(slot, true);
        sd_bus_slot_unref(slot);
        manager_unit_stopping(job->manager);
        return 0;
}

int unit_stop_ended(Job *job, sd_bus_message *call, sd_bus_error *error) {
        sd_bus *bus;
        int r;

        if (!unit_is_of_job(job->told.unit, job->name))
                return set_gone(error, job->name);
        bus = service_manager_bus(job->manager->launcher->service_manager);
        if (!bus)
                return set_gone(error, job->name);
        r = send_stop(bus, job, call);
        return r < 0 ? sd_bus_error_set_errno(error, r) : 0;
}
