/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The number of a signal: "TERM", "SIGTERM", "term", "15", "RTMIN", "RTMIN+3", "RTMAX-1". -EINVAL: there is none such. */
int signal_name_parse(const char *name);
