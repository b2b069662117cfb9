/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* list: the jobs as a table. */

#include <stdlib.h>

#include "client/connection.h"
#include "client/job-info.h"
#include "client/job-json.h"
#include "client/job-table.h"
#include "client/job-where.h"
#include "client/options.h"
#include "client/pager.h"
#include "client/report.h"

/* found: NULL without --long. */
static void print_json(Json *json, GPtrArray *jobs, GPtrArray *found) {
        json_begin_array(json, NULL);
        for (guint i = 0; i < jobs->len; i++)
                job_json_add(json, jobs->pdata[i], found ? found->pdata[i] : NULL);
        json_end_array(json);
        json_print(json);
}

static int get(bool detailed, bool json, GPtrArray **ret_jobs, GPtrArray **ret_found, sd_bus_error *error) {
        g_autoptr(Connection) connection = NULL;
        int r;

        r = connection_open(&connection, error);
        if (r < 0)
                return r;
        r = detailed || json ? job_info_list(connection, ret_jobs, error)
                             : job_info_list_brief(connection, ret_jobs, error);
        if (r >= 0 && detailed)
                *ret_found = job_where_ask(connection, *ret_jobs);
        return r;
}

/* json: NULL for a table. */
static void print(Json *json, GPtrArray *jobs, GPtrArray *found, bool paged) {
        if (!json && jobs->len == 0) {
                report_note("No jobs. 'helicopter-client run -- COMMAND' starts one.");
                return;
        }
        pager_open(paged);
        if (json)
                print_json(json, jobs, found);
        else
                job_table_print(jobs, found);
        pager_close();
}

int verb_list(const Verb *verb, int argc, char **argv) {
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
        g_autoptr(GPtrArray) jobs = NULL, found = NULL;
        g_autoptr(Json) json = NULL;
        gboolean detailed = FALSE, as_json = FALSE, no_pager = FALSE;
        const GOptionEntry entries[] = {
                { "long", 'l', 0, G_OPTION_ARG_NONE, &detailed, "Where each job is now, and what it uses", NULL },
                OPTION_JSON(&as_json),
                OPTION_NO_PAGER(&no_pager),
                { NULL },
        };
        int r;

        r = options_parse(verb, entries, &argc, &argv);
        if (r <= 0)
                return options_exit_code(r);
        if (argc > 1)
                return options_usage(verb, "Unexpected argument '%s'", argv[1]);
        r = as_json ? json_new(&json, &error) : 0;
        if (r >= 0)
                r = get(detailed, as_json, &jobs, &found, &error);
        if (r < 0)
                return report_failure(&error, r);
        print(json, jobs, found, !no_pager);
        return EXIT_SUCCESS;
}
