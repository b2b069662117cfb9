# SPDX-License-Identifier: LGPL-2.1-or-later
"""selfcheck.py FOLDER: make all kinds of blocking calls, short ones, until FOLDER/stop exists, and look at what they give: results, errno,
time (never too short), signals (each exactly once), data (each byte once, in order), and what the CPU computes.

FOLDER/progress has the number of calls made. FOLDER/report (JSON) at the end has that, what was wrong, and how many of which real-time
signals arrived. A partner process does what has to be done from outside."""

import asyncio
import collections
import ctypes
import fcntl
import hashlib
import json
import math
import multiprocessing
import os
import queue
import random
import select
import signal
import socket
import subprocess
import sys
import threading
import time

folder = sys.argv[1]
libc = ctypes.CDLL(None, use_errno=True)
processes = multiprocessing.get_context("fork")
chance = random.Random(1)
LONGEST = 30  # seconds that a call may take, with a debugger at its prompt meanwhile

wrong = []
operations = []


def operation(function):
    operations.append(function)
    return function


def expect(what, got, wanted):
    if got != wanted:
        wrong.append(f"{what}: {got!r}, not {wanted!r}")


class timed:
    """A block that must take at least `shortest` seconds."""

    def __init__(self, what, shortest):
        self.what, self.shortest = what, shortest

    def __enter__(self):
        self.began = time.monotonic()

    def __exit__(self, *_):
        took = time.monotonic() - self.began
        if not self.shortest <= took < LONGEST:
            wrong.append(f"{self.what} took {took} s instead of {self.shortest}")


# Signals are counted where the C handler writes their numbers to: Python's own handlers are called once for several.

counter_out, counter_in = os.pipe()
os.set_blocking(counter_in, False)
fcntl.fcntl(counter_in, fcntl.F_SETPIPE_SZ, 1 << 20)
arrived = collections.Counter()
ASKED_FOR = signal.SIGRTMIN + 1  # by this program, of its partner
FROM_OUTSIDE = signal.SIGRTMIN + 2


def count_signals():
    while select.select([counter_out], [], [], 0)[0]:
        arrived.update(os.read(counter_out, 65536))


# The partner does one thing after the other, each after a while: an order is (what, seconds, number).

pipe_out, pipe_in = os.pipe()
full_out, full_in = os.pipe()
ours, theirs = socket.socketpair()
orders, orders_taken = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
server = socket.create_server(("127.0.0.1", 0))
semaphore = processes.Semaphore(0)
fifo = folder + "/fifo"
lock = folder + "/lock"
BULK = b"".join(b"%07d\n" % number for number in range(50_000))
main_pid = os.getpid()


def bulk_digest():
    received = b""
    while len(received) < len(BULK):
        received += theirs.recv(1 << 16)
    return hashlib.sha256(received).hexdigest().encode()


def open_fifo(_number):
    with open(fifo, "w", encoding="ascii") as file:
        file.write("fifo")


def hold_lock(seconds):
    with open(lock, "w", encoding="ascii") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        orders_taken.send(b"locked")
        time.sleep(seconds)


ACTIONS = {
    "pipe": lambda number: os.write(pipe_in, b"%08d" % number),
    "drain": lambda number: os.read(full_out, number),
    "send": lambda number: theirs.send(b"%08d" % number),
    "bulk": lambda _number: orders_taken.send(bulk_digest()),
    "connect": lambda number: socket.create_connection(server.getsockname()).send(b"%08d" % number),
    "fifo": open_fifo,
    "signals": lambda number: [os.kill(main_pid, ASKED_FOR) for _ in range(number)],
    "usr2": lambda _number: os.kill(main_pid, signal.SIGUSR2),
    "release": lambda _number: semaphore.release(),
}


def partner():
    orders.close()
    while order := orders_taken.recv(200):
        what, seconds, number = order.decode().split()
        if what == "lock":
            hold_lock(float(seconds))
        else:
            time.sleep(float(seconds))
            ACTIONS[what](int(number))


def order(what, seconds=0.0, number=0):
    orders.send(f"{what} {seconds} {number}".encode())


# The operations: each gets how long it should take, and a number of its own.


@operation
def sleep(seconds, _number):
    with timed("time.sleep", seconds):
        expect("time.sleep", time.sleep(seconds), None)


