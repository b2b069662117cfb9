/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A job as JSON. Its keys are the names of the properties of org.helicopter1.Job, in lower case with '_' between words; they are
 * there in every case, and null where that does not apply or is not known. Times are microseconds since the epoch.
 */

#include "client/job-info.h"
#include "client/json-print.h"

void job_json_add(JsonBuilder *builder, const JobInfo *job);
