/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "client/job-where.h"

#include <inttypes.h>
#include <string.h>

#include "client/text.h"
#include "helicopter/bus-container.h"
#include "helicopter/bus-names.h"

/* For all of them together. */
#define TIMEOUT (2 * G_USEC_PER_SEC)

/* Questions that are under way at a time: the daemon lets a connection have 64 (daemon/bounds.h). */
#define UNDER_WAY_MAX 48

typedef struct Survey {
        Connection *connection;
        GPtrArray *jobs;
        guint next; /* the first that was not asked for */
        unsigned under_way;
} Survey;

typedef struct Question {
        Survey *survey;
        JobWhere *where;
        sd_bus_slot *slot;
} Question;

static JobWhere *job_where_new(void) {
        JobWhere *where = g_new0(JobWhere, 1);

        where->memory = where->cpu = where->workers = JOB_WHERE_UNKNOWN;
        return where;
}

JobWhere *job_where_free(JobWhere *where) {
        if (!where)
                return NULL;
        g_free(where->file);
        g_free(where->function);
        g_free(where);
        return NULL;
}

static void free_where(gpointer where) {
        job_where_free(where);
}

static void clear_question(gpointer data) {
        Question *question = data;

        sd_bus_slot_unref(question->slot);
}

static int read_string(sd_bus_message *reply, char **place) {
        const char *string;
        int r;

        r = sd_bus_message_read(reply, "v", "s", &string);
        if (r < 0)
                return r;
        g_free(*place);
        *place = text_printable(string);
        return 1;
}

static int read_entry(const char *key, sd_bus_message *reply, void *userdata) {
        JobWhere *where = userdata;
        uint32_t workers;
        int r;

        if (strcmp(key, "file") == 0)
                return read_string(reply, &where->file);
        if (strcmp(key, "function") == 0)
                return read_string(reply, &where->function);
        if (strcmp(key, "line") == 0)
                return sd_bus_message_read(reply, "v", "u", &where->line);
        if (strcmp(key, "memory") == 0)
                return sd_bus_message_read(reply, "v", "t", &where->memory);
        if (strcmp(key, "cpu") == 0)
                return sd_bus_message_read(reply, "v", "t", &where->cpu);
        if (strcmp(key, "workers") != 0)
                return 0; /* of a newer daemon */
        r = sd_bus_message_read(reply, "v", "u", &workers);
        if (r >= 0)
                where->workers = workers;
        return r;
}

static int on_answer(sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        Question *question = userdata;

        question->survey->under_way--;
        if (!sd_bus_message_is_method_error(reply, NULL))
                bus_dict_read(reply, read_entry, question->where); /* as much of it as can be understood */
        return 0;
}

static void ask(Survey *survey, const JobInfo *job, Question *question) {
        g_autoptr(sd_bus_message) call = NULL;

        if (job_info_ended(job) ||
                connection_prepare(survey->connection, job->object, HELICOPTER_JOB_INTERFACE, "Where", &call) < 0)
                return;
        if (sd_bus_call_async(survey->connection->bus, &question->slot, call, on_answer, question, TIMEOUT) >= 0)
                survey->under_way++;
}

static void ask_more(Survey *survey, GArray *questions) {
        for (; survey->next < survey->jobs->len && survey->under_way < UNDER_WAY_MAX; survey->next++)
                ask(survey, g_ptr_array_index(survey->jobs, survey->next),
                        &g_array_index(questions, Question, survey->next));
}

GPtrArray *job_where_ask(Connection *connection, GPtrArray *jobs) {
        uint64_t deadline = (uint64_t) g_get_monotonic_time() + TIMEOUT;
        GPtrArray *found = g_ptr_array_new_with_free_func(free_where);
        g_autoptr(GArray) questions = g_array_sized_new(FALSE, TRUE, sizeof(Question), jobs->len);
        Survey survey = { .connection = connection, .jobs = jobs };

        g_array_set_clear_func(questions, clear_question);
        for (guint i = 0; i < jobs->len; i++) {
                Question question = { .survey = &survey, .where = job_where_new() };

                g_array_append_val(questions, question);
                g_ptr_array_add(found, question.where);
        }
        do
                ask_more(&survey, questions);
        while (survey.under_way > 0 && connection_wait(connection, deadline) >= 0);
        return found;
}

char *job_where_position(const JobWhere *where) {
        g_autofree char *line = where->line > 0 ? g_strdup_printf(":%" PRIu32, where->line) : g_strdup("");

        if (!where->file || !*where->file)
                return NULL;
        return g_strconcat(where->file, line, " ", where->function ?: "", NULL);
}

JobWhere *job_where_ask_one(Connection *connection, JobInfo *job) {
        g_autoptr(GPtrArray) jobs = g_ptr_array_new();
        g_autoptr(GPtrArray) found = NULL;

        g_ptr_array_add(jobs, job);
        found = job_where_ask(connection, jobs);
        return g_ptr_array_steal_index(found, 0);
}
