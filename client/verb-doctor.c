/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* doctor: one line for each check, and one for what to do where it is not fine. */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "client/doctor.h"
#include "client/json.h"
#include "client/options.h"
#include "client/pager.h"
#include "client/report.h"
#include "client/text.h"

static const struct Check {
        const char *name;
        void (*run)(DoctorResult *result); /* NULL: doctor_python() */
} checks[] = {
        { "kernel", doctor_kernel },
        { "yama", doctor_yama },
        { "tracing", doctor_tracing },
        { "container", doctor_container },
        { "python", NULL },
        { "programs", doctor_programs },
        { "runtime", doctor_runtime },
        { "socket", doctor_socket },
        { "daemon", doctor_daemon },
        { "manager", doctor_manager },
        { "bus", doctor_bus },
        { "linger", doctor_linger },
        { "journal", doctor_journal },
};

static const char *const words[] = { [DOCTOR_OK] = "ok", [DOCTOR_NOTE] = "note", [DOCTOR_PROBLEM] = "problem" };

void doctor_result_clear(DoctorResult *result) {
        g_clear_pointer(&result->text, g_free);
        g_clear_pointer(&result->remedy, g_free);
}

void doctor_found(DoctorResult *result, DoctorStatus status, const char *remedy, const char *format, ...) {
        g_autofree char *text = NULL;
        va_list arguments;

        va_start(arguments, format);
        text = g_strdup_vprintf(format, arguments);
        va_end(arguments);
        doctor_result_clear(result);
        result->status = status;
        result->text = text_printable(text);
        result->remedy = g_strdup(remedy);
}

static const char *colour(DoctorStatus status) {
        if (status == DOCTOR_OK)
                return report_colour(stdout, "32");
        return status == DOCTOR_NOTE ? report_colour(stdout, "33") : report_colour(stdout, "1;31");
}

static void print_result(const char *name, const DoctorResult *result) {
        printf("%s%-7s%s  %-9s  %s\n", colour(result->status), words[result->status], report_colour(stdout, "0"), name,
                result->text);
        if (result->remedy)
                printf("%20s %s %s\n", "", report_utf8() ? "→" : "->", result->remedy);
        fflush(stdout);
}

static void add_result(Json *json, const char *name, const DoctorResult *result) {
        json_begin_object(json, NULL);
        json_add_string(json, "check", name);
        json_add_string(json, "status", words[result->status]);
        json_add_string(json, "text", result->text);
        json_add_string(json, "remedy", result->remedy);
        json_end_object(json);
}

/* Returns how bad the worst is. */
static DoctorStatus examine(const char *python, Json *json) {
        DoctorStatus worst = DOCTOR_OK;

        for (size_t i = 0; i < G_N_ELEMENTS(checks); i++) {
                g_auto(DoctorResult) result = { DOCTOR_OK };

                if (checks[i].run)
                        checks[i].run(&result);
                else
                        doctor_python(&result, python);
                if (json)
                        add_result(json, checks[i].name, &result);
                else
                        print_result(checks[i].name, &result);
                worst = MAX(worst, result.status);
        }
        return worst;
}

static DoctorStatus examine_for_programs(const char *python, Json *json) {
        DoctorStatus worst;

        json_begin_array(json, NULL);
        worst = examine(python, json);
        json_end_array(json);
        json_print(json);
        return worst;
}

int verb_doctor(const Verb *verb, int argc, char **argv) {
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
        g_autoptr(Json) json = NULL;
        gboolean as_json = FALSE, no_pager = FALSE;
        const GOptionEntry entries[] = { OPTION_JSON(&as_json), OPTION_NO_PAGER(&no_pager), { NULL } };
        DoctorStatus worst;
        int r;

        r = options_parse(verb, entries, &argc, &argv);
        if (r <= 0)
                return options_exit_code(r);
        if (argc > 2)
                return options_usage(verb, "Only one Python can be named");
        r = as_json ? json_new(&json, &error) : 0;
        if (r < 0)
                return report_failure(&error, r);
        pager_open(!no_pager);
        worst = json ? examine_for_programs(argv[1], json) : examine(argv[1], NULL);
        pager_close();
        return worst == DOCTOR_PROBLEM ? EXIT_FAILURE : EXIT_SUCCESS;
}
