/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <elf.h>
#include <glib.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "helicopter/cleanup.h"
#include "lib/elf-section.h"
#include "tests/fuzz/seed.h"

typedef struct File {
        Elf64_Ehdr header;
        Elf64_Phdr segment;
        Elf64_Shdr sections[3];
        char names[32];
} File;

size_t seed(uint8_t *buffer) {
        File file = {
                .header = {
                        .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
                        .e_type = ET_DYN,
                        .e_phoff = offsetof(File, segment),
                        .e_shoff = offsetof(File, sections),
                        .e_phentsize = sizeof(Elf64_Phdr),
                        .e_phnum = 1,
                        .e_shentsize = sizeof(Elf64_Shdr),
                        .e_shnum = 3,
                        .e_shstrndx = 2,
                },
                .segment = { .p_type = PT_LOAD },
                .sections = {
                        { .sh_type = SHT_NULL },
                        { .sh_name = 1, .sh_type = SHT_PROGBITS, .sh_addr = 0x5678 },
                        { .sh_name = 12, .sh_type = SHT_STRTAB, .sh_offset = offsetof(File, names), .sh_size = 32 },
                },
                .names = "\0.PyRuntime\0.shstrtab",
        };

        memcpy(buffer, &file, sizeof(file));
        return sizeof(file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        autofd fd = memfd_create("elf", MFD_CLOEXEC);
        ElfSection section;

        if (fd < 0 || write(fd, data, size) != (ssize_t) size)
                abort();
        if (elf_section_find(fd, ".PyRuntime", &section) == 0 && section.address < section.image_address)
                abort();
        return 0;
}
