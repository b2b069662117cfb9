/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/manager.h"

typedef struct UserBus UserBus;
typedef void (*UserBusSettled)(void *userdata);

/*
 * Connect to the user bus and export the objects; the connection is the manager's user_bus. That there is no bus is no
 * failure. Returns 0, or a negative errno when memory fails.
 */
int user_bus_new(Manager *manager, UserBus **ret_bus);

/*
 * Ask for the name org.helicopter1, by which clients find the daemon. The daemon works without: settled(userdata) is called
 * once, when the name is ours, or when it is known that there is no bus, or that it does not answer in time. Until then
 * nobody should be served: a job that is to be started would be started without the service manager. 0 or a negative errno.
 */
int user_bus_take_name(UserBus *bus, UserBusSettled settled, void *userdata);

/* To be called before the manager is freed. NULL is fine. Returns NULL. */
UserBus *user_bus_free(UserBus *bus);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(UserBus, user_bus_free)
