/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "test.h"

#include <errno.h>
#include <glib.h>
#include <stdbool.h>
#include <string.h>

#include "lib/python-frame.h"
#include "tests/unit/made-up-memory.h"
#include "tests/unit/python-table.h"

#define STATE MADE_UP_BASE
#define FRAME (MADE_UP_BASE + 0x1000)
#define ENTRY_FRAME (MADE_UP_BASE + 0x1100)
#define CODE (MADE_UP_BASE + 0x2000)
#define OTHER_CODE (MADE_UP_BASE + 0x2800)
#define FILENAME (MADE_UP_BASE + 0x3000)
#define FUNCTION (MADE_UP_BASE + 0x4000)
#define LINES (MADE_UP_BASE + 0x5000)
#define COPIES (MADE_UP_BASE + 0x6000)
#define COPY (MADE_UP_BASE + 0x7000)

#define UNITS 24

enum { OWNED_BY_THREAD, OWNED_BY_GENERATOR, OWNED_BY_FRAME_OBJECT, OWNED_BY_INTERPRETER, OWNED_BY_STATE };

static void set_owner(uint64_t frame, uint8_t owner) {
        made_up_bytes(frame + TABLE_FRAME_OWNER, &owner, sizeof(owner));
}

static void set_instruction(uint64_t bytecode, int units) {
        made_up_word(FRAME + TABLE_FRAME_INSTRUCTION, bytecode + (uint64_t) (2 * (int64_t) units));
}

static void make_code(uint64_t address, uint64_t function, int first_line) {
        made_up_word(address + TABLE_LENGTH, UNITS);
        made_up_word(address + TABLE_CODE_FILENAME, FILENAME);
        made_up_word(address + TABLE_CODE_QUALNAME, function);
        made_up_word(address + TABLE_CODE_LINE_TABLE, LINES);
        made_up_int(address + TABLE_CODE_FIRST_LINE, first_line);
}

/* A thread in a function "f" of "a.py": unit 9 is of the line after its first. */
static void make_thread(void) {
        const uint8_t lines[] = { 0x87, 0, 0xdf, 0, 0, 0xff }; /* 8 units of the first line, 8 of the next, 8 of none */

        made_up_clear();
        made_up_word(STATE + TABLE_CURRENT_FRAME, FRAME);
        made_up_word(FRAME + TABLE_FRAME_EXECUTABLE, CODE | 1);
        set_owner(FRAME, OWNED_BY_THREAD);
        set_instruction(CODE + TABLE_CODE_BYTECODE, 9);
        make_code(CODE, FUNCTION, 40);
        made_up_string(FILENAME, "a.py", 4, 1, true, false);
        made_up_string(FUNCTION, "f", 1, 1, true, false);
        made_up_word(LINES + TABLE_LENGTH, sizeof(lines));
        made_up_bytes(LINES + TABLE_BYTES_DATA, lines, sizeof(lines));
}

static void assert_position_with(const PythonOffsets *offsets, const char *function, int line) {
        g_auto(PythonPosition) position = { 0 };

        assert_int_equal(python_frame_read(1, STATE, offsets, &position), 0);
        assert_string_equal(position.file, "a.py");
        assert_string_equal(position.function, function);
        assert_int_equal(position.line, line);
}

static void assert_position(const char *function, int line) {
        for (unsigned minor = 14; minor <= 15; minor++) {
                const PythonOffsets offsets = made_up_offsets(minor, false);

                assert_position_with(&offsets, function, line);
        }
}

static void assert_error(int expected) {
        const PythonOffsets offsets = made_up_offsets(14, false);
        PythonPosition position = { .line = 4711 };

        assert_int_equal(python_frame_read(1, STATE, &offsets, &position), expected);
        assert_int_equal(position.line, 4711);
        assert_null(position.file);
}

static void test_function(void **state) {
        make_thread();
        assert_position("f", 41);
        set_instruction(CODE + TABLE_CODE_BYTECODE, 0);
        assert_position("f", 40);
        set_owner(FRAME, OWNED_BY_GENERATOR);
        assert_position("f", 40);
        set_instruction(CODE + TABLE_CODE_BYTECODE, UNITS - 1);
        assert_position("f", 0); /* of no line */
}

static void test_frames_of_c_code_are_passed_over(void **state) {
        make_thread();
        made_up_word(STATE + TABLE_CURRENT_FRAME, ENTRY_FRAME);
        made_up_word(ENTRY_FRAME + TABLE_FRAME_PREVIOUS, FRAME);
        set_owner(ENTRY_FRAME, OWNED_BY_INTERPRETER);
        assert_position("f", 41);
        set_owner(ENTRY_FRAME, OWNED_BY_STATE);
        assert_position("f", 41);
}

static void test_no_python_frame(void **state) {
        make_thread();
        made_up_word(STATE + TABLE_CURRENT_FRAME, ENTRY_FRAME);
        set_owner(ENTRY_FRAME, OWNED_BY_INTERPRETER);
        assert_error(-ENODATA);
        made_up_word(STATE + TABLE_CURRENT_FRAME, 0);
        assert_error(-ENODATA);
}

