/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Where a section of an ELF file is loaded. Files are those of other processes and may be hostile: only little is read,
 * at bounded places, with pread() (a mapping would fault when the file shrinks). So this does not use libelf, which
 * allocates what the file asks for.
 */

#include <stdint.h>

typedef struct ElfSection {
        uint64_t address;       /* of the section, as the file has it */
        uint64_t image_address; /* of the lowest page that is loaded, as the file has it */
        uint64_t image_offset;  /* where that page is in the file */
} ElfSection;

/*
 * Find a section by its name. Returns 0, or -ENOENT when there is none, or -ENOEXEC when it is no well-formed 64-bit
 * ELF program or library of this machine's byte order, or a negative errno.
 */
int elf_section_find(int fd, const char *name, ElfSection *ret_section);
