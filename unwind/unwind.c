/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * libdw would do more than is wanted here: look for debugging information (also on servers), guess by frame pointers where
 * there are no tables, read the process's memory. All that is kept from it by the callbacks below.
 */

#include "unwind/unwind.h"

#include <elfutils/libdwfl.h>
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "helicopter/cleanup.h"
#include "helicopter/printable.h"
#include "lib/tracee-arch.h"
#include "lib/wake-module.h"
#include "unwind/module.h"

#define FRAMES_MAX 32
#define PATH_WIDTH 4096
#define SYMBOL_WIDTH 128

typedef struct Frame {
        const Module *module;
        Dwfl_Module *dwfl_module;
        Dwarf_Addr address;
} Frame;

typedef struct Unwinding {
        const WakeSnapshot *snapshot;
        FILE *output;
        GPtrArray *modules;
        Dwfl *dwfl;
        unsigned frames;
        Frame last; /* it is printed when it is known what follows */
} Unwinding;

static int find_elf(
        Dwfl_Module *dwfl_module, void **userdata, const char *name, Dwarf_Addr base, char **file_name, Elf **elf) {
        Unwinding *unwinding = *userdata;
        Module *module = modules_find(unwinding->modules, base);
        int fd;

        if (!module)
                return -1;
        fd = module_open(module, unwinding->snapshot->pid);
        if (fd < 0)
                return -1;
        *file_name = strdup(module->path);
        return fd;
}

static int find_debuginfo(Dwfl_Module *module, void **userdata, const char *name, Dwarf_Addr base,
        const char *file_name, const char *link, GElf_Word crc, char **debuginfo_name) {
        return -1;
}

static const Dwfl_Callbacks callbacks = { .find_elf = find_elf, .find_debuginfo = find_debuginfo };

static pid_t next_thread(Dwfl *dwfl, void *data, void **thread_data) {
        Unwinding *unwinding = data;

        if (*thread_data)
                return 0;
        *thread_data = unwinding;
        return unwinding->snapshot->tid;
}

static bool read_word(Dwfl *dwfl, Dwarf_Addr address, Dwarf_Word *result, void *data) {
        const WakeSnapshot *snapshot = ((Unwinding *) data)->snapshot;
        uint64_t offset = address - tracee_arch_stack_pointer(&snapshot->registers);

        if (snapshot->stack_size < sizeof(*result) || offset > snapshot->stack_size - sizeof(*result))
                return false;
        memcpy(result, snapshot->stack + offset, sizeof(*result));
        return true;
}

static bool set_registers(Dwfl_Thread *thread, void *data) {
        const WakeSnapshot *snapshot = ((Unwinding *) data)->snapshot;
        uint64_t words[TRACEE_ARCH_DWARF_MAX];
        size_t n = tracee_arch_dwarf_registers(&snapshot->registers, words);

        return dwfl_thread_state_registers(thread, 0, (unsigned) n, words);
}

static const Dwfl_Thread_Callbacks thread_callbacks = {
        .next_thread = next_thread,
        .memory_read = read_word,
        .set_initial_registers = set_registers,
};

/* Whether there are tables for that place. Where there are none, libdw guesses. */
static bool has_tables(Dwfl_Module *module, Dwarf_Addr address) {
        Dwarf_Addr bias;
        Dwarf_CFI *cfi = dwfl_module_eh_cfi(module, &bias);
        Dwarf_Frame *frame = NULL;

        if (!cfi || dwarf_cfi_addrframe(cfi, address - bias, &frame) != 0)
                return false;
        free(frame);
        return true;
}

/* The code of a file where it is loaded, or NULL. */
static const unsigned char *find_code(Elf *elf, GElf_Addr address, size_t size) {
        size_t count = 0, file_size = 0;
        const char *file = elf_rawfile(elf, &file_size);

        if (!file || elf_getphdrnum(elf, &count) != 0)
                return NULL;
        for (int i = 0; i < (int) MIN(count, PN_XNUM); i++) {
                GElf_Phdr phdr;
                GElf_Addr offset;

                if (!gelf_getphdr(elf, i, &phdr) || phdr.p_type != PT_LOAD || address < phdr.p_vaddr ||
                        address - phdr.p_vaddr >= phdr.p_filesz)
                        continue;
                offset = phdr.p_offset + (address - phdr.p_vaddr);
                if (offset > file_size || file_size - offset < size)
                        return NULL;
                return (const unsigned char *) file + offset;
        }
        return NULL;
}

