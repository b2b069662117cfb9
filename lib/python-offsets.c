/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "lib/python-offsets.h"

#include <errno.h>
#include <glib.h>
#include <string.h>

#include "lib/process-memory.h"

#define COOKIE "xdebugpy"

/* Generous limits, so that a hostile table leads nowhere far. CPython 3.14 has 320 kB and 230 kB. */
#define RUNTIME_MAX (16u * 1024u * 1024u)
#define INTERPRETER_MAX (16u * 1024u * 1024u)

/* Words of the table. Those up to here are where they are in 3.13, 3.14 and 3.15 alike. */
enum {
        WORD_COOKIE,
        WORD_VERSION,
        WORD_FREE_THREADED,
        WORD_RUNTIME_SIZE,
        WORD_RUNTIME_FINALIZING,
        WORD_RUNTIME_INTERPRETERS_HEAD,
        WORD_INTERPRETER_SIZE,
        WORD_INTERPRETER_ID,
        WORD_INTERPRETER_NEXT,
        WORD_INTERPRETER_THREADS_HEAD,
        WORD_INTERPRETER_THREADS_MAIN,
};

/* The first words about thread states are the same in 3.14 and 3.15. */
enum {
        WORD_THREAD_SIZE = 22,
        WORD_THREAD_PREVIOUS,
        WORD_THREAD_NEXT,
        WORD_THREAD_INTERPRETER,
        WORD_THREAD_CURRENT_FRAME,
};

/* Words about frames, counted from the first of them, and about code objects, which follow. */
enum {
        FRAME_SIZE,
        FRAME_PREVIOUS,
        FRAME_EXECUTABLE,
        FRAME_INSTRUCTION,
        FRAME_LOCALS,
        FRAME_OWNER,
        FRAME_STACK_POINTER,
        FRAME_BYTECODE_INDEX,
        CODE_SIZE,
        CODE_FILENAME,
        CODE_NAME,
        CODE_QUALNAME,
        CODE_LINE_TABLE,
        CODE_FIRST_LINE,
        CODE_ARGUMENT_COUNT,
        CODE_LOCALS_NAMES,
        CODE_LOCALS_KINDS,
        CODE_BYTECODE,
        CODE_BYTECODES,
};

/* The same for bytes objects and strings. */
enum {
        BYTES_SIZE,
        BYTES_LENGTH,
        BYTES_DATA,
        STRING_SIZE,
        STRING_STATE,
        STRING_LENGTH,
        STRING_ASCII,
};

/* The last six words of the table are about the debugger. */
enum {
        DEBUGGER_EVAL_BREAKER,
        DEBUGGER_SUPPORT,
        DEBUGGER_ENABLED,
        DEBUGGER_PENDING_CALL,
        DEBUGGER_SCRIPT_PATH,
        DEBUGGER_SCRIPT_PATH_SIZE,
        DEBUGGER_WORDS,
};

static const struct {
        unsigned minor;
        size_t thread_native_id; /* the word */
        size_t frame;            /* the first of the words about it */
        size_t bytes;
        size_t debugger;
} tables[] = {
        { 14, 28, 31, 74, 89 },
        { 15, 31, 39, 86, 105 },
};

G_STATIC_ASSERT(PYTHON_OFFSETS_WORDS == 105 + DEBUGGER_WORDS);

/* A field of some size, aligned to it, inside of something. */
static bool fits(uint64_t offset, uint64_t size, uint64_t whole) {
        return whole >= size && offset <= whole - size && offset % size == 0;
}

