# SPDX-License-Identifier: LGPL-2.1-or-later
"""blocked.py KIND SECONDS REPORT: be blocked in the call that KIND names, for SECONDS; then write how that went, as JSON, to REPORT.

The folder REPORT.begun is made just before the call: nothing follows but the call itself. Where somebody else has to end it, a
child process does so at the right moment. The function that is blocked has a variable `local`, and a line that ends in
"# blocked"; it is called by the module itself. So has helper(), which is the other thread's, where there is one."""

import asyncio
import collections
import ctypes
import fcntl
import itertools
import json
import multiprocessing
import os
import queue
import re
import select
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time

kind, seconds, report_path = sys.argv[1], float(sys.argv[2]), sys.argv[3]
libc = ctypes.CDLL(None, use_errno=True)
processes = multiprocessing.get_context("fork")
seen = collections.Counter()  # signals
on_usr1 = []  # what SIGUSR1 does besides being counted
traced = []  # what threads found themselves traced by
began = None


def note(number, _frame):
    seen[signal.Signals(number).name] += 1
    if number == signal.SIGUSR1:
        for action in on_usr1:
            action()


def begin(prepare=lambda: None):
    """The call comes now, once prepare() is done, which may know when it began. Returns what that returns."""
    global began
    began = time.monotonic()
    prepared = prepare()
    os.mkdir(report_path + ".begun")
    return prepared


def rest():
    return max(0, began + seconds - time.monotonic())


def begin_until(action, ready=None, prepare=lambda: None):
    """The same, for a call that is ended by `action` in a child process, which calls `ready` first. Returns its pid."""
    global began
    told, tell = os.pipe()
    go, gone = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.close(gone)
            if ready:
                ready()
            os.write(tell, b".")
            began = float(os.read(go, 64))
            time.sleep(rest())
            os._exit(action() or 0)
        finally:
            os._exit(99)
    os.close(go)
    os.read(told, 1)
    begin(prepare)
    os.write(gone, repr(began).encode())
    return pid


def begin_until_signal(*actions, prepare=lambda: None):
    """For a call that cannot be ended by anybody but this thread: it gets a SIGUSR1."""
    main = os.getpid()
    on_usr1.extend(actions)
    return begin_until(lambda: os.kill(main, signal.SIGUSR1), prepare=prepare)


def blocked_sleep():
    local = "sleeper"
    begin()
    return time.sleep(seconds)  # blocked


def blocked_read():
    local = "reader"
    reader, writer = os.pipe()
    begin_until(lambda: os.write(writer, b"data") * 0)
    return os.read(reader, 100).decode()  # blocked


def blocked_write():
    local = "writer"
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    full = os.write(writer, b"-" * (1 << 20))
    os.set_blocking(writer, True)
    begin_until(lambda: len(os.read(reader, full)) * 0)
    return os.write(writer, b"data")  # blocked


def blocked_input():
    local = "asker"
    reader, writer = os.pipe()
    os.dup2(reader, 0)
    begin_until(lambda: os.write(writer, b"answer\nmore\n") * 0)
    return [input(), input()]  # blocked


def blocked_accept():
    local = "server"
    server = socket.create_server(("127.0.0.1", 0))
    begin_until(lambda: socket.create_connection(server.getsockname()).send(b"data") * 0)
    return server.accept()[0].recv(100).decode()  # blocked


def blocked_recv():
    local = "receiver"
    ours, theirs = socket.socketpair()
    begin_until(lambda: theirs.send(b"data") * 0)
    return ours.recv(100).decode()  # blocked


def blocked_recv_timeout():
    local = "patient receiver"
    ours, _theirs = socket.socketpair()
    ours.settimeout(seconds)
    begin()
    return ours.recv(100).decode()  # blocked


def blocked_ssl():
    """The call is made by OpenSSL, on behalf of Python."""
    local = "receiver of secrets"
    ours, theirs = socket.socketpair()

    def wrap(end, server):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if server else ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers("PSK")  # a key that both know, so that no certificate is needed
        if server:
            context.set_psk_server_callback(lambda _name: b"secret")
        else:
            context.set_psk_client_callback(lambda _hint: (None, b"secret"))
        return context.wrap_socket(end, server_side=server)

    begun = []
    accepting = threading.Thread(target=lambda: begun.append(wrap(theirs, True)))
    accepting.start()
    connection = wrap(ours, False)
    accepting.join()
    begin_until(lambda: begun[0].send(b"data") * 0)
    return connection.recv(100).decode()  # blocked


