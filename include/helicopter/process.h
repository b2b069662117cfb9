/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What /proc says of a process, and processes held by pidfd. A pid is only a name that may be used again; whoever acts
 * on a process opens a pidfd first, asks, and looks at the pidfd again before acting. Facts: proc(5), pidfd_open(2).
 */

#include <stdbool.h>
#include <sys/types.h>

/* The fields of /proc/PID/status that matter here. */
typedef struct ProcessStatus {
        pid_t parent;        /* PPid */
        pid_t tracer;        /* TracerPid; 0: none */
        char state;          /* R, S, D, T, t, Z, X … */
        int seccomp;         /* Seccomp: 0 off, 1 strict, 2 filter */
        int seccomp_filters; /* Seccomp_filters; 0 where the kernel does not say (before 5.9) */
} ProcessStatus;

/*
 * Read /proc/PID/status. pid may be a thread's id. Returns 0, or -ESRCH when there is no such process, or a negative
 * errno; *ret_status is set on success only.
 */
int process_status(pid_t pid, ProcessStatus *ret_status);

/*
 * The users that a process runs as: its real and its effective one, as /proc/PID/status has them. They differ, or are
 * another than before, once it has executed a setuid program. 0, -ESRCH or a negative errno.
 */
int process_users(pid_t pid, uid_t *ret_real, uid_t *ret_effective);

/* Whether a process has a controlling terminal: 1 or 0, or -ESRCH or a negative errno. */
int process_has_terminal(pid_t pid);

/*
 * Whether two processes are in the same pid namespace and in the same user namespace: 1 or 0, or a negative errno;
 * -EACCES when one of them may not be looked at so closely.
 */
int process_same_namespaces(pid_t a, pid_t b);

/*
 * The same, as far as it can be told of processes that may not be looked at closely: by how deep their pid namespaces
 * are, and by the maps of their user namespaces.
 */
int process_similar_namespaces(pid_t a, pid_t b);

/* A pidfd (CLOEXEC) of a process: 0 or more, or a negative errno (-ESRCH: no such process). */
int process_open(pid_t pid);

/* Whether the process behind a pidfd has not ended. A zombie has ended. */
bool process_alive(int pidfd);

/* The command line with blanks between the arguments, or the name in brackets where there is none; NULL when gone.
 * Owned by the caller. */
char *process_command(pid_t pid);

/*
 * 1 when pid is a descendant of ancestor (ancestor itself is not), 0 when it is not, or -ESRCH. Follows the parents
 * that /proc names, which are the real ones that Yama follows too.
 */
int process_is_descendant(pid_t pid, pid_t ancestor);

/*
 * All descendants of a process, nearest first, at most max of them (more is -E2BIG). The result is what was true while
 * it was read: processes may have come and gone. Returns their number and sets *ret_pids (owned by the caller, g_free),
 * or a negative errno.
 */
int process_descendants(pid_t ancestor, size_t max, pid_t **ret_pids);

/* The control group of a process as /proc/PID/cgroup's "0::" line has it; NULL where there is none. Owned by the
 * caller. */
char *process_control_group(pid_t pid);

/* Whether a process is in the same namespace of a kind ("pid", "user", "net" …, see namespaces(7)) as this one: 1, 0,
 * -ESRCH or another negative errno. */
int process_shares_namespace(pid_t pid, const char *kind);
