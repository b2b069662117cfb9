# SPDX-License-Identifier: LGPL-2.1-or-later
"""hostile.py HOW FILE [SEED]: make things hard for a debugger, then count in FILE as counter.py does.

HOW is, with words joined by "+": cookie, version, offsets (garbage in what Python says of itself to debuggers), newer (a version that is
not known yet), undumpable, seccomp
(filters, which allow everything), sleep (do not count, but sleep), exec (become this program again all the time)."""

import ctypes
import os
import random
import sys
import time

how, path, seed = sys.argv[1].split("+"), sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 0
libc = ctypes.CDLL(None, use_errno=True)
PR_SET_DUMPABLE, PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 4, 38, 22, 2


def prctl(*arguments):
    words = [argument if not isinstance(argument, int) else ctypes.c_ulong(argument) for argument in arguments + (0,) * (5 - len(arguments))]
    if libc.prctl(*words) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


def table():
    """The table of offsets, as 8-byte words: cookie, version, then the offsets (Include/internal/pycore_debug_offsets.h)."""
    return (ctypes.c_uint64 * 106).in_dll(ctypes.pythonapi, "_PyRuntime")


def garbage(chance):
    return chance.choice([0, 1, 7, 8, 4096, 1 << 31, (1 << 32) - 1, 1 << 47, 1 << 63, (1 << 64) - 1, chance.getrandbits(64), chance.getrandbits(12)])


def spoil(first, last, share):
    chance = random.Random(seed)
    words = table()
    for index in range(first, last):
        if chance.random() < share:
            words[index] = garbage(chance)


def filter_calls():
    class Instruction(ctypes.Structure):
        _fields_ = [("code", ctypes.c_uint16), ("jt", ctypes.c_uint8), ("jf", ctypes.c_uint8), ("k", ctypes.c_uint32)]

    class Program(ctypes.Structure):
        _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.POINTER(Instruction))]

    allow = Instruction(0x06, 0, 0, 0x7FFF0000)  # BPF_RET | BPF_K, SECCOMP_RET_ALLOW
    prctl(PR_SET_NO_NEW_PRIVS, 1)
    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(Program(1, ctypes.pointer(allow))))


def work(file):
    counter = 0
    while True:
        counter += 1
        os.pwrite(file, b"%12d" % counter, 0)
        time.sleep(1000 if "sleep" in how else 0.05)


if "cookie" in how:
    spoil(0, 1, 1)
if "version" in how:
    spoil(1, 2, 1)
if "offsets" in how:
    spoil(2, 106, random.Random(seed).choice([0.02, 0.1, 0.5, 1]))
if "newer" in how:
    table()[1] = 3 << 24 | 16 << 16 | 0xF0
if "undumpable" in how:
    prctl(PR_SET_DUMPABLE, 0)
if "seccomp" in how:
    filter_calls()
if "exec" in how:
    before = int(open(path, encoding="ascii").read() or 0) if os.path.exists(path) else 0
    with open(path, "w", encoding="ascii") as file:
        file.write(f"{before + 1}")
    time.sleep(random.random() / 20)
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])
work(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))
