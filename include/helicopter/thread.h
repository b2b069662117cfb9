/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <pthread.h>

/*
 * Start a thread in which none of the program's signal handlers runs: all signals are blocked there, and stay as they are in the
 * caller. Returns 0, or a negative errno, with *ret_thread untouched.
 */
int thread_start(pthread_t *ret_thread, void *(*run)(void *data), void *data);
