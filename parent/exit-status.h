/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * End this process as the job ended: with its exit code, or, when signal is not 0, by the same signal, and without a
 * core dump of its own. Does not return.
 */
__attribute__((noreturn)) void exit_as(int code, int signal);
