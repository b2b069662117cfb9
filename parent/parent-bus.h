/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-bus.h>

#include "parent/supervisor.h"

/* Export org.helicopter1.Parent on the connection to the daemon, for its lifetime. 0 or a negative errno. */
int parent_export(Supervisor *supervisor, sd_bus *bus);
