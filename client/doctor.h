/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What `doctor` looks at: whether jobs can be run, debugged and read here, and what to do where they cannot. */

#include <glib.h>

typedef enum DoctorStatus {
        DOCTOR_OK,
        DOCTOR_NOTE,    /* it works, with a limit that one should know of */
        DOCTOR_PROBLEM, /* it does not work */
} DoctorStatus;

typedef struct DoctorResult {
        DoctorStatus status;
        char *text;   /* what was found, as a sentence without its full stop */
        char *remedy; /* what to do about it, or NULL */
} DoctorResult;

void doctor_result_clear(DoctorResult *result);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(DoctorResult, doctor_result_clear)

/* Set a result. remedy: static; NULL for none. */
void doctor_found(DoctorResult *result, DoctorStatus status, const char *remedy, const char *format, ...)
        G_GNUC_PRINTF(4, 5);

/* The system: doctor-system.c. */
void doctor_kernel(DoctorResult *result);
void doctor_yama(DoctorResult *result);
void doctor_tracing(DoctorResult *result);
void doctor_container(DoctorResult *result);

/* The user's session: doctor-session.c. */
void doctor_manager(DoctorResult *result);
void doctor_bus(DoctorResult *result);
void doctor_linger(DoctorResult *result);
void doctor_runtime(DoctorResult *result);
void doctor_socket(DoctorResult *result);
void doctor_journal(DoctorResult *result);

/* helicopter itself: doctor-programs.c. */
void doctor_programs(DoctorResult *result);
void doctor_daemon(DoctorResult *result);

/* python: the interpreter to look at, or NULL for python3 of the PATH. */
void doctor_python(DoctorResult *result, const char *python);
