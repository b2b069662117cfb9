/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Nothing stands still while it is read, so it has to be told what fits together. A frame and its instruction pointer need
 * not be the same when they are read again: in a thread that computes they never are, and where it was a microsecond ago is
 * a true answer. What is checked is that the parts belong to each other: the instruction lies within the bytecode of the frame's
 * code object, as one read of the frame had both; and the code object is still the same when its name, file and lines have been read,
 * so that none of them was of something else that has taken its place in memory.
 */

#include "lib/python-frame.h"

#include <errno.h>
#include <glib.h>
#include <string.h>

#include "lib/process-memory.h"
#include "lib/python-line-table.h"
#include "lib/python-string.h"

#define ATTEMPTS 10

/* Frames that C code has put between two of Python come one by one. */
#define FRAMES_MAX 64u

/* A module of 100,000 lines has less than 2 MB. */
#define LINE_TABLE_MAX (4u << 20)

/* A file's name is no longer than PATH_MAX. */
#define FILE_MAX 4096u
#define FUNCTION_MAX 256u

/* In the lowest bits of a reference on Python's stack. */
#define TAG_BITS UINT64_C(3)

/* More copies of the bytecode than these (one for a thread) are not believed. */
#define BYTECODES_MAX 65536

/* enum _frameowner */
enum {
        OWNED_BY_THREAD = 0,
        OWNED_BY_GENERATOR = 1,
        OWNED_BY_INTERPRETER = 3, /* no Python frame: C code runs the interpreter from there */
        OWNED_BY_OTHER = 4,       /* nor this, the first one of a thread (3.15) or of C code (3.14) */
};

typedef struct Frame {
        uint64_t code; /* the address of its code object */
        uint64_t instruction;
        int32_t bytecode_index;
} Frame;

typedef struct Code {
        uint64_t filename, qualname, line_table; /* addresses */
        uint64_t bytecodes;
        uint64_t units; /* of bytecode */
        int32_t first_line;
} Code;

typedef struct Reader {
        pid_t pid;
        uint64_t state;
        const PythonOffsets *offsets;
} Reader;

/* What is not there, though something points to it, has gone meanwhile. */
static int read_pointed(const Reader *reader, uint64_t address, void *buffer, size_t size) {
        int r;

        r = process_memory_read(reader->pid, address, buffer, size);
        return r == -EFAULT ? -EAGAIN : r;
}

static int32_t int_at(const unsigned char *bytes, uint64_t offset) {
        int32_t number;

        memcpy(&number, bytes + offset, sizeof(number));
        return number;
}

/* Returns 1 and sets *ret_frame when this is a frame of Python, 0 and sets *address to the one before it when it is none. */
static int look_at_frame(const Reader *reader, uint64_t *address, Frame *ret_frame) {
        const PythonOffsets *offsets = reader->offsets;
        unsigned char bytes[PYTHON_OFFSETS_FRAME_MAX];
        unsigned char owner;
        int r;

        r = read_pointed(reader, *address, bytes, offsets->frame_size);
        if (r < 0)
                return r;
        owner = bytes[offsets->frame_owner];
        if (owner == OWNED_BY_INTERPRETER || owner == OWNED_BY_OTHER) {
                *address = python_offsets_word(bytes, offsets->frame_previous);
                return 0;
        }
        *ret_frame = (Frame) {
                .code = python_offsets_word(bytes, offsets->frame_executable) & ~TAG_BITS,
                .instruction = python_offsets_word(bytes, offsets->frame_instruction),
                .bytecode_index = offsets->frame_bytecode_index ? int_at(bytes, offsets->frame_bytecode_index) : 0,
        };
        /* 0: it is just being left. */
        return ret_frame->code != 0 && (owner == OWNED_BY_THREAD || owner == OWNED_BY_GENERATOR) ? 1 : -EAGAIN;
}

static int find_frame(const Reader *reader, Frame *ret_frame) {
        uint64_t address;
        int r;

        r = read_pointed(reader, reader->state + reader->offsets->current_frame, &address, sizeof(address));
        if (r < 0)
                return r;
        for (unsigned n = 0; n < FRAMES_MAX; n++) {
                if (address == 0)
                        return -ENODATA;
                r = look_at_frame(reader, &address, ret_frame);
                if (r != 0)
                        return r < 0 ? r : 0;
        }
        return -EAGAIN;
}

static int read_code(const Reader *reader, uint64_t address, Code *ret_code) {
        const PythonOffsets *offsets = reader->offsets;
        unsigned char bytes[PYTHON_OFFSETS_CODE_MAX];
        int r;

        r = read_pointed(reader, address, bytes, offsets->code_size);
        if (r < 0)
                return r;
        *ret_code = (Code) {
                .filename = python_offsets_word(bytes, offsets->code_filename),
                .qualname = python_offsets_word(bytes, offsets->code_qualname),
                .line_table = python_offsets_word(bytes, offsets->code_line_table),
                .bytecodes = offsets->code_bytecodes ? python_offsets_word(bytes, offsets->code_bytecodes) : 0,
                .units = python_offsets_word(bytes, offsets->object_length),
                .first_line = int_at(bytes, offsets->code_first_line),
        };
        return 0;
}

