/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* org.helicopter1.Registry: how a helicopter-parent makes its job known and keeps it up to date. */

#include "daemon/registry-bus.h"

#include <errno.h>

#include "daemon/caller.h"
#include "daemon/job.h"
#include "daemon/restart.h"
#include "daemon/settle.h"
#include "helicopter/bus-names.h"
#include "helicopter/cleanup.h"
#include "helicopter/error.h"
#include "helicopter/job-name.h"
#include "helicopter/log.h"

/* A job that waits for this parent: one that was just launched, or one whose parent comes back. */
static bool is_expected(const Job *job, bool exact, const Caller *caller) {
        if (job_has_ended(job))
                return false;
        if (job->parent_pid == 0)
                return exact &&
                        !job->waits_for_unit; /* as a launcher's is; one that was typed and made its name up is another job */
        return job->parent_pid == (uint32_t) caller->pid;
}

/* An end that is known from the job's record already is not told twice. The registration may be older than the end. */
static bool is_listed_end(const Job *job, const Caller *caller, const JobProperties *told) {
        return job_has_ended(job) && job->parent_pid == (uint32_t) caller->pid && job->told.pid == told->pid &&
                (told->start_timestamp == job->told.start_timestamp || told->start_timestamp == 0);
}

static Job *find_or_add(Manager *manager, const char *name, bool exact, const Caller *caller, sd_bus_error *error) {
        Job *job = job_name_is_valid(name) ? manager_find_job(manager, name) : NULL;

        /* A unit may be started again sooner than the end of its first parent is seen. */
        if (job)
                job_check_parent(job);
        if (job && is_expected(job, exact, caller))
                return job;
        return exact ? manager_add_job(manager, name, error) : manager_add_job_numbered(manager, name, error);
}

static int adopt(Peer *peer, Job *job, Caller *caller, const JobProperties *told) {
        int r;

        r = job_set_parent(job, peer, caller->pid, g_steal_fd(&caller->pidfd));
        if (r < 0)
                return r;
        g_free(peer->job_name);
        peer->job_name = g_strdup(job->name);
        peer->job_id = job->id;
        job_tell(job, told);
        return 0;
}

static Job *add(
        Peer *peer, const char *name, bool exact, Caller *caller, const JobProperties *told, sd_bus_error *error) {
        Job *job = job_name_is_valid(name) ? manager_find_job(peer->manager, name) : NULL;
        int r;

        if (job && is_listed_end(job, caller, told))
                return job;
        job = find_or_add(peer->manager, name, exact, caller, error);
        if (!job)
                return NULL;
        r = adopt(peer, job, caller, told);
        if (r < 0) {
                job_fail(job, "Its helicopter-parent cannot be watched.");
                sd_bus_error_set_errno(error, r);
                return NULL;
        }
        log_info("Job %s is registered by pid %u.", job->name, job->parent_pid);
        return job;
}

/* What a parent tells beside its job's properties. */
typedef struct Told {
        RestartTold restart;
        int grants_with_news; /* it has Parent.GrantWithNews */
} Told;

static void told_clear(Told *told) {
        restart_told_clear(&told->restart);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Told, told_clear)

static int take(const char *name, sd_bus_message *message, void *userdata) {
        Told *told = userdata;

        if (!g_str_equal(name, "GrantsWithNews"))
                return restart_take(name, message, &told->restart);
        return sd_bus_message_read(message, "v", "b", &told->grants_with_news);
}

static int method_register(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        Peer *peer = userdata;
        g_auto(Caller) caller = CALLER_NONE;
        g_auto(JobProperties) told = {};
        g_auto(Told) more = {};
        const char *name;
        int exact, r;
        Job *job;

        r = caller_query(message, &caller, error);
        if (r < 0)
                return r;
        settle_came(peer->manager->settle, caller.pid);
        r = sd_bus_message_read(message, "sb", &name, &exact);
        if (r < 0)
                return r;
        if (peer->job_name)
                return sd_bus_error_setf(
                        error, HELICOPTER_ERROR_JOB_EXISTS, "This connection has registered %s.", peer->job_name);
        job_properties_init(&told);
        r = job_properties_read(&told, message, take, &more);
        if (r < 0)
                return r;
        job = add(peer, name, exact, &caller, &told, error);
        if (!job)
                return -sd_bus_error_get_errno(error);
        restart_told(job, &more.restart);
        peer->grants_with_news = more.grants_with_news;
        r = sd_bus_reply_method_return(message, "s", job->name);
        manager_stop_if_terminating(peer->manager, job);
        return r;
}

static int set_none_registered(sd_bus_error *error) {
        return sd_bus_error_set(error, HELICOPTER_ERROR_NO_SUCH_JOB, "This connection has registered no job.");
}

static int method_update(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        Peer *peer = userdata;
        Job *job = peer_job(peer);
        int r;

        if (!job)
                return set_none_registered(error);
        r = job_update(job, message);
        if (r < 0)
                return r;
        return sd_bus_reply_method_return(message, NULL);
}

static int method_doze(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        Peer *peer = userdata;
        int bell, r;

        if (!peer_job(peer))
                return set_none_registered(error);
        r = sd_bus_message_read(message, "h", &bell);
        return r < 0 ? r : sd_bus_reply_method_return(message, "b", peer_doze(peer, bell));
}

/* clang-format off */
static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD_WITH_ARGS("Register", SD_BUS_ARGS("s", name, "b", exact, "a{sv}", properties),
                SD_BUS_RESULT("s", assigned), method_register, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Update", SD_BUS_ARGS("a{sv}", properties), SD_BUS_NO_RESULT,
                method_update, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Doze", SD_BUS_ARGS("h", bell), SD_BUS_RESULT("b", agreed),
                method_doze, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END,
};
/* clang-format on */

int registry_export(Peer *peer) {
        return sd_bus_add_object_vtable(
                peer->bus, NULL, HELICOPTER_OBJECT, HELICOPTER_REGISTRY_INTERFACE, vtable, peer);
}
