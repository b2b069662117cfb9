/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "lib/python-offsets.h"
#include "tests/fuzz/seed.h"
#include "tests/unit/python-table.h"

#define TABLE_SIZE (PYTHON_OFFSETS_WORDS * sizeof(uint64_t))

size_t seed(uint8_t *buffer) {
        uint64_t words[PYTHON_OFFSETS_WORDS];

        table_fill(words, 14, 0xf);
        memcpy(buffer, words, TABLE_SIZE);
        return TABLE_SIZE;
}

/* All that is written to a thread state lies in it. */
static void check(const PythonOffsets *offsets) {
        uint64_t support = offsets->remote_debugger_support, size = offsets->thread_size;

        if (size > PYTHON_OFFSETS_THREAD_MAX || support > size || offsets->eval_breaker > size - 8)
                abort();
        if (offsets->debugger_pending_call > size - support - 4)
                abort();
        if (offsets->debugger_script_path > size || offsets->debugger_script_path_size > size ||
                support + offsets->debugger_script_path + offsets->debugger_script_path_size > size)
                abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        uint64_t words[PYTHON_OFFSETS_WORDS] = { 0 };
        PythonOffsets offsets = { 0 };

        memcpy(words, data, MIN(size, sizeof(words)));
        if (python_offsets_parse(words, &offsets) == 0 && offsets.debugger)
                check(&offsets);
        return 0;
}
