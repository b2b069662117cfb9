# SPDX-License-Identifier: LGPL-2.1-or-later
"""A command on a terminal, and when it has written what."""

import os
import pty
import select
import time

from support import wait

PROMPT = b"(Pdb) "


class Terminal:
    """Starts a command on a terminal of its own."""

    def __init__(self, command, env, cwd):
        command = [str(word) for word in command]
        self.output = b""
        self.began = time.perf_counter()
        self.pid, self._fd = pty.fork()
        if self.pid == 0:
            try:
                os.chdir(cwd)
                os.execvpe(command[0], command, env)
            finally:
                os._exit(127)

    def _read(self, deadline):
        """More output; False at its end."""
        if not select.select([self._fd], [], [], max(0, deadline - time.monotonic()))[0]:
            raise AssertionError(f"nothing more came after: {self.output}")
        try:
            data = os.read(self._fd, 65536)
        except OSError: # the other side was closed
            data = b""
        self.output += data
        return bool(data)

    def wait_for(self, text):
        """Wait until the command has written a text; return the seconds since its start."""
        deadline = time.monotonic() + 4 * wait.SECONDS
        while text not in self.output:
            if not self._read(deadline):
                raise AssertionError(f"it ended: {self.output}")
        return time.perf_counter() - self.began

    def finish(self, *lines):
        """Type lines and wait for the command's end."""
        for line in lines:
            os.write(self._fd, line.encode() + b"\n")
        deadline = time.monotonic() + 4 * wait.SECONDS
        while self._read(deadline):
            pass
        os.close(self._fd)
        _, status = os.waitpid(self.pid, 0)
        assert status == 0, f"it ended with {status}: {self.output}"


def time_to_prompt(command, env, cwd):
    """Milliseconds from a debugger's start to its first prompt. It is left then."""
    terminal = Terminal(command, env, cwd)
    seconds = terminal.wait_for(PROMPT)
    terminal.finish("quit")
    return seconds * 1000