@operation
def read(seconds, number):
    with timed("os.read", seconds):
        order("pipe", seconds, number)
        expect("os.read", os.read(pipe_out, 100), b"%08d" % number)


@operation
def write(seconds, _number):
    os.set_blocking(full_in, False)
    full = os.write(full_in, b"-" * (1 << 20))
    os.set_blocking(full_in, True)
    with timed("os.write", seconds):
        order("drain", seconds, full)
        expect("os.write", os.write(full_in, b"data"), 4)
    expect("the pipe", os.read(full_out, 1 << 20), b"data")


@operation
def recv(seconds, number):
    ours.settimeout(None)
    with timed("recv", seconds):
        order("send", seconds, number)
        expect("recv", ours.recv(100), b"%08d" % number)


@operation
def recv_times_out(seconds, _number):
    ours.settimeout(seconds)
    with timed("recv with a timeout", seconds):
        try:
            wrong.append(f"recv with a timeout: {ours.recv(100)}")
        except TimeoutError:
            pass


@operation
def sendall(_seconds, _number):
    ours.settimeout(None)
    order("bulk", 0.002)
    ours.sendall(BULK)
    expect("sendall", orders.recv(100), hashlib.sha256(BULK).hexdigest().encode())


@operation
def accept(seconds, number):
    with timed("accept", seconds):
        order("connect", seconds, number)
        connection, _address = server.accept()
    expect("accept", connection.recv(100), b"%08d" % number)
    connection.close()


@operation
def selects(seconds, number):
    with timed("select", seconds):
        expect("select", select.select([pipe_out], [], [], seconds), ([], [], []))
    order("pipe", seconds, number)
    expect("select", select.select([pipe_out], [], [], LONGEST), ([pipe_out], [], []))
    expect("after select", os.read(pipe_out, 100), b"%08d" % number)


@operation
def polls(seconds, number):
    poll = select.poll()
    poll.register(pipe_out, select.POLLIN)
    with timed("poll", seconds):
        expect("poll", poll.poll(seconds * 1000), [])
    order("pipe", seconds, number)
    expect("poll", poll.poll(), [(pipe_out, select.POLLIN)])
    expect("after poll", os.read(pipe_out, 100), b"%08d" % number)


@operation
def epolls(seconds, number):
    with select.epoll() as epoll:
        epoll.register(pipe_out, select.EPOLLIN)
        with timed("epoll", seconds):
            expect("epoll", epoll.poll(seconds), [])
        order("pipe", seconds, number)
        expect("epoll", epoll.poll(), [(pipe_out, select.EPOLLIN)])
    expect("after epoll", os.read(pipe_out, 100), b"%08d" % number)


@operation
def asyncios(seconds, number):
    with timed("asyncio.sleep", seconds):
        expect("asyncio.sleep", asyncio.run(asyncio.sleep(seconds, number)), number)


@operation
def waitpid(seconds, number):
    with timed("waitpid", seconds):
        child = os.fork()
        if child == 0:
            time.sleep(seconds)
            os._exit(number % 251)
        expect("waitpid", os.waitpid(child, 0), (child, number % 251 << 8))
    try:
        wrong.append(f"waitpid: {os.waitpid(child, 0)}")
    except ChildProcessError:
        pass


