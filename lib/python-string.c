/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "lib/python-string.h"

#include <errno.h>
#include <glib.h>
#include <string.h>

#include "helicopter/printable.h"
#include "lib/process-memory.h"

/* U+FFFD stands for half of a surrogate pair, which is how CPython keeps bytes of a file's name that are no text. */
#define NO_CHARACTER 0xFFFDu

typedef struct Header {
        uint64_t data;   /* the address of the characters */
        uint64_t length; /* characters */
        unsigned width;  /* of one, in bytes */
} Header;

/*
 * The bits of its state: interned (2 bits; a byte where there is no global lock), width (3), compact (1: the characters follow), ASCII
 * (1). In 3.14 and 3.15.
 */
static int parse(const unsigned char *bytes, uint64_t address, const PythonOffsets *offsets, Header *ret_header) {
        Header header = { 0 };
        bool compact, ascii;
        uint32_t state;

        memcpy(&state, bytes + offsets->string_state, sizeof(state));
        header.length = python_offsets_word(bytes, offsets->string_length);
        state >>= offsets->free_threaded ? 8 : 2;
        header.width = state & 7;
        compact = state >> 3 & 1;
        ascii = state >> 4 & 1;
        if (!compact || (header.width != 1 && header.width != 2 && header.width != 4) || (ascii && header.width != 1))
                return -EBADMSG;
        if (header.length > INT64_MAX)
                return -EBADMSG;
        /* The largest form ends with a pointer to characters elsewhere, which a compact one has not. */
        header.data = address + (ascii ? offsets->string_ascii : offsets->string_size - sizeof(uint64_t));
        *ret_header = header;
        return 0;
}

static gunichar character_at(const unsigned char *data, size_t index, unsigned width) {
        uint16_t two;
        uint32_t four;

        if (width == 1)
                return data[index];
        if (width == 2) {
                memcpy(&two, data + index * width, sizeof(two));
                return two;
        }
        memcpy(&four, data + index * width, sizeof(four));
        return four;
}

static char *to_utf8(const unsigned char *data, size_t length, unsigned width) {
        GString *text = g_string_sized_new(length);

        for (size_t i = 0; i < length; i++) {
                gunichar character = character_at(data, i, width);

                if (character == 0)
                        character = '?';
                else if (!g_unichar_validate(character))
                        character = NO_CHARACTER;
                g_string_append_unichar(text, character);
        }
        return g_string_free(text, FALSE);
}

int python_string_read(pid_t pid, uint64_t address, const PythonOffsets *offsets, size_t max, char **ret_text) {
        unsigned char bytes[PYTHON_OFFSETS_STRING_MAX];
        g_autofree unsigned char *data = NULL;
        g_autofree char *text = NULL;
        Header header;
        size_t length;
        int r;

        r = process_memory_read(pid, address, bytes, offsets->string_size);
        if (r < 0)
                return r;
        r = parse(bytes, address, offsets, &header);
        if (r < 0)
                return r;
        length = MIN(header.length, max + 1); /* one more, to see that it is longer */
        data = g_malloc(length * header.width + 1);
        r = length > 0 ? process_memory_read(pid, header.data, data, length * header.width) : 0;
        if (r < 0)
                return r;
        text = to_utf8(data, length, header.width);
        *ret_text = printable(text, max);
        return 0;
}
