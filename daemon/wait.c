/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "daemon/wait.h"

#include <errno.h>
#include <time.h>

#include "daemon/pending.h"
#include "helicopter/cleanup.h"
#include "helicopter/error.h"

struct Wait {
        Wait *next;
        Job *job;
        sd_bus_message *call;
        sd_event_source *deadline;
        const char *what;
        WaitAnswer answer;
        WaitExpired expired;
};

static void wait_free(Wait *wait) {
        if (wait->call)
                pending_remove(wait->job->manager, wait->call);
        sd_event_source_disable_unref(wait->deadline);
        sd_bus_message_unref(wait->call);
        g_free(wait);
}

static void wait_unlink(Wait *wait) {
        Wait **link = &wait->job->waits;

        while (*link != wait)
                link = &(*link)->next;
        *link = wait->next;
}

static int on_deadline(sd_event_source *source, uint64_t usec, void *userdata) {
        Wait *wait = userdata;

        wait_unlink(wait);
        if (wait->expired)
                wait->expired(wait->job);
        if (!wait->answer(wait->job, wait->call) && wait->call)
                sd_bus_reply_method_errorf(
                        wait->call, HELICOPTER_ERROR_TIMEOUT, "Job %s: %s in time.", wait->job->name, wait->what);
        wait_free(wait);
        return 0;
}

int wait_add(
        Job *job, sd_bus_message *call, uint64_t timeout, const char *what, WaitAnswer answer, WaitExpired expired) {
        Wait *wait;
        int r;

        if (answer(job, call))
                return 0;
        wait = g_new(Wait, 1);
        *wait = (Wait) {
                .job = job, .call = sd_bus_message_ref(call), .what = what, .answer = answer, .expired = expired
        };
        if (call)
                pending_add(job->manager, call);
        r = sd_event_add_time_relative(
                job->manager->event, &wait->deadline, CLOCK_MONOTONIC, timeout, 0, on_deadline, wait);
        if (r < 0) {
                wait_free(wait);
                return r;
        }
        wait->next = job->waits;
        job->waits = wait;
        return 0;
}

Wait *wait_steal(Job *job) {
        return g_steal_pointer(&job->waits);
}

void wait_give(Job *job, Wait *waits, WaitAnswer answer) {
        while (waits) {
                Wait *wait = waits;

                waits = wait->next;
                wait->job = job;
                wait->answer = answer;
                wait->next = job->waits;
                job->waits = wait;
        }
        wait_check(job);
}

void wait_check(Job *job) {
        for (Wait **link = &job->waits; *link;) {
                Wait *wait = *link;

                if (wait->answer(job, wait->call)) {
                        *link = wait->next;
                        wait_free(wait);
                } else {
                        link = &wait->next;
                }
        }
}

void wait_free_all(Job *job) {
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;

        manager_set_not_listed(&error, job->name);
        while (job->waits) {
                Wait *wait = job->waits;

                job->waits = wait->next;
                if (wait->call)
                        sd_bus_reply_method_error(wait->call, &error);
                wait_free(wait);
        }
}