/* Builds of CPython with libffi inside have ctypes' calls of foreign functions in the same module. */
static const char *mark_of(const Module *module, Dwfl_Module *dwfl_module, Dwarf_Addr return_address) {
        GElf_Addr bias = 0;
        Elf *elf = dwfl_module_getelf(dwfl_module, &bias);
        const unsigned char *code =
                find_code(elf, return_address - bias - TRACEE_ARCH_CALL_SIZE, TRACEE_ARCH_CALL_SIZE);

        if (code && tracee_arch_is_libffi_call(code))
                return "libffi";
        return module->python ? "python" : "";
}

static bool is_libc(const Frame *frame) {
        return frame->module && wake_module_is_libc(frame->module->path);
}

/* libdw looks at all symbols of a file for each, so only the one that matters is looked for: by which libc was entered. */
static void print_last(const Unwinding *unwinding, const Frame *caller) {
        const Frame *frame = &unwinding->last;
        g_autofree char *path = NULL, *symbol = NULL;
        const char *name = NULL;
        GElf_Off offset;
        GElf_Sym sym;

        if (!frame->module)
                return;
        if (is_libc(frame) && !is_libc(caller))
                name = dwfl_module_addrinfo(frame->dwfl_module, frame->address, &offset, &sym, NULL, NULL, NULL);
        path = printable(frame->module->path, PATH_WIDTH);
        symbol = printable(name ?: "", SYMBOL_WIDTH);
        fprintf(unwinding->output, "%s\t%s\t%s\n", path, symbol,
                mark_of(frame->module, frame->dwfl_module, frame->address + 1));
}

static int visit_frame(Dwfl_Frame *frame, void *data) {
        Unwinding *unwinding = data;
        Frame found;
        GElf_Addr bias;
        bool innermost;

        if (!dwfl_frame_pc(frame, &found.address, &innermost))
                return DWARF_CB_ABORT;
        if (!innermost)
                found.address--; /* a return address may be that of the next function */
        found.module = modules_find(unwinding->modules, found.address);
        found.dwfl_module = dwfl_addrmodule(unwinding->dwfl, found.address);
        if (!found.module || !found.dwfl_module || !dwfl_module_getelf(found.dwfl_module, &bias))
                return DWARF_CB_ABORT;
        print_last(unwinding, &found);
        unwinding->last = found;
        if (++unwinding->frames >= FRAMES_MAX)
                return DWARF_CB_ABORT;
        if (!is_libc(&found) && !wake_module_is_tls(found.module->path))
                return DWARF_CB_ABORT;
        return has_tables(found.dwfl_module, found.address) ? DWARF_CB_OK : DWARF_CB_ABORT;
}

static int report_modules(Unwinding *unwinding) {
        dwfl_report_begin(unwinding->dwfl);
        for (guint i = 0; i < unwinding->modules->len; i++) {
                const Module *module = g_ptr_array_index(unwinding->modules, i);
                Dwfl_Module *dwfl_module;
                void **userdata;

                if (!module->code)
                        continue;
                dwfl_module = dwfl_report_module(unwinding->dwfl, module->path, module->start, module->end);
                if (!dwfl_module)
                        return -ENOEXEC;
                dwfl_module_info(dwfl_module, &userdata, NULL, NULL, NULL, NULL, NULL, NULL);
                *userdata = unwinding;
        }
        return dwfl_report_end(unwinding->dwfl, NULL, NULL) == 0 ? 0 : -ENOEXEC;
}

/* libdw takes the CPU's kind from an ELF file: this program's own, which is the same. */
static int walk(Unwinding *unwinding, int own_file) {
        Elf *own = elf_begin(own_file, ELF_C_READ, NULL);
        int r = -ENOEXEC;

        if (!own)
                return -ENOEXEC;
        if (report_modules(unwinding) == 0 &&
                dwfl_attach_state(unwinding->dwfl, own, unwinding->snapshot->pid, &thread_callbacks, unwinding)) {
                dwfl_getthread_frames(unwinding->dwfl, unwinding->snapshot->tid, visit_frame, unwinding);
                print_last(unwinding, &(Frame) {});
                r = unwinding->frames > 0 ? 0 : -ENODATA;
        }
        elf_end(own);
        return r;
}

int unwind_print(const WakeSnapshot *snapshot, FILE *output) {
        Unwinding unwinding = { .snapshot = snapshot, .output = output };
        g_autoptr(GPtrArray) modules = NULL;
        autofd own_file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
        int r;

        if (own_file < 0)
                return -errno;
        elf_version(EV_CURRENT);
        r = modules_read(snapshot->pid, &modules);
        if (r < 0)
                return r;
        unwinding.modules = modules;
        unwinding.dwfl = dwfl_begin(&callbacks);
        if (!unwinding.dwfl)
                return -ENOMEM;
        r = walk(&unwinding, own_file);
        dwfl_end(unwinding.dwfl);
        return r;
}