def blocked_sendall():
    """A call that has been done in part: what was sent must not be sent again."""
    local = "sender"
    ours, theirs = socket.socketpair()
    data = b"".join(b"%07d\n" % number for number in range(200_000))

    def take():
        received = b""
        while len(received) < len(data):
            received += theirs.recv(1 << 20)
        return 7 if received == data else 8

    child = begin_until(take)
    ours.sendall(data)  # blocked
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def blocked_select():
    local = "selecter"
    reader, _writer = os.pipe()
    begin()
    return select.select([reader], [], [], seconds)  # blocked


def blocked_poll():
    local = "poller"
    poll = select.poll()
    poll.register(os.pipe()[0], select.POLLIN)
    begin()
    return poll.poll(seconds * 1000)  # blocked


def blocked_epoll():
    local = "epoller"
    reader, writer = os.pipe()
    epoll = select.epoll()
    epoll.register(reader, select.EPOLLIN)
    begin()
    return epoll.poll(seconds)  # blocked


def blocked_asyncio():
    local = "loop"

    async def work():
        begin()
        return await asyncio.sleep(seconds, "slept")

    return asyncio.run(work())  # blocked


def blocked_waitpid():
    local = "waiter"
    child = begin_until(lambda: 7)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])  # blocked


def blocked_communicate():
    local = "communicator"
    child = subprocess.Popen(["/bin/sh", "-c", "read line; sleep $line; echo out; echo err >&2; exit 7"],
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    begin()
    output = child.communicate(f"{seconds}\n")  # blocked
    return [*output, child.returncode]


def held(lock):
    """A file that the child process keeps locked."""
    kept = []

    def hold():
        kept.append(open(report_path + ".lock", "w", encoding="ascii"))
        lock(kept[0], fcntl.LOCK_EX)

    begin_until(lambda: 0, hold)
    return open(report_path + ".lock", "w", encoding="ascii")


def blocked_flock():
    local = "locker"
    file = held(fcntl.flock)
    return fcntl.flock(file, fcntl.LOCK_EX)  # blocked


def blocked_lockf():
    local = "record locker"
    file = held(fcntl.lockf)
    return fcntl.lockf(file, fcntl.LOCK_EX)  # blocked


def blocked_fifo():
    local = "opener"
    os.mkfifo(report_path + ".fifo")

    def write():
        with open(report_path + ".fifo", "w", encoding="ascii") as fifo:
            fifo.write("data")

    begin_until(write)
    with open(report_path + ".fifo", encoding="ascii") as fifo:  # blocked
        return fifo.read()


def blocked_mp_join():
    local = "joiner of processes"
    process = processes.Process(target=lambda: (time.sleep(rest()), sys.exit(7)))
    begin()
    process.start()
    process.join()  # blocked
    return process.exitcode


def blocked_mp_queue():
    local = "getter from processes"
    messages = processes.SimpleQueue()
    begin_until(lambda: messages.put("data"))
    return messages.get()  # blocked


def blocked_mp_semaphore():
    local = "acquirer"
    semaphore = processes.Semaphore(0)
    begin_until(semaphore.release)
    return semaphore.acquire()  # blocked


# Locks of threads. Alone, the main thread is the only one there is; what it waits for is done by a signal's handler.


def blocked_lock_alone():
    local = "locked"
    lock = threading.Lock()
    lock.acquire()
    begin_until_signal(lock.release)
    return lock.acquire()  # blocked


def blocked_lock_timeout():
    local = "locked for a time"
    lock = threading.Lock()
    lock.acquire()
    begin()
    return lock.acquire(timeout=seconds)  # blocked


def blocked_event_alone():
    local = "expectant"
    event = threading.Event()
    begin_until_signal(event.set)
    return event.wait()  # blocked


def blocked_queue_alone():
    local = "getter"
    messages = queue.Queue()
    begin_until_signal(lambda: messages.put("data"))
    return messages.get()  # blocked


def start(block, then=lambda: None):
    """Start a thread that is in block(), and does something afterwards. It has come to that line when this returns."""
    ready = threading.Lock()
    ready.acquire()

    def helper():
        local = "helper"
        ready.release() or block()  # blocked
        traced.append(sys.gettrace())
        then()
        return local

    thread = threading.Thread(target=helper, daemon=True)
    thread.start()
    ready.acquire()
    return thread


def block_busily():
    while time.monotonic() < began + seconds:
        sum(range(100))


def block_in_c():
    while time.monotonic() < began + seconds:
        libc.usleep(int(rest() * 1e6) + 1)


def blocked_join_alone():
    """The thread that is waited for cannot run Python, as it is in C code of its own."""
    local = "joiner"
    helper = begin(lambda: start(block_in_c))
    helper.join()  # blocked


def blocked_lock_stuck():
    """Two threads that wait for each other, until a signal's handler helps."""
    local = "deadlocked"
    lock, other = threading.Lock(), threading.Lock()
    lock.acquire()
    other.acquire()
    begin_until_signal(other.release, lock.release, prepare=lambda: start(other.acquire))
    return lock.acquire()  # blocked


def blocked_lock_helped():
    local = "locked"
    lock = threading.Lock()
    lock.acquire()
    begin(lambda: start(lambda: time.sleep(rest()), lock.release))
    return lock.acquire()  # blocked


def blocked_event_helped():
    local = "expectant"
    event = threading.Event()
    begin(lambda: start(block_busily, event.set))
    return event.wait()  # blocked


def blocked_queue_helped():
    local = "getter"
    messages = queue.Queue()
    reader, writer = os.pipe()

    def prepare():
        start(lambda: os.read(reader, 100), lambda: messages.put("data"))

    begin_until(lambda: os.write(writer, b"data") * 0, prepare=prepare)
    return messages.get()  # blocked


def blocked_join_helped():
    local = "joiner"
    helper = begin(lambda: start(lambda: time.sleep(rest())))
    helper.join()  # blocked


# Calls that must not be interrupted.


def blocked_pause():
    local = "pauser"
    begin_until_signal()
    return signal.pause()  # blocked


def blocked_sigwait():
    local = "waiter for a signal"
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR2])
    main = os.getpid()
    begin_until(lambda: os.kill(main, signal.SIGUSR2))
    return signal.sigwait([signal.SIGUSR2])  # blocked


