/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Lingering: whether the user's service manager, and all jobs that are its units, go on when the user's last session ends
 * (loginctl(1), enable-linger).
 */

#include <stdbool.h>

#define LINGER_REMEDY "loginctl enable-linger"

/* Whether it is on, 1 or 0; or a negative errno where nobody ends anything at logout: logind does not run here. */
int linger_is_on(void);

/* Whether a process in that control group ends with the user's service manager. */
bool linger_matters(const char *control_group);
