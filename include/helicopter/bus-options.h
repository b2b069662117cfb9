/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The options (a{sv}) of a method. */

#include <systemd/sd-bus.h>

typedef struct BusOption {
        const char *name;
        char type;   /* b, s, t, u, h or, for "as", a */
        void *value; /* int *, const char **, uint64_t *, uint32_t *, int * or char ***; left alone when the option is
                        not given */
} BusOption;

/*
 * Read the options at which the message stands. options: those that there are, the last one has no name. Strings and
 * descriptors stay the message's; an "as" is NULL-terminated, and the caller's (bus_strings_free()). Returns 0 or more, or a negative errno: BadOption is set for an option that there is not,
 * -EINVAL is returned for one of another type.
 */
int bus_options_read(sd_bus_message *message, const char *method, const BusOption *options, sd_bus_error *error);

/* Read an "as"; also an empty one, for which sd-bus says NULL, is an array, and the caller's. 0 or a negative errno. */
int bus_strings_read(sd_bus_message *message, char ***ret_strings);
void bus_strings_free(char **strings);
