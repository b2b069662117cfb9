/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Libraries that only some verbs need, loaded by these: to load them at each start would take longer than all else that most verbs do. What is
 * used of one is listed once, and called as a member of a structure:
 *
 *     #define FUNCTIONS(X) X(one_function) X(another_function)
 *     static struct { FUNCTIONS(LIBRARY_MEMBER) } library;
 *     static const LibraryFunction functions[] = { FUNCTIONS(LIBRARY_ENTRY) };
 *
 * To call a function by its own name would be to link with its library.
 */

#include <stddef.h>

typedef struct LibraryFunction {
        const char *name;
        void **place;
} LibraryFunction;

#define LIBRARY_MEMBER(name) __typeof__(name) *(name);
#define LIBRARY_ENTRY(name) { #name, (void **) &library.name },

/*
 * Load a library for good, and put each function into its place. names: what it is called, elsewhere perhaps otherwise, each with the number that
 * changes when programs made for it cannot use it any more; NULL ends them. functions: count of them; those of a library that it needs may be
 * among them. Once it is loaded, that is quick. Returns 0, or -ELIBACC when it is not there or lacks a function, with why as *ret_why
 * (owned by the caller).
 */
int library_load(const char *const *names, const LibraryFunction *functions, size_t count, char **ret_why);
