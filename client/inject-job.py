# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Runs in the job, for `helicopter-client inject`: the user's script, in a namespace of its own, with what it prints and raises sent to
# the client. The client puts in front of this text:
#
#   _client = PID of the client
#   _files = {"script": (fd, device, inode), "output": …, "errors": …, "end": …}
#
# Those are the client's descriptors, opened through /proc: three memfds and a pipe. The pipe tells "b" when they are open and then
# "0" or "1" (the script raised), after a "d" when output was dropped. Writing to a memfd never waits, and the pipe is opened for
# reading as well, so that its other end's closing is no SIGPIPE in the job, which might die of that.
#
# Whatever fails here is no business of the job's: nothing is printed, nothing is raised, nothing stays.

__name__ = "helicopter"


def _run(client, files):
    import os
    import sys
    import threading
    import traceback

    limit = 16 << 20  # bytes, of output and of errors; more is dropped
    me = threading.get_ident()

    def open_file(name, flags):
        fd, device, inode = files[name]
        fd = os.open(f"/proc/{client}/fd/{fd}", flags | os.O_CLOEXEC | os.O_NONBLOCK)
        status = os.fstat(fd)
        if (status.st_dev, status.st_ino) != (device, inode):
            os.close(fd)
            raise OSError("another process has that pid now")
        return fd

    class Sink:
        """What the script's thread writes goes to the client; everybody else has the job's own stream as before."""

        def __init__(self, fd, stream):
            self.__dict__.update(fd=fd, stream=stream, size=0, dropped=False)

        def is_ours(self):
            return self.fd >= 0 and threading.get_ident() == me

        def write(self, text):
            if not self.is_ours():
                return self.stream.write(text)
            if not isinstance(text, str):
                raise TypeError(f"write() argument must be str, not {type(text).__name__}")
            data = text.encode("utf-8", "backslashreplace")
            if self.size + len(data) > limit:
                self.__dict__["dropped"] = True
                return len(text)
            while data:
                written = os.write(self.fd, data)
                self.__dict__["size"] += written
                data = data[written:]
            return len(text)

        def flush(self):
            if not self.is_ours():
                self.stream.flush()

        def isatty(self):
            return False if self.is_ours() else self.stream.isatty()

        def __getattr__(self, name):
            return getattr(self.stream, name)

        def __setattr__(self, name, value):
            setattr(self.stream, name, value)

    def run_script(source, output, errors):
        namespace = {"__name__": "__helicopter__", "__builtins__": __builtins__}
        streams = sys.stdout, sys.stderr
        sys.stdout, sys.stderr = Sink(output, sys.stdout), Sink(errors, sys.stderr)
        sinks = sys.stdout, sys.stderr
        raised = False
        try:
            try:
                exec(compile(source, "<injected>", "exec"), namespace)
            except SystemExit as error:
                raised = error.code not in (None, 0)
                if raised and not isinstance(error.code, int):
                    print(error.code, file=sinks[1])
            except BaseException as error:
                raised = True
                trace = error.__traceback__
                while trace and trace.tb_frame.f_code.co_filename != "<injected>":
                    trace = trace.tb_next
                sinks[1].write("".join(traceback.format_exception(type(error), error, trace)))
        finally:
            if sys.stdout is sinks[0]:
                sys.stdout = streams[0]
            if sys.stderr is sinks[1]:
                sys.stderr = streams[1]
            for sink in sinks:
                sink.__dict__["fd"] = -1
        return raised, any(sink.dropped for sink in sinks)

    fds = []
    try:
        for name, flags in (("script", os.O_RDONLY), ("output", os.O_WRONLY), ("errors", os.O_WRONLY), ("end", os.O_RDWR)):
            fds.append(open_file(name, flags))
        with open(fds[0], "rb", closefd=False) as file:
            source = file.read()
        os.write(fds[3], b"b")
        raised, dropped = run_script(source, fds[1], fds[2])
        os.write(fds[3], (b"d" if dropped else b"") + (b"1" if raised else b"0"))
    finally:
        for fd in fds:
            os.close(fd)


try:
    _run(_client, _files)
except Exception:
    pass
