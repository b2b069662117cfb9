/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "daemon/ended.h"

#include <errno.h>
#include <sys/inotify.h>

#include "helicopter/cleanup.h"
#include "helicopter/job-name.h"
#include "helicopter/job-record.h"
#include "helicopter/log.h"

/* More records than these are not looked at. */
#define RECORDS_MAX 8192

static JobRecord *read_record(const char *name) {
        JobRecord *record = NULL;
        int r = job_record_read(name, &record);

        if (r == -EINVAL) {
                log_warning("The record of job %s's end cannot be understood and is removed.", name);
                job_record_remove(name);
        } else if (r < 0 && r != -ENOENT) {
                log_warning("The record of job %s's end cannot be read: %s.", name, g_strerror(-r));
        }
        return record;
}

/* A job that is launched and has no parent is one whose parent could not register it. */
static bool is_of(const JobRecord *record, const Job *job) {
        if (job_is_launched(job))
                return true;
        /* It may have ended before it was read that it has started. */
        return record->parent_pid == job->parent_pid && record->properties.pid == job->told.pid &&
                (record->properties.start_timestamp == job->told.start_timestamp || job->told.start_timestamp == 0);
}

/* The name is that of a job that was there first, which the record's parent, without a daemon, could not know. */
static Job *add_numbered(Manager *manager, const JobRecord *record) {
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
        Job *job = manager_add_job_numbered(manager, record->name, &error);

        if (!job)
                log_warning("The end of a job %s is not listed: %s", record->name, error.message);
        job_record_remove(record->name);
        return job;
}

static Job *add_job(Manager *manager, const JobRecord *record) {
        Job *known = manager_find_job(manager, record->name);

        if (known && !job_has_ended(known))
                return add_numbered(manager, record);
        return manager_add_ended_job(manager, record->name);
}

/* Whether the name has been used again since. */
static bool is_superseded(const JobRecord *record, const Job *known) {
        return !job_has_ended(known) && known->told.start_timestamp >= record->properties.end_timestamp;
}

static void take_over(Job *job, const JobRecord *record) {
        job->parent_pid = record->parent_pid;
        job_tell(job, &record->properties);
}

static void list(Manager *manager, const JobRecord *record) {
        Job *known = manager_find_job(manager, record->name), *job;

        if (known && is_of(record, known)) {
                if (!known->peer) /* else its parent is about to tell it */
                        take_over(known, record);
                return;
        }
        if (known && is_superseded(record, known)) {
                job_record_remove(record->name);
                return;
        }
        job = add_job(manager, record);
        if (job)
                take_over(job, record);
}

static int by_end(const void *a, const void *b) {
        const JobRecord *first = *(JobRecord *const *) a, *second = *(JobRecord *const *) b;
        uint64_t one = first->properties.end_timestamp, other = second->properties.end_timestamp;

        return one < other ? -1 : one > other;
}

static void free_record(void *record) {
        job_record_free(record);
}

void ended_load(Manager *manager) {
        g_autoptr(GPtrArray) records = g_ptr_array_new_with_free_func(free_record);
        g_auto(GStrv) names = job_record_list(RECORDS_MAX);

        manager->ended_loaded = true;
        for (char **name = names; *name; name++) {
                JobRecord *record = read_record(*name);

                if (record)
                        g_ptr_array_add(records, record);
        }
        g_ptr_array_sort(records, by_end);
        for (guint i = 0; i < records->len; i++)
                list(manager, records->pdata[i]);
}

static int on_record(sd_event_source *source, const struct inotify_event *event, void *userdata) {
        Manager *manager = userdata;
        g_autoptr(JobRecord) record = NULL;

        if (!manager->ended_loaded || event->len == 0 || !job_name_is_valid(event->name))
                return 0;
        record = read_record(event->name);
        if (record)
                list(manager, record);
        return 0;
}

void ended_watch(Manager *manager) {
        g_autofree char *folder = NULL;
        int r;

        r = job_record_folder(&folder);
        if (r >= 0)
                r = sd_event_add_inotify(
                        manager->event, &manager->ended_source, folder, IN_MOVED_TO | IN_ONLYDIR, on_record, manager);
        if (r < 0)
                log_warning("Jobs that end while no daemon runs will not be told of: %s.", g_strerror(-r));
}

static bool is_recorded(const Job *job) {
        g_autoptr(JobRecord) record = NULL;

        return job_record_read(job->name, &record) >= 0 && is_of(record, job);
}

void ended_keep(const Job *job) {
        int r;

        if (job->never_ran || is_recorded(job))
                return;
        r = job_record_write(job->name, job->parent_pid, &job->told);
        if (r < 0)
                log_warning("How job %s ended cannot be recorded: %s.", job->name, g_strerror(-r));
}

bool ended_find(Job *job) {
        g_autoptr(JobRecord) record = read_record(job->name);

        if (!record || !is_of(record, job))
                return false;
        job_tell(job, &record->properties);
        return true;
}
