/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/manager.h"

/*
 * Connect to the user bus, export the objects and ask for the name org.helicopter1. The daemon works without: `settled` is called once, when the
 * name is ours, or when it is known that there is no bus. Returns 0, or a negative errno when memory or the event loop fails.
 */
int user_bus_start(Manager *manager, void (*settled)(void));
