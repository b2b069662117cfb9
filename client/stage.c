/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "client/stage.h"

#include <stdio.h>

#include "client/report.h"

void stage_begin(Stage *stage, pid_t target, const char *reached) {
        fprintf(stderr, "\nAttaching pdb to target PID %d... %s", (int) target, reached);
        stage->open = true;
}

void stage_add(Stage *stage, const char *reached) {
        if (stage->open)
                fprintf(stderr, " %s %s", report_utf8() ? "→" : "->", reached);
}

void stage_end(Stage *stage) {
        if (stage->open)
                fputc('\n', stderr);
        stage->open = false;
}
