/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Stands in for a tracee-CPU.c that nobody has written yet. The first constant says so; the rest is never called. */

#include <glib.h>

#include "lib/tracee-arch.h"

const unsigned char *const tracee_arch_syscall_instruction = NULL;
const size_t tracee_arch_syscall_instruction_size = 0;

bool tracee_arch_is_native(const TraceeRegisters *registers) {
        return false;
}

uint64_t tracee_arch_program_counter(const TraceeRegisters *registers) {
        g_assert_not_reached();
}

void tracee_arch_set_program_counter(TraceeRegisters *registers, uint64_t address) {
        g_assert_not_reached();
}

void tracee_arch_prepare_call(TraceeRegisters *registers, uint64_t instruction, const Syscall *call) {
        g_assert_not_reached();
}

bool tracee_arch_is_call(const TraceeRegisters *registers, uint64_t instruction, const Syscall *call) {
        g_assert_not_reached();
}

void tracee_arch_skip_call(TraceeRegisters *registers) {
        g_assert_not_reached();
}

long tracee_arch_result(const TraceeRegisters *registers) {
        g_assert_not_reached();
}

uint64_t tracee_arch_stack_pointer(const TraceeRegisters *registers) {
        g_assert_not_reached();
}

long tracee_arch_call_number(const TraceeRegisters *registers) {
        g_assert_not_reached();
}

bool tracee_arch_is_interrupted(const TraceeRegisters *registers) {
        g_assert_not_reached();
}

void tracee_arch_end_call(TraceeRegisters *registers, long result) {
        g_assert_not_reached();
}

bool tracee_arch_is_same_place(const TraceeRegisters *one, const TraceeRegisters *other) {
        g_assert_not_reached();
}

size_t tracee_arch_dwarf_registers(const TraceeRegisters *registers, uint64_t words[TRACEE_ARCH_DWARF_MAX]) {
        g_assert_not_reached();
}

bool tracee_arch_is_libffi_call(const unsigned char code[TRACEE_ARCH_CALL_SIZE]) {
        g_assert_not_reached();
}
