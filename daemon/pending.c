/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "daemon/pending.h"

#include "daemon/bounds.h"
#include "helicopter/cleanup.h"
#include "helicopter/error.h"

/* On the private socket the connection is the sender, whatever the message has in its sender field. */
static char *caller_key(sd_bus_message *call) {
        sd_bus *bus = sd_bus_message_get_bus(call);

        if (sd_bus_is_bus_client(bus) > 0)
                return g_strdup(sd_bus_message_get_sender(call));
        return g_strdup_printf("%p", (void *) bus);
}

static guint count_of(Manager *manager, const char *key) {
        return GPOINTER_TO_UINT(g_hash_table_lookup(manager->pending, key));
}

int pending_check(Manager *manager, sd_bus_message *call, sd_bus_error *error) {
        g_autofree char *key = caller_key(call);

        if (count_of(manager, key) < PENDING_CALLS_MAX)
                return 0;
        return sd_bus_error_setf(error, HELICOPTER_ERROR_LIMIT_REACHED,
                "%d calls of this connection wait for an answer already, and no more may.", PENDING_CALLS_MAX);
}

void pending_add(Manager *manager, sd_bus_message *call) {
        char *key = caller_key(call);

        g_hash_table_replace(manager->pending, key, GUINT_TO_POINTER(count_of(manager, key) + 1));
}

void pending_remove(Manager *manager, sd_bus_message *call) {
        g_autofree char *key = caller_key(call);
        guint count = count_of(manager, key);

        if (count > 1)
                g_hash_table_replace(manager->pending, g_steal_pointer(&key), GUINT_TO_POINTER(count - 1));
        else
                g_hash_table_remove(manager->pending, key);
}
