/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What the target of a debugger runs: attach-job.py, and pdb's own script. pdb makes that when it has been imported, and so has the target to
 * import it. For both to do so at the same time, the target gets attach-job.py first, and pdb's script through a pipe.
 */

#include <glib.h>
#include <stdint.h>
#include <sys/types.h>

typedef struct AttachScript {
        int reader, writer; /* of the pipe; -1: nobody waits there */
} AttachScript;

#define ATTACH_SCRIPT_NONE ((AttachScript) { .reader = -1, .writer = -1 })

/* The most that pdb's script may have, in bytes. It holds the commands of --command. */
#define ATTACH_SCRIPT_MAX (256 * 1024)

/*
 * Make a script with which the target waits for pdb's, up to a deadline (CLOCK_MONOTONIC, microseconds), and as long as this process and
 * *script are there. Returns a memfd, owned by the caller, or a negative errno: -EXDEV where the target cannot open what is ours.
 */
int attach_script_wait(AttachScript *script, pid_t target, uint64_t deadline);

/* Hand pdb's script, the contents of a file, over to the target that waits. Returns 0 or a negative errno. */
int attach_script_hand_over(AttachScript *script, int text);

/* Make a script that has pdb's in it. Returns a memfd, owned by the caller, or a negative errno. */
int attach_script_complete(int text);

/* Who waits is told that nothing comes any more. */
void attach_script_clear(AttachScript *script);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(AttachScript, attach_script_clear)
