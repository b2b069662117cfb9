/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <glib.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/python-offsets.h"
#include "tests/unit/python-table.h"

static void test_known(void **state) {
        for (unsigned minor = 14; minor <= 15; minor++) {
                uint64_t words[PYTHON_OFFSETS_WORDS];
                PythonOffsets offsets = { 0 };

                table_fill(words, minor, 0xf);
                assert_int_equal(python_offsets_parse(words, &offsets), 0);
                assert_int_equal(offsets.major, 3);
                assert_int_equal(offsets.minor, minor);
                assert_int_equal(offsets.micro, 8);
                assert_true(offsets.debugger);
                assert_int_equal(offsets.interpreters_head, TABLE_INTERPRETERS_HEAD);
                assert_int_equal(offsets.interpreter_next, TABLE_INTERPRETER_NEXT);
                assert_int_equal(offsets.threads_head, TABLE_THREADS_HEAD);
                assert_int_equal(offsets.threads_main, TABLE_THREADS_MAIN);
                assert_int_equal(offsets.interpreter_id, TABLE_INTERPRETER_ID);
                assert_int_equal(offsets.thread_size, TABLE_THREAD_SIZE);
                assert_int_equal(offsets.thread_next, TABLE_THREAD_NEXT);
                assert_int_equal(offsets.thread_interpreter, TABLE_THREAD_INTERPRETER);
                assert_int_equal(offsets.thread_native_id, TABLE_THREAD_NATIVE_ID);
                assert_int_equal(offsets.eval_breaker, 24);
                assert_int_equal(offsets.remote_debugger_support, 304);
                assert_int_equal(offsets.remote_debugging_enabled, TABLE_REMOTE_DEBUG);
                assert_int_equal(offsets.debugger_pending_call, 0);
                assert_int_equal(offsets.debugger_script_path, 4);
                assert_int_equal(offsets.debugger_script_path_size, 512);
        }
}

static void test_frames(void **state) {
        for (unsigned minor = 14; minor <= 15; minor++) {
                uint64_t words[PYTHON_OFFSETS_WORDS];
                PythonOffsets offsets = { 0 };

                table_fill(words, minor, 0xf);
                assert_int_equal(python_offsets_parse(words, &offsets), 0);
                assert_true(offsets.frames);
                assert_false(offsets.free_threaded);
                assert_int_equal(offsets.current_frame, TABLE_CURRENT_FRAME);
                assert_int_equal(offsets.frame_size, 88);
                assert_int_equal(offsets.frame_previous, TABLE_FRAME_PREVIOUS);
                assert_int_equal(offsets.frame_executable, TABLE_FRAME_EXECUTABLE);
                assert_int_equal(offsets.frame_instruction, TABLE_FRAME_INSTRUCTION);
                assert_int_equal(offsets.frame_owner, TABLE_FRAME_OWNER);
                assert_int_equal(offsets.frame_bytecode_index, 0);
                assert_int_equal(offsets.code_size, 216);
                assert_int_equal(offsets.code_filename, TABLE_CODE_FILENAME);
                assert_int_equal(offsets.code_qualname, TABLE_CODE_QUALNAME);
                assert_int_equal(offsets.code_line_table, TABLE_CODE_LINE_TABLE);
                assert_int_equal(offsets.code_first_line, TABLE_CODE_FIRST_LINE);
                assert_int_equal(offsets.code_bytecode, TABLE_CODE_BYTECODE);
                assert_int_equal(offsets.code_bytecodes, 0);
                assert_int_equal(offsets.object_length, TABLE_LENGTH);
                assert_int_equal(offsets.bytes_data, TABLE_BYTES_DATA);
                assert_int_equal(offsets.string_size, TABLE_STRING_SIZE);
                assert_int_equal(offsets.string_state, TABLE_STRING_STATE);
                assert_int_equal(offsets.string_length, TABLE_LENGTH);
                assert_int_equal(offsets.string_ascii, TABLE_STRING_ASCII);
        }
}

