/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-bus.h>

#include "parent/supervisor.h"

/* The methods Parent.Grant, and Parent.GrantWithNews, which spares both sides a message. */
int grant_method(sd_bus_message *message, void *supervisor, sd_bus_error *error);
int grant_with_news_method(sd_bus_message *message, void *supervisor, sd_bus_error *error);

/* Refuse all that are under way. */
void grant_end_all(Supervisor *supervisor);
