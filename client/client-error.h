/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Errors that arise in the client itself, in the form of those that come over the bus, and what to do about either. */

#include <systemd/sd-bus.h>

#define CLIENT_ERROR_AMBIGUOUS "org.helicopter1.Client.Error.Ambiguous"
#define CLIENT_ERROR_NO_JOB "org.helicopter1.Client.Error.NoJob"
#define CLIENT_ERROR_NO_DAEMON "org.helicopter1.Client.Error.NoDaemon"
#define CLIENT_ERROR_NOT_OURS "org.helicopter1.Client.Error.NotOurs"
#define CLIENT_ERROR_SILENT "org.helicopter1.Client.Error.Silent"
#define CLIENT_ERROR_LOST "org.helicopter1.Client.Error.Lost"
#define CLIENT_ERROR_NO_SCRIPT "org.helicopter1.Client.Error.NoScript"
#define CLIENT_ERROR_STILL_RUNS "org.helicopter1.Client.Error.StillRuns"
#define CLIENT_ERROR_LOST_SCRIPT "org.helicopter1.Client.Error.LostScript"
#define CLIENT_ERROR_OTHER_NAMESPACE "org.helicopter1.Client.Error.OtherNamespace"
#define CLIENT_ERROR_DEBUGGER_BUSY "org.helicopter1.Client.Error.DebuggerBusy"
#define CLIENT_ERROR_NO_INTERPRETER "org.helicopter1.Client.Error.NoInterpreter"
#define CLIENT_ERROR_BAD_TEXT "org.helicopter1.Client.Error.BadText"
#define CLIENT_ERROR_NO_OUTPUT "org.helicopter1.Client.Error.NoOutput"
#define CLIENT_ERROR_UNREADABLE_OUTPUT "org.helicopter1.Client.Error.UnreadableOutput"
#define CLIENT_ERROR_NO_TIMES "org.helicopter1.Client.Error.NoTimes"
#define CLIENT_ERROR_NO_STACKS "org.helicopter1.Client.Error.NoStacks"
#define CLIENT_ERROR_CANNOT_RUN "org.helicopter1.Client.Error.CannotRun"
#define CLIENT_ERROR_CANNOT_ATTACH "org.helicopter1.Client.Error.CannotAttach"
#define CLIENT_ERROR_TAKEN_OVER "org.helicopter1.Client.Error.TakenOver"
#define CLIENT_ERROR_DROPPED "org.helicopter1.Client.Error.Dropped"
#define CLIENT_ERROR_NO_JSON "org.helicopter1.Client.Error.NoJson"
#define CLIENT_ERROR_NOT_WRITTEN "org.helicopter1.Client.Error.NotWritten"
#define CLIENT_ERROR_SYSTEM "org.helicopter1.Client.Error.System" /* and all that has no name of ours */

/* What to do about an error, as one sentence: CLIENT_ERROR_SYSTEM's for one that is neither of the bus API nor of the client. Static. */
const char *client_error_remedy(const char *name);

/*
 * Set *error to an error of the client's own and return a negative errno of it, for `return client_error_set(…)`. The
 * errno is number's.
 */
int client_error_set(sd_bus_error *error, const char *name, int number, const char *format, ...)
        __attribute__((format(printf, 4, 5)));

/* Have an error's message begin with the job that it is about, unless it does already. */
void client_error_name_job(sd_bus_error *error, const char *job);

/* Turn what sd-bus itself says of a failed call (no answer, no connection) into an error of the client's own; r: the
 * call's result. */
int client_error_translate(sd_bus_error *error, int r);
