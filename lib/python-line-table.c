/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The table is a row of entries, each for one to eight code units. An entry's first byte, and none of its others, has the
 * highest bit set; below that it has four bits for its form and three for its length. Of the forms, only these matter: which
 * change the line, and which have none. Columns and the line's end are passed over.
 */

#include "lib/python-line-table.h"

#include <errno.h>
#include <stdbool.h>

#define ENTRY_BIT 0x80u
#define MORE_BIT 0x40u
#define CHUNK_BITS 6u

/* An int of CPython has no more chunks. */
#define CHUNKS_MAX 6u

enum {
        FORM_ONE_LINE_FIRST = 10, /* the line goes up by 0, */
        FORM_ONE_LINE_LAST = 12,  /* 1 or 2 */
        FORM_NO_COLUMNS = 13,     /* by a signed number that follows */
        FORM_LONG = 14,
        FORM_NO_LOCATION = 15,
};

typedef struct Reader {
        const uint8_t *next, *end;
} Reader;

/* In chunks, the lowest first; the lowest bit of all is the sign. */
static int read_signed(Reader *reader, int64_t *ret_number) {
        uint64_t number = 0;

        for (unsigned n = 0; n < CHUNKS_MAX; n++) {
                uint8_t byte;

                if (reader->next == reader->end || *reader->next & ENTRY_BIT)
                        return -EBADMSG;
                byte = *reader->next++;
                number |= (uint64_t) (byte & (MORE_BIT - 1)) << (n * CHUNK_BITS);
                if (byte & MORE_BIT)
                        continue;
                *ret_number = number & 1 ? -(int64_t) (number >> 1) : (int64_t) (number >> 1);
                return 0;
        }
        return -EBADMSG;
}

/* How far an entry of that form moves the line. */
static int read_step(Reader *reader, unsigned form, int64_t *ret_step) {
        if (form == FORM_NO_COLUMNS || form == FORM_LONG)
                return read_signed(reader, ret_step);
        *ret_step = form >= FORM_ONE_LINE_FIRST && form <= FORM_ONE_LINE_LAST ? form - FORM_ONE_LINE_FIRST : 0;
        return 0;
}

int python_line_table_find(const uint8_t *table, size_t size, int first_line, uint64_t unit, int *ret_line) {
        Reader reader = { .next = table, .end = table + size };
        int64_t line = first_line, step;
        uint64_t covered = 0;

        while (reader.next < reader.end) {
                uint8_t first = *reader.next++;
                unsigned form = first >> 3 & 15;

                if (!(first & ENTRY_BIT) || read_step(&reader, form, &step) < 0)
                        return -EBADMSG;
                line += step;
                covered += (first & 7u) + 1;
                if (line < 0 || line > INT32_MAX)
                        return -EBADMSG;
                if (covered > unit) {
                        if (form == FORM_NO_LOCATION)
                                return -ENODATA;
                        *ret_line = (int) line;
                        return 0;
                }
                while (reader.next < reader.end && !(*reader.next & ENTRY_BIT))
                        reader.next++;
        }
        return -EBADMSG;
}
