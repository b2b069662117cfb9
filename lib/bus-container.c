/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "helicopter/bus-container.h"

#include <glib.h>
#include <string.h>

int bus_array_read(sd_bus_message *message, const char *element, BusElementReader read, void *userdata) {
        g_autofree char *contents = g_strndup(element + 1, strlen(element) - 2);
        char kind = *element == '{' ? SD_BUS_TYPE_DICT_ENTRY : SD_BUS_TYPE_STRUCT;
        int r;

        r = sd_bus_message_enter_container(message, SD_BUS_TYPE_ARRAY, element);
        if (r < 0)
                return r;
        while ((r = sd_bus_message_enter_container(message, kind, contents)) > 0) {
                r = read(message, userdata);
                if (r >= 0)
                        r = sd_bus_message_exit_container(message);
                if (r < 0)
                        return r;
        }
        return r < 0 ? r : sd_bus_message_exit_container(message);
}

typedef struct Dict {
        BusEntryReader read;
        void *userdata;
} Dict;

static int read_entry(sd_bus_message *message, void *userdata) {
        const Dict *dict = userdata;
        const char *key;
        int r;

        r = sd_bus_message_read_basic(message, 's', &key);
        if (r < 0)
                return r;
        r = dict->read(key, message, dict->userdata);
        return r == 0 ? sd_bus_message_skip(message, "v") : r;
}

int bus_dict_read(sd_bus_message *message, BusEntryReader read, void *userdata) {
        return bus_array_read(message, "{sv}", read_entry, &(Dict) { .read = read, .userdata = userdata });
}

int bus_entry_open(sd_bus_message *message, char kind, const char *key, const char *type) {
        int r;

        r = sd_bus_message_open_container(message, kind, "sv");
        if (r < 0)
                return r;
        r = sd_bus_message_append_basic(message, 's', key);
        if (r < 0)
                return r;
        return sd_bus_message_open_container(message, 'v', type);
}

int bus_entry_close(sd_bus_message *message) {
        int r = sd_bus_message_close_container(message);

        return r < 0 ? r : sd_bus_message_close_container(message);
}
