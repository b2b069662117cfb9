/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The address of the user bus: $DBUS_SESSION_BUS_ADDRESS, or where that variable is missing (under su, sudo and cron),
 * the socket "bus" in $XDG_RUNTIME_DIR, or in /run/user/UID. Whether somebody listens there is not looked at. Owned by
 * the caller.
 */
char *user_bus_address(void);
