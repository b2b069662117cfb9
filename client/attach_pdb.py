# SPDX-License-Identifier: LGPL-2.1-or-later
"""pdb, imported in a third of the time: what it imports without use on this side is left out."""

import gc
import importlib
import os
import sys


class Later(type(sys)):
    """A module that is imported when something of it is used."""

    def __getattr__(self, name):
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(importlib.import_module(self.__name__), name)


class ScriptFile:
    """What pdb.attach() writes its script to: a file in memory."""

    def __init__(self, *_, **__):
        self._file = open(os.memfd_create("pdb-script"), "w", encoding="utf-8")
        self.name = f"/proc/self/fd/{self._file.fileno()}"
        self.write = self._file.write

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._file.close()

    def close(self):
        self._file.flush()


def wants_colours(**_):
    """As Python's documentation has it ("Controlling color"), for which pdb asks a module that takes long to import. That one
    would not look at PYTHON_COLORS in an isolated interpreter (-I), which this one is; it does for `python -m pdb -p`."""
    setting = os.environ.get("PYTHON_COLORS")
    if setting in ("0", "1"):
        return setting == "1"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return os.environ.get("TERM") != "dumb" and bool(sys.stdout) and sys.stdout.isatty()


def import_pdb():
    for name in ("asyncio", "tempfile", "_colorize"):
        sys.modules[name] = Later(name)
    sys.modules["_colorize"].can_colorize = wants_colours
    import pdb

    gc.enable()
    pdb.tempfile.NamedTemporaryFile = ScriptFile
    return pdb


def load_readline():
    """What the prompt will want."""
    try:
        import readline  # noqa: F401
    except ImportError:
        pass
