# SPDX-License-Identifier: LGPL-2.1-or-later
"""Whether the kernel lets a process be traced."""


def may_trace(pid):
    """Whether this process may ptrace another: /proc/PID/mem opens under the same rule, Yama's included (mm_access() in the kernel)."""
    try:
        with open(f"/proc/{pid}/mem", "rb"):
            return True
    except PermissionError:
        return False
