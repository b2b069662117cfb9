# SPDX-License-Identifier: LGPL-2.1-or-later
"""A shell on a terminal, and somebody who types on it."""

import codecs
import fcntl
import os
import pty
import select
import shutil
import signal
import struct
import termios
import time
from pathlib import Path

from recording.screen import Screen

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
MARK = "\x1b]133;A\a"  # the shell's prompt is told from output by it; terminals do not show it
PROMPTS = ("$ ", "(Pdb) ")


class Failure(Exception):
    """The session does not go as it should."""


def unfinished(text, whole):
    """How much of the text's end is the beginning of something whole."""
    return next((length for length in range(min(len(text), len(whole) - 1), 0, -1) if text.endswith(whole[:length])), 0)


class Shell:
    """bash in a folder; home: what is shown in the place of that folder."""

    def __init__(self, folder, home="/home/you", columns=104, env=None, seconds=60):
        self.folder, self.home, self.seconds = str(folder), home, seconds
        self.screen = Screen(columns)
        self.decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self.rest = ""
        self.prompted = self.typing = False
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            self.become_shell(env or os.environ)
        fcntl.ioctl(self.terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
        self.wait(lambda: self.at("$ "), "the shell prompts")

    def become_shell(self, env):
        try:
            os.chdir(self.folder)
            environment = {name: value for name, value in env.items() if name != "NO_COLOR"} | {
                "HOME": self.folder, "PWD": self.folder, "TERM": "xterm-256color", "PS1": rf"\[{MARK}\]$ ", "PAGER": "cat",
                "VIRTUAL_ENV_DISABLE_PROMPT": "1"}
            # No line editor: what is typed is echoed by the terminal, once.
            os.execvpe("bash", ["bash", "--norc", "--noprofile", "--noediting"], environment)
        except OSError as error:
            os.write(2, f"{error}\n".encode())
        finally:
            os._exit(127)  # a fork must not go on as this program

    def wait(self, condition, what):
        """Read until the condition is true."""
        deadline = time.monotonic() + self.seconds
        while not condition():
            if not select.select([self.terminal], [], [], max(0, deadline - time.monotonic()))[0]:
                raise Failure(f"not within {self.seconds} s: {what}\n" + "\n".join(self.screen.lines()[-40:]))
            try:
                data = self.decoder.decode(os.read(self.terminal, 65536))
            except OSError as error:  # EIO: nobody has the other side open
                raise Failure("the shell has ended\n" + "\n".join(self.screen.lines()[-40:])) from error
            self.show(data)

    def show(self, data):
        data = self.rest + data
        # The folder and the mark may come in two parts: the first waits for the second.
        end = len(data) - max(unfinished(data, whole) for whole in (self.folder, MARK))
        data, self.rest = data[:end].replace(self.folder, self.home), data[end:]
        if MARK in data:
            self.prompted = True
        if self.typing and "\n" in data:
            echo, _, data = data.partition("\n")
            self.screen.feed(echo + "\n")
            self.screen.moment += 1
            self.typing = False
        self.screen.feed(data)

    def at(self, prompt):
        """Whether that prompt is all that the last line shows."""
        return self.screen.line(-1) == prompt and (prompt != "$ " or self.prompted) and not self.typing

    def type(self, line, lines=0):
        """Type a line, wait for the next prompt; return what was written in between. Where `lines` is not 0, ^C is typed after so many."""
        begin = len(self.screen.rows)
        self.prompted, self.typing = False, True
        self.screen.moment += 1
        os.write(self.terminal, line.encode() + b"\n")
        if lines:
            self.wait(lambda: len(self.screen.rows) > begin + lines, f"{lines} lines of {line}")
            os.write(self.terminal, b"\x03")
        self.wait(lambda: self.at("$ ") or self.at("(Pdb) "), f"a prompt after {line}")
        return self.screen.lines()[begin:-1]

    def prompt(self):
        """The prompt that is waited at."""
        return self.screen.line(-1)

    def close(self):
        os.close(self.terminal)
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)


def furnish(folder):
    """Put the examples into a folder."""
    for file in EXAMPLES.glob("*.py"):
        shutil.copy(file, folder)


def steps(lines):
    """Parse a session as it is shown: [(prompt, what is typed there, [lines that follow], whether ^C is typed after these)]."""
    found = []
    for line in lines:
        prompt = next((prompt for prompt in PROMPTS if line.startswith(prompt)), None)
        if prompt:
            found.append((prompt, line[len(prompt):], [], False))
        elif not found:
            raise Failure(f"nothing was typed before {line!r}")
        elif line == "^C":
            found[-1] = (*found[-1][:3], True)
        else:
            found[-1][2].append(line)
    return found


def play(shell, prompt, line, lines=0):
    """Type a line at that prompt; see type()."""
    if shell.prompt() != prompt:
        raise Failure(f"{line!r} is for {prompt!r}, but the prompt is {shell.prompt()!r}\n" + "\n".join(shell.screen.lines()[-40:]))
    return shell.type(line, lines)
