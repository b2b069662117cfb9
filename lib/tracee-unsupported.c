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
