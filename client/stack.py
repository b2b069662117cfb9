# SPDX-License-Identifier: LGPL-2.1-or-later
"""Show the Python stacks of a process's threads: stack.py PID FORM JOB

Run by helicopter-client, with the interpreter that the process runs on: its own module knows how that Python is laid out. The
process is only read, in whatever state it is. FORM: "text" or "json", on stdout; or "brief", a line a thread on stderr.
"""

import json
import os
import sys
import time

# A process that runs changes while it is read; what contradicts itself is read again.
ATTEMPTS = 20
PAUSE = 0.01

BRIEF_THREADS = 20

# The exit code of a Failure; the client says what to do about it.
FAILED = 3


class Failure(Exception):
    """Nothing can be shown, for a reason that can be told in a line."""


def make_unwinder(pid):
    try:
        from _remote_debugging import RemoteUnwinder
    except ImportError:
        raise Failure(f"Python {sys.version.split()[0]} ({sys.executable}) cannot show stacks; 3.14 and later can") from None
    return RemoteUnwinder(pid, all_threads=True)


def threads_of(trace):
    """Python 3.15 has one list for each interpreter in the process, 3.14 one for all."""
    for entry in trace:
        yield from getattr(entry, "threads", [entry])


def frame_of(frame):
    location = getattr(frame, "location", None)
    line = location.lineno if location else getattr(frame, "lineno", None)
    return {"file": frame.filename, "line": line, "function": frame.funcname}


def main_tid(pid):
    """The main thread's id in the process's own pid namespace, from which Python has the ids."""
    with open(f"/proc/{pid}/status", encoding="utf-8", errors="replace") as file:
        return next((int(line.split()[-1]) for line in file if line.startswith("NSpid:")), pid)


def read(pid):
    threads = []
    main = main_tid(pid)
    for thread in threads_of(make_unwinder(pid).get_stack_trace()):
        frames = [frame_of(frame) for frame in thread.frame_info]
        threads.append({"tid": thread.thread_id, "main": thread.thread_id == main, "frames": frames})
    return sorted(threads, key=lambda thread: (not thread["main"], thread["tid"]))


def read_again(pid):
    for attempt in range(ATTEMPTS):
        try:
            threads = read(pid)
            if threads:
                return threads
            error = None
        except (PermissionError, ProcessLookupError, FileNotFoundError):
            raise
        except (RuntimeError, OSError, ValueError, UnicodeError, MemoryError) as failure:
            error = failure
        time.sleep(PAUSE)
    raise Failure(f"the stacks of process {pid} cannot be read: {error or 'it has no Python threads'}")


def printable(text):
    return "".join(char if char.isprintable() else "?" for char in text)


def line_of(frame):
    place = f'File "{printable(frame["file"])}"'
    if frame["line"] is not None:
        place += f", line {frame['line']}"
    return f"{place}, in {printable(frame['function'])}"


def title(thread):
    return f"Thread {thread['tid']}{' (main)' if thread['main'] else ''}"


def print_text(threads):
    for number, thread in enumerate(threads):
        print("\n" * (number > 0) + title(thread))
        for frame in thread["frames"] or [None]:
            print(f"  {line_of(frame) if frame else 'no Python frame'}")


def print_brief(threads):
    for thread in threads[:BRIEF_THREADS]:
        frames = thread["frames"]
        print(f"  {title(thread)}: {line_of(frames[0]) if frames else 'no Python frame'}", file=sys.stderr)
    if len(threads) > BRIEF_THREADS:
        print(f"  … and {len(threads) - BRIEF_THREADS} threads more", file=sys.stderr)


def main(pid, form):
    try:
        threads = read_again(pid)
    except PermissionError as error:
        raise Failure(f"the system does not permit to look into process {pid}: {error.strerror or error}") from None
    except (ProcessLookupError, FileNotFoundError):
        raise Failure(f"process {pid} has ended") from None
    if form == "json":
        version = ".".join(map(str, sys.version_info[:3]))
        json.dump({"pid": pid, "python_version": version, "threads": threads}, sys.stdout, indent=2)
        print()
    elif form == "brief":
        print_brief(threads)
    else:
        print_text(threads)


if __name__ == "__main__":
    try:
        main(int(sys.argv[1]), sys.argv[2])
        sys.stdout.flush()
    except Failure as failure:
        print(f"helicopter-client: Job {sys.argv[3]}: {failure}", file=sys.stderr)
        sys.exit(FAILED)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        sys.exit(1)
