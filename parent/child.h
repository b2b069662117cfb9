/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The job's process: forked and held before its exec, so that its pid can be made known first; released; and told apart
 * whether its command was executed.
 */

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

typedef struct Child {
        pid_t pid; /* 0: none */
        int pidfd;
        int go;            /* writing here releases it */
        int told;          /* readable once it has executed its command (end of file), or could not (an errno) */
        bool has_terminal; /* it shares the parent's session and process group, and gets the terminal's signals itself
                            */
} Child;

#define CHILD_NONE ((Child) { .pidfd = -1, .go = -1, .told = -1 })

/*
 * Fork. mask: the signal mask that the command is to have. environment: its environment, NULL for ours. If there is a
 * controlling terminal the job stays in this process's group, as if it had been typed there itself; else it gets a
 * session of its own. 0 or a negative errno.
 */
int child_fork(char **command, char **environment, const sigset_t *mask, Child *ret_child);

/* Let it execute its command. */
void child_release(Child *child);

/* What became of the exec, once `told` is readable: 0, or the negative errno of execvp(3). */
int child_exec_result(Child *child);

/* Send a signal, to nobody if it has ended. */
void child_kill(const Child *child, int signal);

/* End a child that was not released, and close what is open. The process itself is to be waited for. */
void child_close(Child *child);
