/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What `attach` says at the end of a session. */

#include <stdbool.h>

#include "client/session.h"

/*
 * What the attach script could not tell, why the job did not answer, and what to do about it. end: what session_run()
 * returned. permitted: the client may trace the job, and can look at what its threads are doing.
 */
void attach_report_session(Session *session, int end, bool permitted);

/* What became of the job, as far as that can be known. */
void attach_report_job(JobWatch *watch);
