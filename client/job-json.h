/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A job as JSON. Its keys are the names of the properties of org.helicopter1.Job, in lower case with '_' between words; they are
 * there in every case, and null where that does not apply or is not known. Times are microseconds since the epoch.
 */

#include "client/job-info.h"
#include "client/job-where.h"
#include "client/json.h"

/* where: what is known of where it is and what it uses, as more keys, or NULL for none. */
void job_json_add(Json *json, const JobInfo *job, const JobWhere *where);
