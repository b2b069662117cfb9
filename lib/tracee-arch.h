/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What differs from one CPU to the next, one tracee-CPU.c for each. Registers are those of tracee_get_registers(), at a
 * stop in the signal path unless it says otherwise.
 */

#include "lib/tracee.h"

/* The instruction that makes a system call; NULL on a CPU that is not supported: nothing else below may be called then.
 */
extern const unsigned char *const tracee_arch_syscall_instruction;
extern const size_t tracee_arch_syscall_instruction_size;

/* Whether they are of a thread that runs this CPU's native code, not that of its 32-bit predecessor. */
bool tracee_arch_is_native(const TraceeRegisters *registers);

uint64_t tracee_arch_program_counter(const TraceeRegisters *registers);
void tracee_arch_set_program_counter(TraceeRegisters *registers, uint64_t address);

/* Make them those of a thread that is about to run the system call instruction at `instruction`. */
void tracee_arch_prepare_call(TraceeRegisters *registers, uint64_t instruction, const Syscall *call);
/* Whether a stop at the beginning of a system call is that of the call prepared. */
bool tracee_arch_is_call(const TraceeRegisters *registers, uint64_t instruction, const Syscall *call);
/* At the beginning of a system call: let the kernel do nothing. */
void tracee_arch_skip_call(TraceeRegisters *registers);
/* At the end of a system call: what the kernel answered. */
long tracee_arch_result(const TraceeRegisters *registers);

uint64_t tracee_arch_stack_pointer(const TraceeRegisters *registers);
/* The system call that the thread is in, or was in until the stop; -1: none. */
long tracee_arch_call_number(const TraceeRegisters *registers);
/* Whether that call was interrupted by the stop, and is restarted when the thread goes on. */
bool tracee_arch_is_interrupted(const TraceeRegisters *registers);
/* Let an interrupted call end, with this result, instead of being restarted. */
void tracee_arch_end_call(TraceeRegisters *registers, long result);
/* Whether a thread has come back to, or not left, the place where the same function makes the same call. */
bool tracee_arch_is_same_place(const TraceeRegisters *one, const TraceeRegisters *other);

/* The registers that DWARF numbers, in its order, to unwind from. Returns how many there are. */
#define TRACEE_ARCH_DWARF_MAX 64
size_t tracee_arch_dwarf_registers(const TraceeRegisters *registers, uint64_t words[TRACEE_ARCH_DWARF_MAX]);

/* Whether the code that ends at a return address is the call of libffi, which calls for others (from ctypes, say). */
#define TRACEE_ARCH_CALL_SIZE 4
bool tracee_arch_is_libffi_call(const unsigned char code[TRACEE_ARCH_CALL_SIZE]);
