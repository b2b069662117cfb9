/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The message ids of the audit's journal entries; units/helicopter.catalog has their texts. */

#include <systemd/sd-id128.h>

#define AUDIT_GRANTED SD_ID128_MAKE(1f, 6c, 58, 6d, 0c, 3b, 4e, 6f, 9b, 0e, 43, 8f, 5e, d5, 1b, 7a)
#define AUDIT_REFUSED SD_ID128_MAKE(5a, 07, e8, d3, 3d, 6e, 4b, 0d, 8c, 3c, 66, 51, b0, 49, 2f, c2)
#define AUDIT_REVOKED SD_ID128_MAKE(c3, 2d, 19, 4b, 7e, 0a, 4c, 58, a7, 71, 0f, 5d, 92, e6, 84, 3b)
#define AUDIT_SCRIPT SD_ID128_MAKE(8e, 41, 5d, 02, 97, b6, 4f, 1a, 8a, d3, 2c, 60, 7b, e1, 94, 05)
#define AUDIT_WAKE SD_ID128_MAKE(62, d9, 0e, 7f, 41, 85, 4c, 3b, b1, 2a, 9d, 5e, c8, 07, 3f, 16)
#define AUDIT_POLICY SD_ID128_MAKE(b7, 3c, 58, 24, ea, 91, 4d, 06, 95, 4f, 1b, 60, d2, 8e, 7a, c3)
