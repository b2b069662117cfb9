/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "parent/signals.h"

#include <stdbool.h>
#include <sys/signalfd.h>

/*
 * Passed on: all that asks a process to do something. Not passed on: what reports a fault of the receiver itself; what
 * the terminal's driver sends to the whole foreground group on a stop or a resize, which the parent has to obey itself
 * so that its shell notices.
 */
static bool is_passed_on(int signal) {
        switch (signal) {
        case SIGKILL:
        case SIGSTOP:
        case SIGCHLD:
        case SIGTSTP:
        case SIGTTIN:
        case SIGTTOU:
        case SIGWINCH:
        case SIGSEGV:
        case SIGBUS:
        case SIGFPE:
        case SIGILL:
        case SIGABRT:
        case SIGTRAP:
        case SIGSYS:
        case SIGPIPE:
                return false;
        default:
                return signal < SIGSYS || signal >= SIGRTMIN; /* between them are those of the C library */
        }
}

void signals_block(sigset_t *ret_old) {
        sigset_t set;

        sigemptyset(&set);
        sigaddset(&set, SIGCHLD);
        sigaddset(&set, SIGPIPE);
        for (int signal = 1; signal <= SIGRTMAX; signal++)
                if (is_passed_on(signal))
                        sigaddset(&set, signal);
        sigprocmask(SIG_BLOCK, &set, ret_old);
}

static int on_signal(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata) {
        Supervisor *supervisor = userdata;

        /* The service manager stops the unit, say, which is the later word. */
        if (supervisor_asks_to_end((int) info->ssi_signo))
                supervisor_cancel_restart(supervisor);
        /* What the terminal sends (^C, a hang-up) goes to the whole foreground group, so the job has it already. */
        if (info->ssi_code == SI_KERNEL && supervisor->child.has_terminal) {
                supervisor_note_signal(supervisor, (int) info->ssi_signo);
                return 0;
        }
        supervisor_signal(supervisor, (int) info->ssi_signo);
        return 0;
}

static int on_child(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata) {
        supervisor_reap(userdata);
        return 0;
}

int signals_start(Supervisor *supervisor) {
        int r;

        r = sd_event_add_signal(supervisor->event, NULL, SIGCHLD, on_child, supervisor);
        for (int signal = 1; r >= 0 && signal <= SIGRTMAX; signal++)
                if (is_passed_on(signal))
                        r = sd_event_add_signal(supervisor->event, NULL, signal, on_signal, supervisor);
        return r;
}