static int check(const PythonOffsets *offsets, uint64_t runtime, uint64_t interpreter) {
        uint64_t thread = offsets->thread_size, support = offsets->remote_debugger_support;
        bool good = runtime <= RUNTIME_MAX && interpreter <= INTERPRETER_MAX && thread <= PYTHON_OFFSETS_THREAD_MAX;

        good = good && fits(offsets->interpreters_head, 8, runtime);
        good = good && fits(offsets->finalizing, 8, runtime) && offsets->finalizing >= 8;
        good = good && fits(offsets->interpreter_id, 8, interpreter);
        good = good && fits(offsets->interpreter_next, 8, interpreter);
        good = good && fits(offsets->threads_head, 8, interpreter);
        good = good && fits(offsets->threads_main, 8, interpreter);
        good = good && fits(offsets->remote_debugging_enabled, 4, interpreter);
        good = good && fits(offsets->thread_next, 8, thread);
        good = good && fits(offsets->thread_interpreter, 8, thread);
        good = good && fits(offsets->thread_native_id, 8, thread);
        good = good && fits(offsets->eval_breaker, 8, thread);
        good = good && fits(support, 4, thread);
        good = good && fits(offsets->debugger_pending_call, 4, thread - support);
        good = good && offsets->debugger_script_path <= thread - support;
        good = good && offsets->debugger_script_path_size > 1;
        good = good && offsets->debugger_script_path_size <= thread - support - offsets->debugger_script_path;
        return good ? 0 : -EBADMSG;
}

static bool check_frames(const PythonOffsets *offsets) {
        uint64_t frame = offsets->frame_size, code = offsets->code_size, string = offsets->string_size;
        bool good = frame <= PYTHON_OFFSETS_FRAME_MAX && code <= PYTHON_OFFSETS_CODE_MAX;

        good = good && fits(offsets->current_frame, 8, offsets->thread_size);
        good = good && fits(offsets->frame_previous, 8, frame);
        good = good && fits(offsets->frame_executable, 8, frame);
        good = good && fits(offsets->frame_instruction, 8, frame);
        good = good && fits(offsets->frame_owner, 1, frame);
        good = good && fits(offsets->frame_bytecode_index, 4, frame);
        good = good && fits(offsets->code_filename, 8, code);
        good = good && fits(offsets->code_qualname, 8, code);
        good = good && fits(offsets->code_line_table, 8, code);
        good = good && fits(offsets->code_first_line, 4, code);
        good = good && fits(offsets->code_bytecode, 2, code);
        good = good && fits(offsets->code_bytecodes, 8, code);
        good = good && fits(offsets->object_length, 8, code);
        good = good && offsets->bytes_data <= PYTHON_OFFSETS_STRING_MAX;
        good = good && string <= PYTHON_OFFSETS_STRING_MAX;
        good = good && fits(offsets->string_state, 4, string);
        good = good && fits(offsets->string_length, 8, string);
        return good && fits(offsets->string_ascii, 8, string);
}

static void parse_frames(const uint64_t *words, const uint64_t *frame, const uint64_t *bytes, PythonOffsets *offsets) {
        offsets->free_threaded = words[WORD_FREE_THREADED] != 0;
        offsets->current_frame = words[WORD_THREAD_CURRENT_FRAME];
        offsets->frame_size = frame[FRAME_SIZE];
        offsets->frame_previous = frame[FRAME_PREVIOUS];
        offsets->frame_executable = frame[FRAME_EXECUTABLE];
        offsets->frame_instruction = frame[FRAME_INSTRUCTION];
        offsets->frame_owner = frame[FRAME_OWNER];
        offsets->frame_bytecode_index = frame[FRAME_BYTECODE_INDEX];
        offsets->code_size = frame[CODE_SIZE];
        offsets->code_filename = frame[CODE_FILENAME];
        offsets->code_qualname = frame[CODE_QUALNAME];
        offsets->code_line_table = frame[CODE_LINE_TABLE];
        offsets->code_first_line = frame[CODE_FIRST_LINE];
        offsets->code_bytecode = frame[CODE_BYTECODE];
        offsets->code_bytecodes = frame[CODE_BYTECODES];
        offsets->object_length = bytes[BYTES_LENGTH];
        offsets->bytes_data = bytes[BYTES_DATA];
        offsets->string_size = bytes[STRING_SIZE];
        offsets->string_state = bytes[STRING_STATE];
        offsets->string_length = bytes[STRING_LENGTH];
        offsets->string_ascii = bytes[STRING_ASCII];
        offsets->frames = check_frames(offsets);
}

