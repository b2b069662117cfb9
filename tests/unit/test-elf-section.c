/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "helicopter/cleanup.h"
#include "lib/elf-section.h"

/* An ELF library with two segments and two sections. */
typedef struct File {
        Elf64_Ehdr header;
        Elf64_Phdr segments[2];
        Elf64_Shdr sections[3];
        char names[32];
} File;

static const File good = {
        .header = {
                .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64,
#if G_BYTE_ORDER == G_LITTLE_ENDIAN
                        ELFDATA2LSB,
#else
                        ELFDATA2MSB,
#endif
                        EV_CURRENT },
                .e_type = ET_DYN,
                .e_phoff = offsetof(File, segments),
                .e_shoff = offsetof(File, sections),
                .e_phentsize = sizeof(Elf64_Phdr),
                .e_phnum = 2,
                .e_shentsize = sizeof(Elf64_Shdr),
                .e_shnum = 3,
                .e_shstrndx = 2,
        },
        .segments = {
                { .p_type = PT_LOAD, .p_vaddr = 0x5000, .p_offset = 0x3000 },
                { .p_type = PT_LOAD, .p_vaddr = 0x2040, .p_offset = 0x1040 },
        },
        .sections = {
                { .sh_type = SHT_NULL },
                { .sh_name = 1, .sh_type = SHT_PROGBITS, .sh_addr = 0x5678, .sh_size = 64 },
                { .sh_name = 12, .sh_type = SHT_STRTAB, .sh_offset = offsetof(File, names), .sh_size = 32 },
        },
        .names = "\0.PyRuntime\0.shstrtab",
};

static int find(const void *data, size_t size, const char *name, ElfSection *ret_section) {
        autofd fd = memfd_create("elf", MFD_CLOEXEC);

        assert_int_equal(write(fd, data, size), size);
        return elf_section_find(fd, name, ret_section);
}

static void test_found(void **state) {
        ElfSection section;

        assert_int_equal(find(&good, sizeof(good), ".PyRuntime", &section), 0);
        assert_int_equal(section.address, 0x5678);
        assert_int_equal(section.image_address, 0x2000);
        assert_int_equal(section.image_offset, 0x1000);
}

static void test_not_there(void **state) {
        ElfSection section = { .address = 4711 };

        assert_int_equal(find(&good, sizeof(good), ".PyRuntim", &section), -ENOENT);
        assert_int_equal(find(&good, sizeof(good), ".PyRuntimes", &section), -ENOENT);
        assert_int_equal(section.address, 4711);
}

static void test_own_program(void **state) {
        autofd fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
        ElfSection section;

        assert_int_equal(elf_section_find(fd, ".text", &section), 0);
        assert_int_equal(elf_section_find(fd, ".PyRuntime", &section), -ENOENT);
}

static void test_truncated(void **state) {
        ElfSection section;

        for (size_t size = 0; size < sizeof(good); size++)
                assert_int_equal(find(&good, size, ".PyRuntime", &section), -ENOEXEC);
}

#define assert_broken(change)                                                                   \
        do {                                                                                    \
                ElfSection section_;                                                            \
                File file = good;                                                               \
                change;                                                                         \
                assert_int_equal(find(&file, sizeof(file), ".PyRuntime", &section_), -ENOEXEC); \
        } while (0)

static void test_broken(void **state) {
        assert_broken(file.header.e_ident[EI_CLASS] = ELFCLASS32);
        assert_broken(file.header.e_ident[EI_DATA] ^= 3);
        assert_broken(file.header.e_ident[EI_MAG3] = 'G');
        assert_broken(file.header.e_type = ET_REL);
        assert_broken(file.header.e_phnum = 0);
        assert_broken(file.header.e_phnum = UINT16_MAX);
        assert_broken(file.header.e_phentsize = 1);
        assert_broken(file.header.e_phoff = UINT64_MAX - 8);
        assert_broken(file.header.e_shnum = UINT16_MAX);
        assert_broken(file.header.e_shentsize = 1);
        assert_broken(file.header.e_shoff = UINT64_MAX - 8);
        assert_broken(file.header.e_shoff = INT64_MAX);
        assert_broken(file.header.e_shstrndx = 3);
        assert_broken(file.sections[2].sh_size = UINT64_MAX);
        assert_broken(file.sections[2].sh_size = 1024 * 1024);
        assert_broken(file.sections[2].sh_offset = UINT64_MAX);
        assert_broken(file.sections[1].sh_addr = 0x1000);
        assert_broken((file.segments[0].p_type = PT_NOTE, file.segments[1].p_type = PT_NOTE));
}

static void test_names_without_end(void **state) {
        ElfSection section;
        File file = good;

        file.sections[1].sh_name = UINT32_MAX;
        assert_int_equal(find(&file, sizeof(file), ".PyRuntime", &section), -ENOENT);
        file = good;
        memset(file.names, 'x', sizeof(file.names));
        assert_int_equal(find(&file, sizeof(file), ".PyRuntime", &section), -ENOENT);
        file = good;
        file.header.e_shnum = 0;
        assert_int_equal(find(&file, sizeof(file), ".PyRuntime", &section), -ENOENT);
}

/* Whatever the bytes are, an answer comes, and nothing is read outside of bounds (which a sanitizer would see). */
static void test_random_damage(void **state) {
        g_autoptr(GRand) random = g_rand_new_with_seed(42);

        for (int i = 0; i < 5000; i++) {
                File file = good;
                ElfSection section;
                int r;

                for (int n = g_rand_int_range(random, 1, 6); n > 0; n--)
                        ((unsigned char *) &file)[g_rand_int_range(random, 0, sizeof(file))] =
                                (unsigned char) g_rand_int(random);
                r = find(&file, sizeof(file), ".PyRuntime", &section);
                assert_true(r == 0 || r == -ENOENT || r == -ENOEXEC);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_found),
                cmocka_unit_test(test_not_there),
                cmocka_unit_test(test_own_program),
                cmocka_unit_test(test_truncated),
                cmocka_unit_test(test_broken),
                cmocka_unit_test(test_names_without_end),
                cmocka_unit_test(test_random_damage),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