/* But for the copies of the bytecode, to which one may have been added. */
static bool is_same_code(const Code *a, const Code *b) {
        return a->filename == b->filename && a->qualname == b->qualname && a->line_table == b->line_table &&
                a->units == b->units && a->first_line == b->first_line;
}

/* Where the bytecode is that the frame runs: in the code object, or in a copy for its thread (the array's length comes first). */
static int find_bytecode(const Reader *reader, const Frame *frame, const Code *code, uint64_t *ret_address) {
        uint64_t index = (uint64_t) frame->bytecode_index;
        int64_t count;
        int r;

        if (frame->bytecode_index == 0 || code->bytecodes == 0) {
                *ret_address = frame->code + reader->offsets->code_bytecode;
                return 0;
        }
        r = read_pointed(reader, code->bytecodes, &count, sizeof(count));
        if (r < 0)
                return r;
        if (frame->bytecode_index < 0 || frame->bytecode_index >= count || count > BYTECODES_MAX)
                return -EAGAIN;
        return read_pointed(
                reader, code->bytecodes + (1 + index) * sizeof(uint64_t), ret_address, sizeof(*ret_address));
}

/* The instruction's place in the bytecode, in code units. */
static int find_unit(const Reader *reader, const Frame *frame, const Code *code, uint64_t *ret_unit) {
        uint64_t begin, distance;
        int r;

        r = find_bytecode(reader, frame, code, &begin);
        if (r < 0)
                return r;
        distance = frame->instruction - begin; /* huge where it is in front */
        if (distance % 2 != 0 || distance / 2 >= code->units)
                return -EAGAIN;
        *ret_unit = distance / 2;
        return 0;
}

static int read_line(const Reader *reader, const Code *code, uint64_t unit, int *ret_line) {
        g_autofree uint8_t *table = NULL;
        uint64_t size;
        int r;

        r = read_pointed(reader, code->line_table + reader->offsets->object_length, &size, sizeof(size));
        if (r < 0)
                return r;
        if (size > LINE_TABLE_MAX)
                return -EAGAIN;
        table = g_malloc(size + 1);
        r = read_pointed(reader, code->line_table + reader->offsets->bytes_data, table, size);
        if (r < 0)
                return r;
        r = python_line_table_find(table, size, code->first_line, unit, ret_line);
        if (r == -ENODATA) {
                *ret_line = 0;
                return 0;
        }
        return r < 0 ? -EAGAIN : 0;
}

static int read_strings(const Reader *reader, const Code *code, PythonPosition *position) {
        int r;

        r = python_string_read(reader->pid, code->filename, reader->offsets, FILE_MAX, &position->file);
        if (r == 0)
                r = python_string_read(reader->pid, code->qualname, reader->offsets, FUNCTION_MAX, &position->function);
        return r == -EFAULT || r == -EBADMSG ? -EAGAIN : r;
}

static int attempt(const Reader *reader, PythonPosition *ret_position) {
        g_auto(PythonPosition) position = { 0 };
        Code code, again;
        uint64_t unit;
        Frame frame;
        int r;

        r = find_frame(reader, &frame);
        if (r < 0)
                return r;
        r = read_code(reader, frame.code, &code);
        if (r < 0)
                return r;
        r = find_unit(reader, &frame, &code, &unit);
        if (r < 0)
                return r;
        r = read_line(reader, &code, unit, &position.line);
        if (r < 0)
                return r;
        r = read_strings(reader, &code, &position);
        if (r < 0)
                return r;
        r = read_code(reader, frame.code, &again);
        if (r < 0)
                return r;
        if (!is_same_code(&code, &again))
                return -EAGAIN;
        *ret_position = position;
        position = (PythonPosition) { 0 };
        return 0;
}

int python_frame_read(pid_t pid, uint64_t state, const PythonOffsets *offsets, PythonPosition *ret_position) {
        const Reader reader = { .pid = pid, .state = state, .offsets = offsets };
        PythonPosition position = { 0 };
        int r = -EAGAIN;

        /* An instruction that is of no line, where a generator begins say, has been passed the next time in most cases. */
        for (int i = 0; (r == -EAGAIN || (r == 0 && position.line == 0)) && i < ATTEMPTS; i++) {
                python_position_clear(&position);
                r = attempt(&reader, &position);
        }
        if (r == 0)
                *ret_position = position;
        return r;
}