@operation
def communicate(_seconds, number):
    child = subprocess.Popen(["/bin/sh", "-c", "read line; echo $line; echo err >&2; exit 7"], text=True, stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    expect("communicate", (child.communicate(f"{number}\n"), child.returncode), ((f"{number}\n", "err\n"), 7))


@operation
def flock(seconds, _number):
    order("lock", seconds)
    expect("the partner", orders.recv(100), b"locked")
    with open(lock, "w", encoding="ascii") as file:
        expect("flock", fcntl.flock(file, fcntl.LOCK_EX), None)


@operation
def opens_fifo(seconds, _number):
    with timed("open of a FIFO", seconds):
        order("fifo", seconds)
        with open(fifo, encoding="ascii") as file:
            expect("the FIFO", file.read(), "fifo")


@operation
def lock_times_out(seconds, _number):
    taken = threading.Lock()
    taken.acquire()
    with timed("Lock.acquire", seconds):
        expect("Lock.acquire", taken.acquire(timeout=seconds), False)


@operation
def event_and_join(seconds, number):
    event, messages = threading.Event(), queue.Queue()
    thread = threading.Thread(target=lambda: (time.sleep(seconds), event.set(), messages.put(number), time.sleep(seconds)))
    with timed("Event, Queue, Thread", 2 * seconds):
        thread.start()
        expect("Event.wait", event.wait(), True)
        expect("Queue.get", messages.get(), number)
        expect("Thread.join", thread.join(), None)


@operation
def semaphores(seconds, _number):
    with timed("Semaphore", seconds - 0.001):  # by the wall clock
        expect("Semaphore", semaphore.acquire(timeout=seconds), False)
    order("release", seconds)
    expect("Semaphore", semaphore.acquire(), True)


@operation
def signals(seconds, number):
    """As many as asked for arrive, while this thread sleeps for its full time."""
    count_signals()
    before = arrived[ASKED_FOR]
    with timed("time.sleep with signals", seconds):
        order("signals", seconds / 2, number % 5)
        time.sleep(seconds)
    order("pipe", 0, number)  # it has sent them
    expect("os.read", os.read(pipe_out, 100), b"%08d" % number)
    count_signals()
    expect("signals", arrived[ASKED_FOR] - before, number % 5)


@operation
def sigwait(seconds, _number):
    order("usr2", seconds)
    expect("sigwait", signal.sigwait([signal.SIGUSR2]), signal.SIGUSR2)
    with timed("sigtimedwait", seconds):
        found = signal.sigtimedwait([signal.SIGUSR2], seconds)
    # Linux ends the call when the thread is stopped (SIGSTOP, ptrace). CPython (3.14, 3.15), when no time is left then, gives back
    # what it has not filled in: anything. Only a signal that was waited for would be one too many.
    if found is not None and found.si_signo == signal.SIGUSR2:
        wrong.append(f"sigtimedwait: {found}")


@operation
def c_calls(seconds, _number):
    """Signals end these early. Being stopped does not."""
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, [FROM_OUTSIDE])
    with timed("C's usleep", seconds):
        expect("C's usleep", libc.usleep(math.ceil(seconds * 1e6)), 0)
    with timed("C's poll", seconds):
        expect("C's poll", libc.poll(None, 0, math.ceil(seconds * 1000)), 0)
    signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def compute():
    digest, x = hashlib.sha256(), 0.5
    for number in range(2000):
        x = 3.9999 * x * (1 - x)
        digest.update(b"%d %.17g" % (number * number % 9973, math.sin(x)))
    return digest.hexdigest()


@operation
def computes(_seconds, _number):
    expect("what the CPU computes", compute(), computed)


def run():
    progress = os.open(folder + "/progress", os.O_WRONLY | os.O_CREAT, 0o600)
    number = 0
    while not os.path.exists(folder + "/stop") and len(wrong) < 100:
        number += 1
        chance.choice(operations)(chance.uniform(0.001, 0.02), number)
        os.pwrite(progress, b"%12d" % number, 0)
    return number


os.mkfifo(fifo)
computed = compute()
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR2])
partner_pid = os.fork()
if partner_pid == 0:
    try:
        partner()
    finally:
        os._exit(0)
orders_taken.close()
signal.set_wakeup_fd(counter_in, warn_on_full_buffer=True)
for number in (ASKED_FOR, FROM_OUTSIDE, signal.SIGUSR1, signal.SIGINT, signal.SIGHUP, signal.SIGALRM, signal.SIGTRAP, signal.SIGURG,
               signal.SIGIO, signal.SIGSYS, signal.SIGQUIT):
    signal.signal(number, lambda _number, _frame: None)
calls = run()
orders.close()
os.waitpid(partner_pid, 0)
count_signals()
report = {"calls": calls, "wrong": wrong, "asked": arrived.pop(ASKED_FOR, 0), "outside": arrived.pop(FROM_OUTSIDE, 0), "other": arrived,
          "traced": sys.gettrace() is not None}
with open(folder + "/report.new", "w", encoding="ascii") as file:
    json.dump(report, file)
os.rename(folder + "/report.new", folder + "/report")
