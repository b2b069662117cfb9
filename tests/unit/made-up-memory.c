/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "tests/unit/made-up-memory.h"

#include <errno.h>
#include <string.h>
#include <sys/types.h>

#include "tests/unit/python-table.h"
#include "tests/unit/test.h"

static unsigned char memory[MADE_UP_SIZE];
static unsigned reads;

void (*made_up_before_read)(unsigned count);

int __wrap_process_memory_read(pid_t pid, uint64_t address, void *buffer, size_t size);
int __wrap_process_memory_read(pid_t pid, uint64_t address, void *buffer, size_t size) {
        if (made_up_before_read)
                made_up_before_read(reads);
        reads++;
        if (address < MADE_UP_BASE || size > MADE_UP_SIZE || address - MADE_UP_BASE > MADE_UP_SIZE - size)
                return -EFAULT;
        memcpy(buffer, memory + (address - MADE_UP_BASE), size);
        return 0;
}

void made_up_clear(void) {
        memset(memory, 0, sizeof(memory));
        reads = 0;
        made_up_before_read = NULL;
}

void made_up_bytes(uint64_t address, const void *bytes, size_t size) {
        assert_true(address >= MADE_UP_BASE && address + size <= MADE_UP_BASE + MADE_UP_SIZE);
        memcpy(memory + (address - MADE_UP_BASE), bytes, size);
}

void made_up_word(uint64_t address, uint64_t word) {
        made_up_bytes(address, &word, sizeof(word));
}

void made_up_int(uint64_t address, int32_t number) {
        made_up_bytes(address, &number, sizeof(number));
}

void made_up_string(
        uint64_t address, const void *characters, size_t length, unsigned width, int ascii, int free_threaded) {
        uint32_t bits = width | 1u << 3 | (ascii ? 1u << 4 : 0);

        made_up_word(address + TABLE_LENGTH, length);
        made_up_int(address + TABLE_STRING_STATE, (int32_t) (bits << (free_threaded ? 8 : 2) | 1));
        made_up_bytes(address + (ascii ? TABLE_STRING_ASCII : TABLE_STRING_SIZE - 8), characters, length * width);
}

PythonOffsets made_up_offsets(unsigned minor, int free_threaded) {
        uint64_t words[PYTHON_OFFSETS_WORDS];
        PythonOffsets offsets = { 0 };

        table_fill(words, minor, 0xf);
        words[2] = free_threaded != 0;
        words[minor == 14 ? 38 : 46] = free_threaded ? TABLE_FREE_FRAME_INDEX : 0;
        words[minor == 14 ? 49 : 57] = free_threaded ? TABLE_FREE_CODE_COPIES : 0;
        if (free_threaded)
                words[minor == 14 ? 36 : 44] = TABLE_FRAME_OWNER + 4;
        assert_int_equal(python_offsets_parse(words, &offsets), 0);
        assert_true(offsets.frames);
        return offsets;
}
