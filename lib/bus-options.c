/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "helicopter/bus-options.h"

#include <errno.h>
#include <glib.h>
#include <stdlib.h>

#include "helicopter/bus-container.h"
#include "helicopter/error.h"
#include "helicopter/printable.h"

void bus_strings_free(char **strings) {
        for (char **s = strings; s && *s; s++)
                free(*s);
        free(strings);
}

int bus_strings_read(sd_bus_message *message, char ***ret_strings) {
        char **strings = NULL;
        int r;

        r = sd_bus_message_read_strv(message, &strings);
        if (r < 0)
                return r;
        if (!strings)
                strings = calloc(1, sizeof *strings);
        if (!strings)
                return -ENOMEM;
        *ret_strings = strings;
        return 0;
}

static const BusOption *find(const BusOption *options, const char *name) {
        for (; options->name; options++)
                if (g_str_equal(options->name, name))
                        return options;
        return NULL;
}

static int refuse(const char *method, const char *name, sd_bus_error *error) {
        g_autofree char *shown = printable(name, 64);

        return sd_bus_error_setf(error, HELICOPTER_ERROR_BAD_OPTION, "%s has no option '%s'.", method, shown);
}

static int read_strings(sd_bus_message *message, char ***ret_strings) {
        char **strings = NULL;
        int r;

        r = sd_bus_message_enter_container(message, 'v', "as");
        if (r < 0)
                return r;
        r = bus_strings_read(message, &strings);
        if (r < 0)
                return r;
        bus_strings_free(*ret_strings);
        *ret_strings = strings;
        return sd_bus_message_exit_container(message);
}

typedef struct Call {
        const char *method;
        const BusOption *options;
        sd_bus_error *error;
} Call;

static int read_option(const char *name, sd_bus_message *message, void *userdata) {
        const Call *call = userdata;
        const BusOption *option = find(call->options, name);
        int r;

        if (!option)
                return refuse(call->method, name, call->error);
        if (option->type == 'a')
                r = read_strings(message, option->value);
        else
                r = sd_bus_message_read(message, "v", (const char[]) { option->type, '\0' }, option->value);
        return r == -ENXIO ? -EINVAL : r;
}

int bus_options_read(sd_bus_message *message, const char *method, const BusOption *options, sd_bus_error *error) {
        return bus_dict_read(message, read_option, &(Call) { .method = method, .options = options, .error = error });
}
