/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "lib/elf-section.h"

#include <elf.h>
#include <endian.h>
#include <errno.h>
#include <glib.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#define PAGE 4096u
/* CPython's have about 40 sections and a dozen segments; -ffunction-sections does not survive linking. */
#define SECTIONS_MAX 4096u
#define SEGMENTS_MAX 256u
#define NAMES_MAX (1024u * 1024u)

#if BYTE_ORDER == LITTLE_ENDIAN
#define NATIVE_DATA ELFDATA2LSB
#else
#define NATIVE_DATA ELFDATA2MSB
#endif

static int read_at(int fd, uint64_t offset, void *buffer, size_t size) {
        ssize_t n;

        if (offset > INT64_MAX - size)
                return -ENOEXEC;
        n = pread(fd, buffer, size, (off_t) offset);
        if (n < 0)
                return -errno;
        return (size_t) n == size ? 0 : -ENOEXEC;
}

static int read_header(int fd, Elf64_Ehdr *ret_header) {
        Elf64_Ehdr header;
        int r;

        r = read_at(fd, 0, &header, sizeof(header));
        if (r < 0)
                return r;
        if (memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_ident[EI_CLASS] != ELFCLASS64 ||
                header.e_ident[EI_DATA] != NATIVE_DATA)
                return -ENOEXEC;
        if (header.e_type != ET_EXEC && header.e_type != ET_DYN)
                return -ENOEXEC;
        if (header.e_phentsize != sizeof(Elf64_Phdr) || header.e_phnum > SEGMENTS_MAX)
                return -ENOEXEC;
        /* A stripped file may have no sections at all. */
        if (header.e_shnum == 0)
                return -ENOENT;
        if (header.e_shentsize != sizeof(Elf64_Shdr) || header.e_shnum > SECTIONS_MAX ||
                header.e_shstrndx >= header.e_shnum)
                return -ENOEXEC;
        *ret_header = header;
        return 0;
}

static int find_image(int fd, const Elf64_Ehdr *header, ElfSection *section) {
        g_autofree Elf64_Phdr *segments = g_new0(Elf64_Phdr, header->e_phnum + 1);
        const Elf64_Phdr *lowest = NULL;
        int r;

        r = read_at(fd, header->e_phoff, segments, header->e_phnum * sizeof(*segments));
        if (r < 0)
                return r;
        for (size_t i = 0; i < header->e_phnum; i++)
                if (segments[i].p_type == PT_LOAD && (!lowest || segments[i].p_vaddr < lowest->p_vaddr))
                        lowest = &segments[i];
        if (!lowest)
                return -ENOEXEC;
        section->image_address = lowest->p_vaddr & ~(uint64_t) (PAGE - 1);
        section->image_offset = lowest->p_offset & ~(uint64_t) (PAGE - 1);
        return 0;
}

static int read_names(int fd, const Elf64_Shdr *section, char **ret_names) {
        g_autofree char *names = NULL;
        int r;

        if (section->sh_size > NAMES_MAX)
                return -ENOEXEC;
        names = g_malloc(section->sh_size + 1);
        r = read_at(fd, section->sh_offset, names, section->sh_size);
        if (r < 0)
                return r;
        names[section->sh_size] = '\0';
        *ret_names = g_steal_pointer(&names);
        return 0;
}

static int find_address(int fd, const Elf64_Ehdr *header, const char *name, ElfSection *section) {
        g_autofree Elf64_Shdr *sections = g_new0(Elf64_Shdr, header->e_shnum);
        g_autofree char *names = NULL;
        uint64_t names_size;
        int r;

        r = read_at(fd, header->e_shoff, sections, header->e_shnum * sizeof(*sections));
        if (r < 0)
                return r;
        names_size = sections[header->e_shstrndx].sh_size;
        r = read_names(fd, &sections[header->e_shstrndx], &names);
        if (r < 0)
                return r;
        for (size_t i = 0; i < header->e_shnum; i++) {
                if (sections[i].sh_name >= names_size || strcmp(names + sections[i].sh_name, name) != 0)
                        continue;
                section->address = sections[i].sh_addr;
                return 0;
        }
        return -ENOENT;
}

int elf_section_find(int fd, const char *name, ElfSection *ret_section) {
        ElfSection section = { 0 };
        Elf64_Ehdr header;
        int r;

        r = read_header(fd, &header);
        if (r < 0)
                return r;
        r = find_image(fd, &header, &section);
        if (r < 0)
                return r;
        r = find_address(fd, &header, name, &section);
        if (r < 0)
                return r;
        if (section.address < section.image_address)
                return -ENOEXEC;
        *ret_section = section;
        return 0;
}
