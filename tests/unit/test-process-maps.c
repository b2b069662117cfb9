/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "helicopter/cleanup.h"
#include "lib/process-maps.h"
#include "tests/unit/test.h"

/* What was called back. */
static ProcessMapping last;
static char *last_path;
static unsigned calls;
static int answer;

static int remember(const ProcessMapping *mapping, void *data) {
        calls++;
        last = *mapping;
        last_path = g_realloc(last_path, strlen(mapping->path) + 1);
        memcpy(last_path, mapping->path, strlen(mapping->path) + 1);
        return answer;
}

static int parse(const char *text, size_t size) {
        FILE *file = fmemopen((void *) text, size, "r");
        int r;

        assert_non_null(file);
        calls = 0;
        r = process_maps_parse(file, remember, NULL);
        fclose(file);
        return r;
}

static int parse_text(const char *text) {
        return parse(text, strlen(text));
}

static void assert_path(const char *line, const char *path) {
        assert_int_equal(parse_text(line), 0);
        assert_int_equal(calls, 1);
        assert_string_equal(last_path, path);
}

static void test_fields(void **state) {
        assert_int_equal(parse_text("7f00aa000000-7f00aa001000 r-xp 00002000 fe:01 123    /usr/bin/python\n"), 0);
        assert_int_equal(last.start, 0x7f00aa000000);
        assert_int_equal(last.end, 0x7f00aa001000);
        assert_int_equal(last.offset, 0x2000);
        assert_true(last.code);
        assert_string_equal(last_path, "/usr/bin/python");
        assert_int_equal(parse_text("00400000-00401000 --xp 00000000 fe:01 123 /x\n"), 0);
        assert_false(last.code);
        assert_int_equal(parse_text("00400000-00401000 rw-p 00000000 fe:01 123 /x\n"), 0);
        assert_false(last.code);
}

static void test_names(void **state) {
        assert_path("1000-2000 r--p 0 0:0 0 \n", "");
        assert_path("1000-2000 r--p 0 0:0 0\n", "");
        assert_path("1000-2000 r--p 0 0:0 0   [heap]\n", "[heap]");
        assert_path("1000-2000 r--p 0 0:0 0   [heap]", "[heap]");
        assert_path("1000-2000 r--p 0 0:0 1 /a b  c\n", "/a b  c");
        assert_path("1000-2000 r--p 0 0:0 1 /a (deleted) (deleted)\n", "/a (deleted) (deleted)");
        assert_path("1000-2000 r--p 0 0:0 1 /a\\012\\012b\\012\n", "/a\n\nb\n");
        assert_path("1000-2000 r--p 0 0:0 1 /a\\01\\0\n", "/a\\01\\0");
}

static void test_several(void **state) {
        const char *text = "1000-2000 r--p 0 0:0 1 /a\n2000-3000 r--p 0 0:0 2 /b\n";

        assert_int_equal(parse_text(text), 0);
        assert_int_equal(calls, 2);
        assert_string_equal(last_path, "/b");
        answer = 17;
        assert_int_equal(parse_text(text), 17);
        answer = 0;
        assert_int_equal(calls, 1);
        assert_string_equal(last_path, "/a");
}

static void test_nonsense(void **state) {
        assert_int_equal(parse_text("\n"), -EBADMSG);
        assert_int_equal(parse_text("x"), -EBADMSG);
        assert_int_equal(parse_text("1000-2000"), -EBADMSG);
        assert_int_equal(parse_text("1000-2000 r"), -EBADMSG);
        assert_int_equal(parse_text("1000 2000 r--p 0 0:0 1 /a\n"), -EBADMSG);
        assert_int_equal(parse_text("1000-2000 r--px 0 0:0 1 /a\n"), -EBADMSG);
        assert_int_equal(parse_text("1000-2000 r--p 0 0-0 1 /a\n"), -EBADMSG);
        assert_int_equal(parse_text("1000-2000 r--p 0 0:0 /a\n"), -EBADMSG);
        assert_int_equal(parse("1000-2000 r--p\0 0 0:0 1 /a\n", 27), -EBADMSG);
        assert_int_equal(calls, 0);
}

/* A path of some length, and a mapping behind it. */
static GString *long_line(size_t length) {
        GString *text = g_string_new("1000-2000 r--p 0 0:0 1 /");

        g_string_set_size(text, length);
        memset(text->str + strlen("1000-2000 r--p 0 0:0 1 /"), 'n', length - strlen("1000-2000 r--p 0 0:0 1 /"));
        return g_string_append(text, "\n2000-3000 r--p 0 0:0 2 /b\n");
}

static void test_long(void **state) {
        for (size_t length = 16600; length < 16700; length++) {
                GString *text = long_line(length);

                assert_int_equal(parse(text->str, text->len), 0);
                assert_int_equal(calls, 2);
                assert_string_equal(last_path, "/b");
                answer = 1;
                assert_int_equal(parse(text->str, text->len), 1);
                answer = 0;
                /* All of it, or none. */
                assert_true(strlen(last_path) == length - strlen("1000-2000 r--p 0 0:0 1 ") || *last_path == '\0');
                g_string_free(text, TRUE);
        }
}

static void test_too_much(void **state) {
        GString *text = long_line(80 * 1024 * 1024);

        assert_int_equal(parse(text->str, text->len), -E2BIG);
        g_string_free(text, TRUE);
        text = g_string_new(NULL);
        for (int i = 0; i < 1024 * 1024 + 1; i++)
                g_string_append(text, "1-2 r--p 0 0:0 0\n");
        assert_int_equal(parse(text->str, text->len), -E2BIG);
        assert_int_equal(calls, 1024 * 1024);
        g_string_free(text, TRUE);
}

/* Stops at the mapping that is at the address. */
static int is_there(const ProcessMapping *mapping, void *data) {
        if (mapping->start != (uint64_t) (uintptr_t) data)
                return 0;
        remember(mapping, NULL);
        return 1;
}

static void test_own(void **state) {
        g_autofree char *directory = g_dir_make_tmp("test-process-maps-XXXXXX", NULL);
        g_autofree char *path = g_build_filename(directory, "a\nb (deleted)\n", NULL);
        g_autofree char *deleted = g_strconcat(path, " (deleted)", NULL);
        autofd fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        void *mapped;

        assert_int_equal(ftruncate(fd, 4096), 0);
        mapped = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
        assert_ptr_not_equal(mapped, MAP_FAILED);
        assert_int_equal(process_maps_foreach(getpid(), is_there, mapped), 1);
        assert_string_equal(last_path, path);
        assert_int_equal(last.end - last.start, 4096);
        assert_int_equal(g_unlink(path), 0);
        assert_int_equal(process_maps_foreach(getpid(), is_there, mapped), 1);
        assert_string_equal(last_path, deleted);
        assert_int_equal(munmap(mapped, 4096), 0);
        assert_int_equal(process_maps_foreach(getpid(), is_there, mapped), 0);
        assert_int_equal(g_rmdir(directory), 0);
}

static void test_gone(void **state) {
        assert_int_equal(process_maps_foreach(INT32_MAX, remember, NULL), -ESRCH);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_fields),
                cmocka_unit_test(test_names),
                cmocka_unit_test(test_several),
                cmocka_unit_test(test_nonsense),
                cmocka_unit_test(test_long),
                cmocka_unit_test(test_too_much),
                cmocka_unit_test(test_own),
                cmocka_unit_test(test_gone),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
