/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The errors of the bus API. Each has a name, the errno that sd-bus turns it into, and one sentence that tells the user
 * what to do next; what happened, and to which job, is the message that travels with the error.
 */

#include <systemd/sd-bus.h>

#define HELICOPTER_ERROR_NO_SUCH_JOB "org.helicopter1.Error.NoSuchJob"
#define HELICOPTER_ERROR_JOB_EXISTS "org.helicopter1.Error.JobExists"
#define HELICOPTER_ERROR_JOB_RUNNING "org.helicopter1.Error.JobRunning"
#define HELICOPTER_ERROR_BAD_NAME "org.helicopter1.Error.BadName"
#define HELICOPTER_ERROR_BAD_COMMAND "org.helicopter1.Error.BadCommand"
#define HELICOPTER_ERROR_BAD_DIRECTORY "org.helicopter1.Error.BadDirectory"
#define HELICOPTER_ERROR_BAD_OPTION "org.helicopter1.Error.BadOption"
#define HELICOPTER_ERROR_BAD_SIGNAL "org.helicopter1.Error.BadSignal"
#define HELICOPTER_ERROR_COMMAND_NOT_FOUND "org.helicopter1.Error.CommandNotFound"
#define HELICOPTER_ERROR_NOT_EXECUTABLE "org.helicopter1.Error.NotExecutable"
#define HELICOPTER_ERROR_LAUNCH_FAILED "org.helicopter1.Error.LaunchFailed"
#define HELICOPTER_ERROR_NOT_RESTARTABLE "org.helicopter1.Error.NotRestartable"
#define HELICOPTER_ERROR_CANCELLED "org.helicopter1.Error.Cancelled"
#define HELICOPTER_ERROR_LIMIT_REACHED "org.helicopter1.Error.LimitReached"
#define HELICOPTER_ERROR_TARGET_GONE "org.helicopter1.Error.TargetGone"
#define HELICOPTER_ERROR_NOT_IN_JOB "org.helicopter1.Error.NotInJob"
#define HELICOPTER_ERROR_TRACER_BUSY "org.helicopter1.Error.TracerBusy"
#define HELICOPTER_ERROR_PTRACE_DISABLED "org.helicopter1.Error.PtraceDisabled"
#define HELICOPTER_ERROR_NOT_PERMITTED "org.helicopter1.Error.NotPermitted"
#define HELICOPTER_ERROR_SECCOMP_FILTERED "org.helicopter1.Error.SeccompFiltered"
#define HELICOPTER_ERROR_UNSUPPORTED_TARGET "org.helicopter1.Error.UnsupportedTarget"
#define HELICOPTER_ERROR_NOT_PYTHON "org.helicopter1.Error.NotPython"
#define HELICOPTER_ERROR_PYTHON_TOO_OLD "org.helicopter1.Error.PythonTooOld"
#define HELICOPTER_ERROR_REMOTE_DEBUG_DISABLED "org.helicopter1.Error.RemoteDebugDisabled"
#define HELICOPTER_ERROR_SCRIPT_PENDING "org.helicopter1.Error.ScriptPending"
#define HELICOPTER_ERROR_NO_SCRIPT "org.helicopter1.Error.NoScript"
#define HELICOPTER_ERROR_BLOCKED "org.helicopter1.Error.Blocked"
#define HELICOPTER_ERROR_PARENT_TOO_OLD "org.helicopter1.Error.ParentTooOld"
#define HELICOPTER_ERROR_PARENT_LOST "org.helicopter1.Error.ParentLost"
#define HELICOPTER_ERROR_TIMEOUT "org.helicopter1.Error.Timeout"

/* Teach sd-bus the errno of each error of this table. Call once, before any bus is opened. */
void error_register(void);

/*
 * What to do about an error, as one sentence without a trailing newline; NULL when the name is none of ours. Static.
 */
const char *error_remedy(const char *name);
