/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Long output on a terminal goes through a pager, as that of systemctl(1) does: $SYSTEMD_PAGER, else $PAGER, else less. */

#include <stdbool.h>

/*
 * Have what is written to stdout from now on shown by a pager, by child processes too, until pager_close(). Nothing happens when stdout
 * is no terminal, the terminal is dumb, the user wants no pager (wanted is false; the variable is empty or "cat"), or there is none.
 */
void pager_open(bool wanted);

/*
 * Wait until the user has left the pager, then stdout is the terminal again. Returns whether he left before all was written: what was
 * still to come has failed for that reason alone. False where there was no pager.
 */
bool pager_close(void);

/* The terminal that stdout ends up at, through a pager or not: a descriptor that stays the callee's, or -1 when there is none. */
int pager_terminal(void);
