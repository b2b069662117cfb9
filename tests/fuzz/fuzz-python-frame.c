/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The input is the process's memory, but for its first byte, which chooses how it changes while it is read. */

#include <errno.h>
#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "lib/process-memory.h"
#include "lib/python-frame.h"
#include "lib/python-line-table.h"
#include "tests/fuzz/seed.h"

#define BASE 0x1000

/* A small Python without a global lock: every offset leaves room for what it needs only. */
static const PythonOffsets offsets = {
        .frames = true,
        .free_threaded = true,
        .current_frame = 0,
        .frame_size = 32,
        .frame_previous = 0,
        .frame_executable = 8,
        .frame_instruction = 16,
        .frame_bytecode_index = 24,
        .frame_owner = 28,
        .code_size = 48,
        .object_length = 0,
        .code_filename = 8,
        .code_qualname = 16,
        .code_line_table = 24,
        .code_bytecodes = 32,
        .code_first_line = 40,
        .code_bytecode = 44,
        .bytes_data = 8,
        .string_size = 24,
        .string_state = 8,
        .string_length = 0,
        .string_ascii = 16,
};

/* Where things are in the first input. */
enum {
        FRAME = 8,
        ENTRY = FRAME + 32,
        CODE = ENTRY + 32,
        COPIES = CODE + 64,
        COPY = COPIES + 24,
        FILENAME = COPY + 16,
        FUNCTION = FILENAME + 32,
        LINES = FUNCTION + 32,
        END = LINES + 24,
};

static const uint8_t *memory;
static size_t memory_size;
static unsigned reads, shift_from, shift;

/* From some read on the memory's contents have moved on by some bytes, as if others had taken their place. */
int __wrap_process_memory_read(pid_t pid, uint64_t address, void *buffer, size_t size);
int __wrap_process_memory_read(pid_t pid, uint64_t address, void *buffer, size_t size) {
        size_t moved = reads++ >= shift_from ? shift : 0;

        if (address < BASE || size > memory_size || address - BASE > memory_size - size)
                return -EFAULT;
        if (address - BASE + moved > memory_size - size)
                moved = 0;
        memcpy(buffer, memory + (address - BASE) + moved, size);
        return 0;
}

static void put(uint8_t *place, size_t at, uint64_t word) {
        memcpy(place + at, &word, sizeof(word));
}

static void put_string(uint8_t *place, size_t at, const char *text, unsigned width, unsigned ascii) {
        put(place, at, strlen(text) / width);
        put(place, at + 8, (width | 8u | ascii << 4) << 8);
        memcpy(place + at + 16, text, strlen(text));
}

/* A thread whose C code was called in the second line of a function, in a copy of its bytecode. */
size_t seed(uint8_t *buffer) {
        static const uint8_t lines[] = { 0x87, 0, 0xe8, 2, 0xf0, 4, 1, 2, 3, 0xd8, 1, 1 };
        uint8_t *place = buffer + 1;

        memset(buffer, 0, END + 1);
        put(place, 0, BASE + ENTRY);
        put(place, ENTRY, BASE + FRAME);
        place[ENTRY + 28] = 3;
        put(place, FRAME + 8, BASE + CODE + 1);
        put(place, FRAME + 16, BASE + COPY + 2);
        place[FRAME + 24] = 1;
        put(place, CODE, 4);
        put(place, CODE + 8, BASE + FILENAME);
        put(place, CODE + 16, BASE + FUNCTION);
        put(place, CODE + 24, BASE + LINES);
        put(place, CODE + 32, BASE + COPIES);
        place[CODE + 40] = 40;
        put(place, COPIES, 2);
        put(place, COPIES + 16, BASE + COPY);
        put_string(place, FILENAME, "/a.py", 1, 1);
        put_string(place, FUNCTION, "f\1g\1", 2, 0);
        put(place, LINES, sizeof(lines));
        memcpy(place + LINES + 8, lines, sizeof(lines));
        return END + 1;
}

static void check(const PythonPosition *position) {
        if (position->line < 0 || !g_utf8_validate(position->file, -1, NULL) ||
                !g_utf8_validate(position->function, -1, NULL))
                abort();
        if (strlen(position->file) > 4096 + strlen("…") || strlen(position->function) > 256 + strlen("…"))
                abort();
        for (const char *c = position->file; *c; c = g_utf8_next_char(c))
                if (g_unichar_iscntrl(g_utf8_get_char(c)))
                        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        PythonPosition position = { 0 };
        int line = 0;

        if (size == 0)
                return 0;
        reads = 0;
        shift_from = data[0] >> 3;
        shift = data[0] & 7;
        memory = data + 1;
        memory_size = size - 1;
        if (python_frame_read(1, BASE, &offsets, &position) == 0)
                check(&position);
        python_position_clear(&position);
        if (python_line_table_find(memory, memory_size, data[0], size, &line) == 0 && line < 0)
                abort();
        return 0;
}
