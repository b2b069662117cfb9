/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Yama's ptrace_scope: 0 to 3 as Documentation/admin-guide/LSM/Yama.rst of the kernel describes, or -1 where the kernel
 * has no Yama.
 */
int yama_ptrace_scope(void);
