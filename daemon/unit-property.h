/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Properties of a job's unit, as NAME=VALUE strings like those of systemd-run(1) and systemctl(1) set-property, read
 * into what StartTransientUnit of org.freedesktop.systemd1(5) takes. Only those of a table (unit-property.c) are let
 * through: what would hide the job from its parent, its debugger or the daemon is not among them.
 */

#include <glib.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

/* The value of a property, or a part of it. */
typedef struct UnitSetting {
        char *name; /* the service manager's */
        char type;  /* as in D-Bus: i, s, t, u; or 'a', "ay" */
        union {
                int32_t i;
                uint32_t u;
                uint64_t t;
        } number;
        char *text;    /* s */
        GBytes *bytes; /* ay */
} UnitSetting;

/* A new array of UnitSettings, which it owns. Never fails. */
GPtrArray *unit_settings_new(void);

/*
 * Add the settings that one NAME=VALUE string means. Returns 0, or a negative errno and sets *error: BadOption, which
 * names the property, and the value, or the properties that there are.
 */
int unit_property_parse(const char *assignment, GPtrArray *settings, sd_bus_error *error);

/* Append settings to an open a(sv). 0 or a negative errno. */
int unit_settings_append(sd_bus_message *message, const GPtrArray *settings);
