/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Arrays and dictionaries in messages: read entry by entry, and entries written whose value is not of a basic type. */

#include <systemd/sd-bus.h>

/* Read all that one element holds: the message stands within it. 0 or more, or a negative errno. */
typedef int (*BusElementReader)(sd_bus_message *message, void *userdata);

/*
 * Read the array at which the message stands. element: the type of its elements, a struct's "(…)" or a dictionary entry's "{…}".
 * Returns 1; or a negative errno, the reader's or sd-bus's (-ENXIO: it is no such array), after which the message stands anywhere.
 */
int bus_array_read(sd_bus_message *message, const char *element, BusElementReader read, void *userdata);

/* Read the value (v) of a key. Returns 1; 0 to have it passed over, when nothing of it was read; or a negative errno. */
typedef int (*BusEntryReader)(const char *key, sd_bus_message *message, void *userdata);

/* As bus_array_read(), of an a{sv}. */
int bus_dict_read(sd_bus_message *message, BusEntryReader read, void *userdata);

/*
 * Begin an entry of an a{sv} (kind: 'e') or of an a(sv) ('r') that is open, up to where its value is to be appended. type: the
 * value's. Then end it. 0 or more, or a negative errno.
 */
int bus_entry_open(sd_bus_message *message, char kind, const char *key, const char *type);
int bus_entry_close(sd_bus_message *message);
