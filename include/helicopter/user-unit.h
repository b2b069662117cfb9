/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The unit of a user's service manager that a control group belongs to, by its path as process_control_group() tells it; NULL when
 * it belongs to none. The manager is itself a unit, below slices: user@UID.service, or capsule@NAME.service (systemd 256). The
 * first below it that is no slice is the unit; one whose name the kernel might want for a file of its own has "_" in front
 * (cg_escape() of systemd 262). Owned by the caller.
 * sd_pid_get_user_unit() tells the same, but has more than 100 KB of libraries mapped that a job's parent needs for nothing else.
 */
char *user_unit_of_group(const char *group);