def blocked_c_sleep():
    local = "sleeper in C"
    begin()
    return libc.sleep(int(seconds))  # blocked


def blocked_c_poll():
    local = "poller in C"
    begin()
    return libc.poll(None, 0, int(seconds * 1000))  # blocked


# Not blocked, but busy.


def blocked_bytecode():
    local = "worker"
    begin()
    while time.monotonic() < began + seconds:  # blocked
        sum(range(100))
    return "worked"


def sized(work, first, power):
    """The size at which work(size) takes about `seconds`."""
    took = 0
    while took < 0.05:
        first *= 2
        before = time.monotonic()
        work(first)
        took = time.monotonic() - before
    return int(first * (seconds / took) ** (1 / power))


def blocked_re():
    """C code that looks for signals, and with them for scripts."""
    local = "matcher"
    pattern = re.compile("(?:ab)*c")
    size = sized(lambda size: pattern.search("ab" * size), 100, 2)
    begin()
    return pattern.search("ab" * size)  # blocked


def blocked_c_call():
    """C code that looks for nothing."""
    local = "consumer"
    size = sized(lambda size: collections.deque(itertools.repeat(None, size), 0), 100_000, 1)
    begin()
    return len(collections.deque(itertools.repeat(None, size), 0))  # blocked


for number in (signal.SIGUSR1, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGALRM, signal.SIGCONT, signal.SIGTRAP,
               signal.SIGURG, signal.SIGIO, signal.SIGPIPE, signal.SIGSYS, signal.SIGWINCH):
    signal.signal(number, note)
result = error = None
try:
    result = globals()["blocked_" + kind.replace("-", "_")]()
except OSError as failed:
    error = [type(failed).__name__, failed.errno]
ended = time.monotonic()
traced.append(sys.gettrace())
report = {"result": result, "error": error, "began": began, "ended": ended, "elapsed": ended - began, "signals": seen,
          "traced": [repr(function) for function in traced if function],
          "frames": [repr(frame.f_trace) for frame in sys._current_frames().values() if frame.f_trace], "debugged": "pdb" in sys.modules}
with open(report_path + ".new", "w", encoding="ascii") as file:
    json.dump(report, file)
os.rename(report_path + ".new", report_path)
