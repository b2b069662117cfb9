/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "parent/supervisor.h"

/*
 * Block what the parent handles, and SIGPIPE, which would end it. Call before anything else; *ret_old is the mask that
 * the job is to have.
 */
void signals_block(sigset_t *ret_old);

/* Pass signals on to the job, and notice children that end. 0 or a negative errno. */
int signals_start(Supervisor *supervisor);
