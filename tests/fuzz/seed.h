/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What libFuzzer calls, and a first input for it: written to the folders that are given on the command line. */

#include <stddef.h>
#include <stdint.h>

#define SEED_MAX 65536

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Each target has this one: a good input, of at most SEED_MAX bytes. Returns its size. */
size_t seed(uint8_t *buffer);