static void test_copies_of_bytecode(void **state) {
        const PythonOffsets offsets = made_up_offsets(14, true);
        uint8_t owner = OWNED_BY_THREAD;
        PythonPosition position = { 0 };

        make_thread();
        made_up_bytes(FRAME + TABLE_FRAME_OWNER + 4, &owner, 1);
        made_up_string(FILENAME, "a.py", 4, 1, true, true);
        made_up_string(FUNCTION, "f", 1, 1, true, true);
        made_up_word(CODE + TABLE_FREE_CODE_COPIES, COPIES);
        made_up_word(COPIES, 3);
        made_up_word(COPIES + 8 * 3, COPY);
        made_up_int(FRAME + TABLE_FREE_FRAME_INDEX, 0);
        assert_position_with(&offsets, "f", 41);
        made_up_int(FRAME + TABLE_FREE_FRAME_INDEX, 2);
        set_instruction(COPY, 9);
        assert_position_with(&offsets, "f", 41);
        made_up_int(FRAME + TABLE_FREE_FRAME_INDEX, 3);
        assert_int_equal(python_frame_read(1, STATE, &offsets, &position), -EAGAIN);
        made_up_int(FRAME + TABLE_FREE_FRAME_INDEX, -1);
        assert_int_equal(python_frame_read(1, STATE, &offsets, &position), -EAGAIN);
        made_up_int(FRAME + TABLE_FREE_FRAME_INDEX, 1); /* there is none for that thread */
        assert_int_equal(python_frame_read(1, STATE, &offsets, &position), -EAGAIN);
}

static void test_instruction_elsewhere(void **state) {
        make_thread();
        set_instruction(CODE + TABLE_CODE_BYTECODE, -1);
        assert_error(-EAGAIN);
        set_instruction(CODE + TABLE_CODE_BYTECODE, UNITS);
        assert_error(-EAGAIN);
        set_instruction(CODE + TABLE_CODE_BYTECODE + 1, 3);
        assert_error(-EAGAIN);
        made_up_word(FRAME + TABLE_FRAME_INSTRUCTION, 0);
        assert_error(-EAGAIN);
}

static void test_nonsense(void **state) {
        static const uint64_t addresses[] = { 8, UINT64_MAX - 3, MADE_UP_BASE + MADE_UP_SIZE - 4 };

        for (size_t i = 0; i < G_N_ELEMENTS(addresses); i++) {
                static const uint64_t pointers[] = { STATE + TABLE_CURRENT_FRAME, FRAME + TABLE_FRAME_EXECUTABLE,
                        CODE + TABLE_CODE_FILENAME, CODE + TABLE_CODE_QUALNAME, CODE + TABLE_CODE_LINE_TABLE };

                for (size_t k = 0; k < G_N_ELEMENTS(pointers); k++) {
                        make_thread();
                        made_up_word(pointers[k], addresses[i]);
                        assert_error(-EAGAIN);
                }
        }
        make_thread();
        made_up_word(FRAME + TABLE_FRAME_EXECUTABLE, 0); /* it is just being left */
        assert_error(-EAGAIN);
        make_thread();
        set_owner(FRAME, OWNED_BY_FRAME_OBJECT);
        assert_error(-EAGAIN);
        make_thread();
        set_owner(FRAME, OWNED_BY_INTERPRETER);
        made_up_word(FRAME + TABLE_FRAME_PREVIOUS, FRAME); /* round in circles */
        assert_error(-EAGAIN);
        make_thread();
        made_up_word(LINES + TABLE_LENGTH, UINT64_MAX);
        assert_error(-EAGAIN);
        make_thread();
        made_up_word(LINES + TABLE_LENGTH, 1); /* too short */
        assert_error(-EAGAIN);
        make_thread();
        made_up_word(CODE + TABLE_CODE_QUALNAME, LINES); /* no string */
        assert_error(-EAGAIN);
}

static unsigned change_at;

/* Another function's code object takes the place of the one that is being read. */
static void replace_code(unsigned count) {
        if (count != change_at)
                return;
        make_code(CODE, FUNCTION + 0x400, 90);
        made_up_string(FUNCTION + 0x400, "other", 5, 1, true, false);
}

/* At whatever moment: what is told is all of the one or all of the other. */
static void test_code_that_is_replaced(void **state) {
        const PythonOffsets offsets = made_up_offsets(14, false);
        bool first = false, second = false;

        for (change_at = 0; change_at < 20; change_at++) {
                g_auto(PythonPosition) position = { 0 };

                make_thread();
                made_up_before_read = replace_code;
                assert_int_equal(python_frame_read(1, STATE, &offsets, &position), 0);
                first = first || position.line == 41;
                second = second || position.line == 91;
                assert_string_equal(position.function, position.line == 41 ? "f" : "other");
                assert_true(position.line == 41 || position.line == 91);
        }
        assert_true(first && second);
}

static unsigned readings;

static void replace_always(unsigned count) {
        readings = count;
        made_up_int(CODE + TABLE_CODE_FIRST_LINE, (int32_t) count);
}

static void test_code_that_never_stays(void **state) {
        make_thread();
        made_up_before_read = replace_always;
        assert_error(-EAGAIN);
        assert_true(readings >= 50 && readings <= 200);
}

/* Each read finds another instruction, as in a thread that computes. */
static void go_on(unsigned count) {
        set_instruction(CODE + TABLE_CODE_BYTECODE, (int) (count % UNITS));
}

static void test_thread_that_computes(void **state) {
        const PythonOffsets offsets = made_up_offsets(14, false);

        make_thread();
        made_up_before_read = go_on;
        assert_position_with(&offsets, "f", 40);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_function),
                cmocka_unit_test(test_frames_of_c_code_are_passed_over),
                cmocka_unit_test(test_no_python_frame),
                cmocka_unit_test(test_copies_of_bytecode),
                cmocka_unit_test(test_instruction_elsewhere),
                cmocka_unit_test(test_nonsense),
                cmocka_unit_test(test_code_that_is_replaced),
                cmocka_unit_test(test_code_that_never_stays),
                cmocka_unit_test(test_thread_that_computes),
        };

        return cmocka_run_group_tests_name("python-frame", tests, NULL, NULL);
}
