/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a word of a command line may become, for shells and for the prompt: asked of the verbs themselves, and of the daemon. */

/* description: may be NULL. */
typedef void (*CompleteOffer)(const char *word, const char *description, void *userdata);

/* What may stand there beside the words that were offered. */
typedef enum CompleteFiles {
        COMPLETE_NO_FILES,
        COMPLETE_FILES,
        COMPLETE_DIRECTORIES,
        COMPLETE_COMMANDS,
} CompleteFiles;

/*
 * Offer what the last of the words, which may be empty, can become. words: those behind the program's name, count of them; as bash
 * has them, an "=" may be a word of its own. No daemon is started for the names of jobs.
 */
CompleteFiles complete(int count, char *const *words, CompleteOffer offer, void *userdata);