/* A debugger can be attached nevertheless. */
static void assert_no_frames(size_t word, uint64_t value) {
        uint64_t words[PYTHON_OFFSETS_WORDS];
        PythonOffsets offsets = { 0 };

        table_fill(words, 14, 0xf);
        words[word] = value;
        assert_int_equal(python_offsets_parse(words, &offsets), 0);
        assert_true(offsets.debugger);
        assert_false(offsets.frames);
}

static void test_frames_that_cannot_be(void **state) {
        static const size_t sizes[] = { 31, 39, 77 },
                            within[] = { 26, 32, 33, 34, 36, 38, 40, 42, 43, 44, 48, 49, 75, 76, 78, 79, 80 };

        for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
                assert_no_frames(sizes[i], 0);
                assert_no_frames(sizes[i], 1u << 20);
                assert_no_frames(sizes[i], UINT64_MAX);
        }
        for (size_t i = 0; i < G_N_ELEMENTS(within); i++) {
                assert_no_frames(within[i], UINT64_MAX - 7);
                assert_no_frames(within[i], 4096);
        }
}

static void test_without_debugger(void **state) {
        uint64_t words[PYTHON_OFFSETS_WORDS];
        PythonOffsets offsets = { 0 };

        table_fill(words, 13, 0xf);
        assert_int_equal(python_offsets_parse(words, &offsets), 0);
        assert_int_equal(offsets.minor, 13);
        assert_false(offsets.debugger);
}

static void assert_unknown(unsigned minor, unsigned level) {
        uint64_t words[PYTHON_OFFSETS_WORDS];
        PythonOffsets offsets = { 0 };

        table_fill(words, minor, level);
        assert_int_equal(python_offsets_parse(words, &offsets), -EOPNOTSUPP);
        assert_int_equal(offsets.major, 3);
        assert_int_equal(offsets.minor, minor);
}

static void test_unknown(void **state) {
        assert_unknown(16, 0xf);
        assert_unknown(255, 0xf);
        assert_unknown(15, 0xa);
        assert_unknown(14, 0xb);
}

static void test_no_table(void **state) {
        uint64_t words[PYTHON_OFFSETS_WORDS] = { 0 };
        PythonOffsets offsets;

        assert_int_equal(python_offsets_parse(words, &offsets), -ENODATA);
}

static void assert_bad(size_t word, uint64_t value) {
        uint64_t words[PYTHON_OFFSETS_WORDS];
        PythonOffsets offsets = { .minor = 4711 };

        table_fill(words, 14, 0xf);
        words[word] = value;
        assert_int_equal(python_offsets_parse(words, &offsets), -EBADMSG);
        assert_int_equal(offsets.minor, 4711);
}

static void test_contradictions(void **state) {
        assert_bad(1, 0);
        assert_bad(1, 0x030c00f0); /* 3.12 had no table */
        assert_bad(1, UINT64_MAX);
        assert_bad(3, UINT64_MAX);
        assert_bad(3, 0);
        assert_bad(5, UINT64_MAX);
        assert_bad(5, 316616);
        assert_bad(5, 804); /* not aligned */
        assert_bad(6, UINT64_MAX);
        for (size_t word = 7; word <= 10; word++)
                assert_bad(word, UINT64_MAX - 7);
        for (size_t word = 89; word < 95; word++)
                assert_bad(word, UINT64_MAX - 7);
        assert_bad(22, 0);
        assert_bad(22, 160 + 4); /* too small for what is in it */
        assert_bad(22, 1u << 30);
        assert_bad(24, TABLE_THREAD_SIZE);
        assert_bad(25, TABLE_THREAD_SIZE - 4);
        assert_bad(28, UINT64_MAX - 7);
        assert_bad(90, TABLE_THREAD_SIZE);
        assert_bad(92, TABLE_THREAD_SIZE - 304);
        assert_bad(93, TABLE_THREAD_SIZE - 304 - 511);
        assert_bad(94, 0);
        assert_bad(94, TABLE_THREAD_SIZE - 304 - 3);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_known),
                cmocka_unit_test(test_frames),
                cmocka_unit_test(test_frames_that_cannot_be),
                cmocka_unit_test(test_without_debugger),
                cmocka_unit_test(test_unknown),
                cmocka_unit_test(test_no_table),
                cmocka_unit_test(test_contradictions),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
