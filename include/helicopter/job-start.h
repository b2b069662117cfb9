/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What a job is started with, as one text. helicopterd puts it into the standard input of the job's helicopter-parent, which
 * takes the environment out of it, and hands the whole to each helicopterd that it registers with: so whichever runs can
 * start the job again.
 *
 * The text is NUL-terminated strings: the environment as NAME=VALUE, in any bytes; an empty one; then KEY=VALUE, which are
 * helicopterd's alone. A key that is not known is passed over: a newer one may have written it. An older one has written
 * the environment only.
 */

#include <glib.h>
#include <stdint.h>

/* The umask stays that of the daemon or of the service manager. */
#define UMASK_OF_LAUNCHER UINT32_MAX

typedef struct JobStart {
        char **environment;
        char **command;          /* as it was given to StartJob; empty: not known */
        char *working_directory; /* "": not known */
        char **properties;       /* of the unit, NAME=VALUE; NULL: none */
        uint32_t umask;
} JobStart;

/* Of what job_start_unpack() made. */
void job_start_clear(JobStart *start);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(JobStart, job_start_clear)

/* The text, owned by the caller. */
GBytes *job_start_pack(const JobStart *start);

/*
 * What is in a text, which may be anybody's: nothing is checked, but each string is one, and no list is NULL. *ret_start, not
 * initialised before, is the caller's.
 */
void job_start_unpack(GBytes *text, JobStart *ret_start);
