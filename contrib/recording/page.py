# SPDX-License-Identifier: LGPL-2.1-or-later
"""Pages of docs/ with sessions in them.

A block ```console is a session: lines that begin with a prompt are typed, what follows is what comes then. All of a page are one
session. A block ```LANGUAGE FILE is a file, which is written before what comes after it.

In a session, a line "…" stands for any number of lines, and "…" within a line for any text. Numbers may be others each time."""

import re
from pathlib import Path

from recording.shell import Failure, play, steps

BLOCK = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NUMBER = re.compile(r"\d+(?:\.\d*)?(?:[KMG]\b)?")
DURATION = re.compile(r"#(?:us|ms|s|min|h|d)\b(?: #(?:us|ms|s|min|h|d)\b)*")
PERMITTED = ["Requesting ptrace permission for client PID #..", "✅ Permission granted"]
NOT_NEEDED = ["No permission is needed: this kernel has no Yama"]


def normal(lines):
    """Lines without what is another thing each time."""
    return [DURATION.sub("#", NUMBER.sub("#", re.sub(r"[ \t]+", " ", line))).strip() for line in lines]


def matches(expected, found):
    """Whether what was found is what a page says."""
    pattern = ""
    for line in normal(expected):
        pattern += r"(?:.*\n)*" if line == "…" else ".*".join(map(re.escape, line.split("…"))) + r"\n"
    lines = normal(found)
    if lines[:1] == NOT_NEEDED:  # a machine without Yama plays a page
        lines[:1] = PERMITTED
    return re.fullmatch(pattern, "".join(f"{line}\n" for line in lines)) is not None


def sessions(text):
    """The sessions of a page, each with what has to be in files before it: [({name: content}, match, steps)]."""
    files, found = {}, []
    for block in BLOCK.finditer(text):
        language, name, content = block.groups()
        if language == "console":
            found.append((files, block, steps(content.splitlines())))
            files = {}
        elif name:
            files[name] = content
    return found


def pids(expected, found):
    """Which pid of a page, in the first column, is which one now."""
    pairs = ((re.match(r"\d+", said), re.match(r"\d+", came)) for said, came in zip(expected, found))
    return {said.group(): came.group() for said, came in pairs if said and came}


def with_pids(line, known):
    """A line to type, with what is known for the pid after its --pid."""
    return re.sub(r"(?<=--pid )\d+", lambda pid: known.get(pid.group(), pid.group()), line)


def played(shell, text):
    """Play a page. Yields for each session where it is in the page, and its steps as [prompt, typed, what the page says, what came]. For a
    pid that the page has after --pid that is typed which the process has now."""
    known = {}
    for files, block, session in sessions(text):
        for name, content in files.items():
            path = Path(shell.folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
        done = []
        for prompt, typed, expected, interrupted in session:
            found = play(shell, prompt, with_pids(typed, known), max(1, len(expected)) if interrupted else 0)
            known |= pids(expected, found)
            done.append((prompt, typed, expected, found))
        yield block, done


def check(shell, text):
    """Play a page, fail where something else comes than it says."""
    for _, session in played(shell, text):
        for prompt, typed, expected, found in session:
            # What ^C ends may have written a line more.
            if not matches(expected, found) and not (found[-1:] == ["^C"] and matches(expected + ["…", "^C"], found)):
                raise Failure(f"after {prompt}{typed} the page has\n" + "\n".join(expected) + "\n\nand this came:\n" + "\n".join(found))


def refreshed(expected, found):
    """What a page is to say now: what came, but what it leaves out stays out, if it is right."""
    if not matches(expected, found):
        return found
    known, left, lines = pids(expected, found), list(found), []
    columns = {column[1]: column[0] for line in found if (column := re.match(r"(\d+) *", line))}
    for line in expected:
        same = next((index for index, other in enumerate(left) if normal([other]) == normal([line])), None)
        if same is None:
            lines.append(re.sub(r"^(\d+) *", lambda pid: columns.get(known.get(pid[1]), pid[0]), line))
        else:
            lines.append(left[same])
            del left[:same + 1]
    return lines


def update(shell, text):
    """Play a page, return it with what has come now."""
    result, end, known = "", 0, {}
    for block, session in played(shell, text):
        lines = []
        for prompt, typed, expected, found in session:
            lines.append(prompt + with_pids(typed, known))
            lines += found[:len(expected)] + ["^C"] if found[-1:] == ["^C"] else refreshed(expected, found)
            known |= pids(expected, found)
        result += text[end:block.start(3)] + "".join(f"{line}\n" for line in lines)
        end = block.end(3)
    return result + text[end:]
