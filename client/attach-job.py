# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Runs in the job, in front of the script that pdb.attach() makes, in that script's own namespace. It has pdb use a server
# that does the job no harm (seen necessary with 3.14 and 3.15):
#
# - It prompts where the job is, at once. pdb waits for the job's next line, which in a call that takes long is far away.
# - It takes the job's SIGINT for the whole session. pdb has the client send one at ^C, but is prepared for it after "continue"
#   only; elsewhere it would be a KeyboardInterrupt in the job.
# - It leaves no trace functions behind in the job's frames.
# - A debugger whose client was killed while the job was going on is only noticed at its next prompt, and until then pdb
#   refuses every other. It is taken out here, also from another thread than its own, which then stops tracing by itself.
#
# Nothing of it stays in the job after the session. It relies on private parts of pdb: where they have changed, pdb is used
# as it is.

__name__ = "helicopter"

import bdb
import gc
import io
import os
import pdb
import signal
import socket
import sys
import threading


def is_importing(name):
    """Whether a module is there in part only."""
    return getattr(getattr(sys.modules.get(name), "__spec__", None), "_initializing", False)


def stack(frame):
    while frame:
        yield frame
        frame = frame.f_back


def is_dead(debugger):
    """Whether a debugger's client has gone. One without a client (breakpoint() in the job) is not dead."""
    buffers = getattr(debugger, "_sockfile", None)  # a pair, without a fileno() of its own
    if buffers is None:
        return False
    try:
        reader = next(part for part in gc.get_referents(buffers) if isinstance(part, io.BufferedReader))
        with socket.socket(fileno=os.dup(reader.fileno())) as connection:
            return not connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except BlockingIOError:
        return False
    except (OSError, ValueError, StopIteration):
        return True


def remove_dead_debugger():
    debugger = pdb.Pdb._last_pdb_instance
    # One that is at its prompt, further up this stack, is about to notice by itself.
    if not is_dead(debugger) or any(frame.f_locals.get("self") is debugger for frame in stack(sys._getframe())):
        return
    if getattr(debugger, "thread", None) in (None, threading.get_ident()):
        debugger.set_quit()
    debugger.detach()
    if pdb.Pdb._previous_sigint_handler and threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, pdb.Pdb._previous_sigint_handler)
        pdb.Pdb._previous_sigint_handler = None


class Server(pdb._PdbServer):
    previous_handler = None
    thread = None  # that it is in
    traces = False
    prompts_at_once = False
    gone = False

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, nosigint=True, **options)

    def set_trace(self, frame=None, **options):
        self.thread = threading.get_ident()
        self.take_interrupts()
        self.message("", end="")  # the client learns that this is a session, before anything that it is to run
        super().set_trace(frame=frame, **options)
        # From here to the prompt every call of a function would be an event.
        sys.settrace(None)
        self.prompts_at_once = True
        self.trace_dispatch(frame, "opcode", None)
        self.prompts_at_once = False
        if self.traces:
            sys.settrace(self.trace_dispatch)

    def start_trace(self):
        self.traces = True
        super().start_trace()

    def stop_trace(self):
        self.traces = False
        super().stop_trace()

    def trace_dispatch(self, frame, event, arg):
        if not self.gone:
            local = super().trace_dispatch(frame, event, arg)
            # What is returned becomes the frame's trace function, also when this was the end.
            return None if self.gone else local
        # Taken out from another thread: that cannot end the tracing of this one.
        if sys.gettrace() == self.trace_dispatch:
            sys.settrace(None)
        return None

    def _read_reply(self):
        # A client that is killed with something unread resets the connection. That would be raised in the job (3.14, 3.15).
        try:
            return super()._read_reply()
        except OSError:
            raise EOFError from None

    def do_debug(self, arg):
        # Ends with sys.settrace(), made for a prompt within a trace function, where that has no effect yet.
        super().do_debug(arg)
        if self.prompts_at_once:
            sys.settrace(None)

    def sigint_handler(self, signum, frame):
        if self.gone:
            self.pass_interrupt_on(signum, frame)
            return
        if self.allow_kbdint:
            raise KeyboardInterrupt  # at the prompt, which expects it
        sys.settrace(None)
        if any(frame.f_globals is own for own in (vars(bdb), vars(pdb), globals())):
            # Between two events: stop at the next.
            self.set_step()
            sys.settrace(self.trace_dispatch)
            return
        self.message("\nProgram interrupted. (Use 'cont' to resume).")
        self.set_trace(frame)

    def take_interrupts(self):
        # A handler that was not set from Python could not be put back.
        if self.previous_handler is None and signal.getsignal(signal.SIGINT) is not None:
            try:
                self.previous_handler = signal.signal(signal.SIGINT, self.sigint_handler)
            except ValueError:
                pass  # not in the main thread

    def give_interrupts_back(self):
        try:
            if self.previous_handler is not None and signal.getsignal(signal.SIGINT) == self.sigint_handler:
                signal.signal(signal.SIGINT, self.previous_handler)
        except ValueError:
            return  # not in the main thread: at the next SIGINT
        self.previous_handler = None

    def pass_interrupt_on(self, signum, frame):
        handler = self.previous_handler
        self.give_interrupts_back()
        if callable(handler):
            handler(signum, frame)
        elif handler == signal.SIG_DFL:
            signal.raise_signal(signum)

    def detach(self):
        other = pdb.Pdb._last_pdb_instance
        self.gone = True
        # The next who uses sys.settrace() in this job would have the frames call a debugger that is not there.
        for frame in stack(sys._current_frames().get(self.thread)):
            if frame.f_trace == self.trace_dispatch:
                frame.f_trace = None
        self.give_interrupts_back()
        super().detach()
        if other is not self:
            pdb.Pdb._last_pdb_instance = other  # the one that came when this was taken out
