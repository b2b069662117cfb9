/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>
#include <sys/user.h>

#include "lib/tracee-arch.h"

/* The code segment of 64-bit programs, __USER_CS of arch/x86/include/asm/segment.h. */
#define USER_CS 0x33

static const unsigned char instruction_bytes[] = { 0x0f, 0x05 };

const unsigned char *const tracee_arch_syscall_instruction = instruction_bytes;
const size_t tracee_arch_syscall_instruction_size = sizeof(instruction_bytes);

_Static_assert(sizeof(struct user_regs_struct) <= sizeof(((TraceeRegisters *) NULL)->bytes), "registers fit");

static struct user_regs_struct load(const TraceeRegisters *registers) {
        struct user_regs_struct regs;

        memcpy(&regs, registers->bytes, sizeof(regs));
        return regs;
}

static void store(TraceeRegisters *registers, struct user_regs_struct regs) {
        memcpy(registers->bytes, &regs, sizeof(regs));
}

bool tracee_arch_is_native(const TraceeRegisters *registers) {
        return registers->size == sizeof(struct user_regs_struct) && load(registers).cs == USER_CS;
}

uint64_t tracee_arch_program_counter(const TraceeRegisters *registers) {
        return load(registers).rip;
}

void tracee_arch_set_program_counter(TraceeRegisters *registers, uint64_t address) {
        struct user_regs_struct regs = load(registers);

        regs.rip = address;
        store(registers, regs);
}

void tracee_arch_prepare_call(TraceeRegisters *registers, uint64_t instruction, const Syscall *call) {
        struct user_regs_struct regs = load(registers);

        regs.rip = instruction;
        regs.rax = (unsigned long) call->number;
        regs.rdi = call->arguments[0];
        regs.rsi = call->arguments[1];
        regs.rdx = call->arguments[2];
        regs.r10 = call->arguments[3];
        regs.r8 = call->arguments[4];
        regs.r9 = call->arguments[5];
        /* Not inside a system call: otherwise the kernel, on its way out, may "restart" one by moving rip and rax. */
        regs.orig_rax = -1UL;
        store(registers, regs);
}

bool tracee_arch_is_call(const TraceeRegisters *registers, uint64_t instruction, const Syscall *call) {
        struct user_regs_struct regs = load(registers);

        return regs.rip == instruction + sizeof(instruction_bytes) && regs.orig_rax == (unsigned long) call->number;
}

void tracee_arch_skip_call(TraceeRegisters *registers) {
        struct user_regs_struct regs = load(registers);

        regs.orig_rax = -1UL;
        store(registers, regs);
}

long tracee_arch_result(const TraceeRegisters *registers) {
        return (long) load(registers).rax;
}

uint64_t tracee_arch_stack_pointer(const TraceeRegisters *registers) {
        return load(registers).rsp;
}

long tracee_arch_call_number(const TraceeRegisters *registers) {
        return (long) load(registers).orig_rax;
}

bool tracee_arch_is_interrupted(const TraceeRegisters *registers) {
        struct user_regs_struct regs = load(registers);

        return (long) regs.orig_rax >= 0 && tracee_is_restart((long) regs.rax);
}

void tracee_arch_end_call(TraceeRegisters *registers, long result) {
        struct user_regs_struct regs = load(registers);

        regs.rax = (unsigned long) result;
        regs.orig_rax = -1UL;
        store(registers, regs);
}

/* Of the rest the called function may have changed all but those that it has to keep for its caller. */
bool tracee_arch_is_same_place(const TraceeRegisters *one, const TraceeRegisters *other) {
        struct user_regs_struct a = load(one), b = load(other);

        return a.rip == b.rip && a.rsp == b.rsp && a.rbp == b.rbp && a.rbx == b.rbx && a.r12 == b.r12 &&
                a.r13 == b.r13 && a.r14 == b.r14 && a.r15 == b.r15 && a.fs_base == b.fs_base;
}

/* "System V Application Binary Interface, AMD64 Architecture Processor Supplement", figure "DWARF Register Number Mapping". */
size_t tracee_arch_dwarf_registers(const TraceeRegisters *registers, uint64_t words[TRACEE_ARCH_DWARF_MAX]) {
        struct user_regs_struct r = load(registers);
        const uint64_t order[] = { r.rax, r.rdx, r.rcx, r.rbx, r.rsi, r.rdi, r.rbp, r.rsp, r.r8, r.r9, r.r10, r.r11,
                r.r12, r.r13, r.r14, r.r15, r.rip };

        memcpy(words, order, sizeof(order));
        return sizeof(order) / sizeof(order[0]);
}

/* call *%r11, of ffi_call_unix64 in all versions so far. Compilers call by other registers, or by none. */
bool tracee_arch_is_libffi_call(const unsigned char code[TRACEE_ARCH_CALL_SIZE]) {
        static const unsigned char call[] = { 0x41, 0xff, 0xd3 };

        return memcmp(code + TRACEE_ARCH_CALL_SIZE - sizeof(call), call, sizeof(call)) == 0;
}