static int parse_debugger(
        const uint64_t *words, size_t thread_native_id, const uint64_t *debugger, PythonOffsets *offsets) {
        offsets->debugger = true;
        /* The table does not tell; in 3.14 and 3.15 it is in front of that (pycore_runtime_structs.h). */
        offsets->initialized = words[WORD_RUNTIME_FINALIZING] - 8;
        offsets->finalizing = words[WORD_RUNTIME_FINALIZING];
        offsets->interpreters_head = words[WORD_RUNTIME_INTERPRETERS_HEAD];
        offsets->interpreter_id = words[WORD_INTERPRETER_ID];
        offsets->interpreter_next = words[WORD_INTERPRETER_NEXT];
        offsets->threads_head = words[WORD_INTERPRETER_THREADS_HEAD];
        offsets->threads_main = words[WORD_INTERPRETER_THREADS_MAIN];
        offsets->thread_size = words[WORD_THREAD_SIZE];
        offsets->thread_next = words[WORD_THREAD_NEXT];
        offsets->thread_interpreter = words[WORD_THREAD_INTERPRETER];
        offsets->thread_native_id = words[thread_native_id];
        offsets->remote_debugging_enabled = debugger[DEBUGGER_ENABLED];
        offsets->eval_breaker = debugger[DEBUGGER_EVAL_BREAKER];
        offsets->remote_debugger_support = debugger[DEBUGGER_SUPPORT];
        offsets->debugger_pending_call = debugger[DEBUGGER_PENDING_CALL];
        offsets->debugger_script_path = debugger[DEBUGGER_SCRIPT_PATH];
        offsets->debugger_script_path_size = debugger[DEBUGGER_SCRIPT_PATH_SIZE];
        return check(offsets, words[WORD_RUNTIME_SIZE], words[WORD_INTERPRETER_SIZE]);
}

static int parse_known(const uint64_t *words, PythonOffsets *offsets) {
        for (size_t i = 0; i < G_N_ELEMENTS(tables); i++) {
                int r;

                if (offsets->minor != tables[i].minor)
                        continue;
                r = parse_debugger(words, tables[i].thread_native_id, words + tables[i].debugger, offsets);
                if (r == 0) /* a debugger can do without */
                        parse_frames(words, words + tables[i].frame, words + tables[i].bytes, offsets);
                return r;
        }
        return -EOPNOTSUPP;
}

/* PY_VERSION_HEX. Alpha (0xA) and beta (0xB) versions may have tables of their own. */
static int parse_version(uint64_t version, PythonOffsets *offsets) {
        uint64_t level = version >> 4 & 0xf;

        offsets->major = version >> 24 & 0xff;
        offsets->minor = version >> 16 & 0xff;
        offsets->micro = version >> 8 & 0xff;
        if (version > UINT32_MAX || offsets->major < 3)
                return -EBADMSG;
        if (offsets->major > 3 || (offsets->minor > 13 && level < 0xc))
                return -EOPNOTSUPP;
        return offsets->minor < 13 ? -EBADMSG : 0;
}

int python_offsets_parse(const uint64_t *words, PythonOffsets *ret_offsets) {
        PythonOffsets offsets = { 0 };
        int r;

        if (memcmp(&words[WORD_COOKIE], COOKIE, sizeof(words[WORD_COOKIE])) != 0)
                return -ENODATA;
        r = parse_version(words[WORD_VERSION], &offsets);
        if (r == 0 && offsets.minor > 13)
                r = parse_known(words, &offsets);
        if (r == 0 || r == -EOPNOTSUPP)
                *ret_offsets = offsets;
        return r;
}

int python_offsets_read(pid_t pid, uint64_t address, PythonOffsets *ret_offsets) {
        uint64_t words[PYTHON_OFFSETS_WORDS];
        int r;

        r = process_memory_read(pid, address, words, sizeof(words));
        if (r < 0)
                return r;
        return python_offsets_parse(words, ret_offsets);
}
