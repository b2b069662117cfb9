# SPDX-License-Identifier: LGPL-2.1-or-later
"""Peers that send nonsense, flood, stall or never read are cut off; the daemon lives, and the others notice nothing. Random, but from
a seed, which is printed: HELICOPTER_FUZZ_SEED=N does the same again; HELICOPTER_FUZZ_SECONDS=N goes on for longer."""

import os
import random
import socket
import struct
import time

import pytest
from support import process, rawbus, sdbus, wait
from support.sdbus import BusError
from support.session import ERROR, JOB, MANAGER, MANAGER_PATH, NAME, PrivateSession, job_path

REGISTRY = "org.helicopter1.Registry"
PROPERTIES = "org.freedesktop.DBus.Properties"
SECONDS = int(os.environ.get("HELICOPTER_FUZZ_SECONDS", "6"))

# daemon/bounds.h
PEERS_PER_PROCESS = 128
PENDING_CALLS = 64

# What is mutated: (path, interface, member, signature, arguments). Not what ends the daemon, nor a job that is watched.
CALLS = [
    (MANAGER_PATH, MANAGER, "StartJob", "sassasa{sv}", ("fuzzed", ["/bin/true"], "/", ["A=B"], {"grant-policy": ("s", "none")})),
    (MANAGER_PATH, MANAGER, "GetJob", "s", ("bystander",)),
    (MANAGER_PATH, MANAGER, "GetJobByPID", "u", (1,)),
    (MANAGER_PATH, MANAGER, "ListJobs", "", ()),
    (MANAGER_PATH, MANAGER, "DescribeJobs", "", ()),
    (MANAGER_PATH, MANAGER, "ForgetJob", "s", ("fuzzed",)),
    (MANAGER_PATH, REGISTRY, "Register", "sba{sv}", ("fuzzed", False, {"State": ("s", "running"), "PID": ("u", 1), "CommandLine": ("as", ["a", "b"])})),
    (MANAGER_PATH, REGISTRY, "Register", "sba{sv}", ("fuzzed", False, {"State": ("s", "exited"), "Restart": ("b", True), "Start": ("ay", [65, 61, 0, 0])})),
    (MANAGER_PATH, REGISTRY, "Update", "a{sv}", ({"State": ("s", "running"), "ExitCode": ("i", -1), "StartTimestamp": ("t", 1)},)),
    (MANAGER_PATH, PROPERTIES, "Get", "ss", (MANAGER, "PtraceScope")),
    (MANAGER_PATH, PROPERTIES, "Set", "ssv", (MANAGER, "Version", ("s", "x"))),
    (MANAGER_PATH, PROPERTIES, "GetAll", "s", (MANAGER,)),
    (MANAGER_PATH, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects", "", ()),
    (MANAGER_PATH, "org.freedesktop.DBus.Introspectable", "Introspect", "", ()),
    (MANAGER_PATH, "org.freedesktop.DBus.Peer", "Ping", "", ()),
    ("/org/freedesktop/DBus", "org.freedesktop.DBus", "Hello", "", ()),
    (job_path("bystander"), JOB, "Grant", "ua{sv}", (1, {"force": ("b", True), "via": ("s", "auto")})),
    (job_path("bystander"), JOB, "RemoteExec", "uha{sv}", (0, 0, {})),
    (job_path("bystander"), JOB, "Wake", "ua{sv}", (0, {"mode": ("s", "off"), "timeout": ("t", 1)})),
    (job_path("bystander"), JOB, "SetGrantPolicy", "s", ("wrong",)),
    (job_path("bystander"), JOB, "ListProcesses", "", ()),
    (job_path("bystander"), JOB, "Revoke", "", ()),
    (job_path("bystander"), PROPERTIES, "GetAll", "s", (JOB,)),
    (job_path("nobody"), JOB, "Stop", "a{sv}", ({"grace": ("t", 1)},)),
    (job_path("nobody"), JOB, "Kill", "si", ("main", 9)),
]


@pytest.fixture
def session(opened):
    """As usual, but leaks are not looked for: sd-bus loses 64 bytes with each invalid message (systemd 262), after which its sender is cut off."""
    session = opened(PrivateSession())
    session.env["ASAN_OPTIONS"] += ":detect_leaks=0"
    session.start_bus()
    session.start_daemon()
    return session


@pytest.fixture
def chance():
    seed = int(os.environ.get("HELICOPTER_FUZZ_SEED", random.randrange(1 << 32)))
    print(f"HELICOPTER_FUZZ_SEED={seed}")
    return random.Random(seed)


@pytest.fixture(autouse=True)
def bystander(session):
    """A job that must not be disturbed by any of it, and others who are served meanwhile."""
    job = session.run_counter("bystander")
    pid, daemon = job.PID, session.daemon
    session.answers = session.list
    session.answers()
    yield job
    session.answers()
    assert daemon.poll() is None, "the daemon lives"
    assert job.PID == pid and job.TracerPID == 0
    job.counts_on()


def raw(session, **more):
    return rawbus.Raw(session.socket, **more)


def level(session):
    """What the daemon uses: (open descriptors, megabytes). Bells of connections that doze are left out: they come and go."""
    session.answers()  # so that it is done with what came before
    pid = session.daemon.pid
    with open(f"/proc/{pid}/statm", encoding="ascii") as file:
        resident = int(file.read().split()[1])
    return process.descriptors(pid) - len(process.pipes(pid)), resident * os.sysconf("SC_PAGE_SIZE") >> 20


def mutate(chance, data):
    """The bytes with something wrong with them."""
    data = bytearray(data)
    for _ in range(chance.choice((1, 1, 1, 2, 4, 16))):
        at = chance.randrange(len(data))
        match chance.randrange(7):
            case 0:
                data[at] ^= 1 << chance.randrange(8)
            case 1:
                data[at] = chance.randrange(256)
            case 2:
                data[at:at + 4] = struct.pack("<I", chance.choice((0, 1, 0x7F, 0xFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)))
            case 3:
                del data[at:at + chance.randrange(1, 9)]
            case 4:
                data[at:at] = chance.randbytes(chance.randrange(1, 9))
            case 5:
                data[at:] = b""
            case 6:
                data[4:8] = struct.pack("<I", chance.randrange(64))  # the body's length
        if not data:
            return b"l"
    return bytes(data)


def random_value(chance, depth=0):
    """(signature, value) of a random type."""
    kind = chance.choice("ybnqiuxtdsogv" if depth < 4 else "ybus")
    if depth < 4 and chance.random() < 0.3:
        inner, item = random_value(chance, depth + 1)
        return chance.choice((("a" + inner, [item] * chance.randrange(3)), (f"({inner}s)", (item, "x")), (f"a{{s{inner}}}", {"k": item})))
    value = {"b": chance.randrange(2), "y": chance.randrange(256), "d": chance.random(), "s": chance.choice(("", "x" * 300, "é", "bystander")), "o": "/a",
             "g": "a{sv}", "v": ("s", "x"), "n": -1, "q": 9, "i": -(1 << 31), "u": 0xFFFFFFFF, "x": -1, "t": 1 << 63}
    return kind, value[kind]


def random_call(chance, serial, destination):
    path, interface, member, signature, values = chance.choice(CALLS)
    if signature and "h" not in signature and chance.random() < 0.8:
        kinds, values = sdbus.split(signature), list(values)
        at = chance.randrange(len(kinds))
        if chance.random() < 0.5 and kinds[at] == "a{sv}":
            values[at] = dict(values[at]) | {chance.choice(("", "State", "PID", "force", "x" * 99)): random_value(chance)}
        else:
            kinds[at], values[at] = random_value(chance)
        signature = "".join(kinds)
    return rawbus.method_call(serial, path, interface, member, signature.replace("h", "u"), *values, destination=destination)


@pytest.mark.deadline(SECONDS + 6 * wait.SECONDS)
def test_mutated_messages(session, chance):
    """On the private socket, where nobody else looks at the bytes first."""
    until, count = time.monotonic() + SECONDS, 0
    while time.monotonic() < until:
        with raw(session) as peer:
            try:
                for serial in range(1, chance.randrange(2, 30)):
                    path, interface, member, signature, values = chance.choice(CALLS)
                    whole = rawbus.method_call(serial, path, interface, member, signature.replace("h", "u"), *values)
                    peer.send(mutate(chance, whole) if chance.random() < 0.7 else whole)
                    count += 1
            except (BrokenPipeError, ConnectionResetError):
                pass  # cut off: right so
        if chance.random() < 0.1:
            session.answers()
    print(f"{count} messages")
    assert count > 100


@pytest.mark.deadline(SECONDS + 6 * wait.SECONDS)
@pytest.mark.parametrize("where", ["bus", "peer"])
def test_calls_with_wrong_arguments(session, chance, where):
    """Well-formed messages, on both transports: each is answered."""
    until, count = time.monotonic() + SECONDS, 0
    path = session.folder / "run/session-bus" if where == "bus" else session.socket
    with rawbus.Raw(path, bus=where == "bus") as peer:
        while time.monotonic() < until:
            peer.serial += 1
            peer.send(random_call(chance, peer.serial, NAME if where == "bus" else None))
            while (reply := peer.receive()).reply_to != peer.serial:
                pass
            count += 1
    print(f"{count} messages")
    assert count > 50


def test_random_replies_of_a_parent(session, chance):
    """Who registers a job is called by the daemon, and may answer anything."""
    with raw(session) as parent:
        assert parent.call(MANAGER_PATH, REGISTRY, "Register", "sba{sv}", "liar", True, {"State": ("s", "running"), "PID": ("u", os.getpid())}).values == ["liar"]
        for _ in range(100):
            with raw(session) as caller:
                caller.send_call(job_path("liar"), JOB, *chance.choice((("ListProcesses",), ("Grant", "ua{sv}", 0, {}), ("Wake", "ua{sv}", 0, {}), ("Revoke",))))
                order = parent.receive()
                while order.kind != rawbus.METHOD_CALL:
                    order = parent.receive()
                signature, value = random_value(chance)
                kind = chance.choice((rawbus.METHOD_RETURN, rawbus.ERROR))
                parent.send(rawbus.message(kind, 1000 + order.serial, signature, rawbus.marshal(signature, value), reply_to=order.serial,
                                           error="org.example.Odd" if kind == rawbus.ERROR else None))
                while caller.receive().kind not in (rawbus.METHOD_RETURN, rawbus.ERROR):
                    pass


def test_half_written_authentication(session, chance):
    before = level(session)[0]
    whole = b"\0AUTH EXTERNAL " + str(os.getuid()).encode().hex().encode() + b"\r\nNEGOTIATE_UNIX_FD\r\nBEGIN\r\n" + rawbus.method_call(1, *CALLS[3][:3])
    peers = []
    for _ in range(100):
        peer = raw(session, authenticate=False)
        peer.send(mutate(chance, whole)[:chance.randrange(1, len(whole))])
        peers.append(peer)
    session.answers()
    session.client("list")
    for peer in peers:
        peer.close()
    wait.until(lambda: level(session)[0] <= before, lambda: f"descriptors: {before} before, {level(session)[0]} now")


def test_endless_authentication(session):
    with raw(session, authenticate=False) as peer:
        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            for _ in range(100):
                peer.send(b"A" * 4096)
            peer.hung_up()
            peer.send(b"A")


@pytest.mark.parametrize("size", [5, 40])
def test_message_that_stalls(session, size):
    """Half a header or half a message, and never the rest: the connection is ended."""
    before = level(session)[0]
    with raw(session) as peer, raw(session) as quiet:
        peer.send(rawbus.method_call(1, *CALLS[3][:3]) + rawbus.method_call(2, *CALLS[0][:4], *CALLS[0][4])[:size])
        assert peer.receive().reply_to == 1
        peer.hung_up()
        assert quiet.call(*CALLS[3][:3]).values, "one that says nothing is left alone"
    wait.until(lambda: level(session)[0] <= before, "the descriptors are closed")


def test_message_that_is_too_large(session):
    fds, memory = level(session)
    for _ in range(5):
        with raw(session) as peer:
            whole = rawbus.method_call(1, MANAGER_PATH, MANAGER, "GetJob", "s", "x" * (100 << 20))
            with pytest.raises((BrokenPipeError, ConnectionResetError)):
                peer.send(whole)
    session.answers()
    wait.until(lambda: level(session)[0] <= fds, "the descriptors are closed")
    assert level(session)[1] < memory + 64


def test_descriptor_flood(session):
    """Hundreds of descriptors with each byte of a message."""
    before = level(session)[0]
    with raw(session) as peer, open("/dev/null", "rb") as null:
        data = rawbus.method_call(1, *CALLS[0][:4], *CALLS[0][4])
        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            for byte in data:
                peer.send(bytes([byte]), [null.fileno()] * 250)
                session.answers()
            peer.hung_up()
            peer.send(b"x")
    wait.until(lambda: level(session)[0] <= before, "the descriptors are closed")


def test_descriptors_that_nobody_wants(session):
    """They are closed with the message."""
    before = level(session)[0]
    with raw(session) as peer, open("/dev/null", "rb") as null:
        peer.call(*CALLS[3][:3])  # sd-bus takes no descriptors together with the end of authentication
        for serial in range(2, 200):
            peer.send(rawbus.method_call(serial, *CALLS[3][:3], fds=100), [null.fileno()] * 100)
            while peer.receive().reply_to != serial:
                pass
    wait.until(lambda: level(session)[0] <= before, "the descriptors are closed")


# What sd-bus reads and does not take: each has descriptors with it.
INVALID = {
    "no member": lambda serial: rawbus.message(rawbus.METHOD_CALL, serial, fds=3, path="/a"),
    "more descriptors than it says": lambda serial: rawbus.method_call(serial, *CALLS[3][:3], fds=1),
    "no serial": lambda serial: rawbus.method_call(0, *CALLS[3][:3], fds=3),
}


@pytest.mark.parametrize("kind", INVALID)
@pytest.mark.parametrize("behind", ["nothing", "the same serial", "in two parts"])
def test_invalid_message_with_descriptors(session, kind, behind):
    """sd-bus drops such a message and forgets its descriptors. Its sender is cut off, also when what follows is valid, and nothing stays open."""
    before = level(session)[0]
    for _ in range(20):
        with raw(session) as peer, open("/dev/null", "rb") as null:
            peer.call(*CALLS[3][:3])
            data, fds = INVALID[kind](7), [null.fileno()] * 3
            try:
                if behind == "in two parts":
                    peer.send(data[:20], fds)
                    session.answers()
                    peer.send(data[20:])
                else:
                    peer.send(data + (rawbus.method_call(7, *CALLS[3][:3]) if behind == "the same serial" else b""), fds)
                peer.hung_up()
            except (BrokenPipeError, ConnectionResetError):
                pass
    wait.until(lambda: level(session)[0] <= before, lambda: f"the descriptors are closed: {level(session)[0]}, before {before}")
    assert session.logs().count("invalid message") == 20


def test_calls_whose_replies_are_never_read(session):
    call = rawbus.method_call(1, MANAGER_PATH, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects")
    with raw(session) as peer:
        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            while True:
                peer.send(call * 10)
        session.answers()
    assert "does not read" in session.logs()


def test_signals_that_are_never_read(session):
    """The listener is cut off; one that reads is not."""
    with raw(session) as deaf, raw(session) as parent, session.peer() as good:
        assert deaf.call(*CALLS[3][:3]).values
        changes = good.signals(f"type='signal',path='{job_path('busy')}',member='PropertiesChanged'")
        parent.call(MANAGER_PATH, REGISTRY, "Register", "sba{sv}", "busy", True, {"State": ("s", "running")})
        for number in range(1, 8000):
            parent.call(MANAGER_PATH, REGISTRY, "Update", "a{sv}", {"PID": ("u", number), "CommandLine": ("as", [f"{number:05}" * 1000])})
            if number % 50 == 0:
                good.process(lambda number=number: changes and changes[-1][3][1].get("PID") == number, "the reader has it all")
        deaf.hung_up()
    assert "does not read" in session.logs()


def test_many_connections_of_one_process(session):
    """No more than so many; other processes are served."""
    peers = [raw(session, authenticate=False) for _ in range(300)]

    def refused():
        count = 0
        for peer in peers:
            peer.socket.setblocking(False)
            try:
                count += peer.socket.recv(1) == b""
            except BlockingIOError:
                pass
        return count >= 300 - PEERS_PER_PROCESS

    wait.until(refused, "those that are too many are refused")
    assert "bystander" in session.client("list").stdout
    for peer in peers:
        peer.close()

    def served():
        try:
            return session.list()
        except (BusError, OSError):
            return None

    wait.until(served, "this process is served again")


@pytest.mark.reaches("Error.LimitReached", "Error.ParentLost")
def test_many_calls_that_wait(session):
    """A parent that never answers: who asks it for too much is told so, and others may still ask it."""
    with raw(session) as parent, raw(session) as flood, session.peer() as other:
        parent.call(MANAGER_PATH, REGISTRY, "Register", "sba{sv}", "silent", True, {"State": ("s", "running")})
        for _ in range(PENDING_CALLS):
            flood.send_call(job_path("silent"), JOB, "Wake", "ua{sv}", 0, {"timeout": ("t", 3_600_000_000)})
        reply = flood.call(job_path("silent"), JOB, "Revoke")
        assert reply.error == ERROR + "LimitReached"
        with pytest.raises((BusError, OSError)):
            other.call(job_path("silent"), JOB, "Revoke", seconds=1)
        assert flood.call(*CALLS[3][:3]).values, "what need not wait is answered"
        parent.close()
        with pytest.raises(BusError) as error:
            other.call(job_path("silent"), JOB, "Revoke")
        assert error.value.name in (ERROR + "ParentLost", ERROR + "TargetGone")


STORM = """
import random, sys
from support import rawbus
chance = random.Random(int(sys.argv[2]))
peers = []
for _ in range(100):
    peer = rawbus.Raw(sys.argv[1])
    for serial in range(1, 20):
        peer.send_call("/org/helicopter1", "org.helicopter1.Manager", "ListJobs")
    peers.append(peer)
    if chance.random() < 0.5:
        peers.pop(chance.randrange(len(peers))).close()
"""


def storm(session, seed):
    for process in [session.python(STORM, session.socket, seed + number % 3) for number in range(6)]:
        process.communicate(timeout=2 * wait.SECONDS)
        assert process.returncode == 0


def test_level_after_a_storm(session, chance):
    """Descriptors and memory are what they were."""
    storm(session, chance.randrange(1000))  # what is needed once is allocated by now
    session.answers()
    before = wait.until(lambda: level(session) if level(session) == level(session) else None, "the level is steady")
    for _ in range(3):
        storm(session, chance.randrange(1000))
    wait.until(lambda: level(session)[0] <= before[0], lambda: f"descriptors: {before[0]} before, {level(session)[0]} now")
    assert level(session)[1] <= before[1] + 8, f"memory: {before[1]} MiB before, {level(session)[1]} now"


def test_connections_that_go_at_once(session):
    before = level(session)[0]
    for _ in range(500):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(session.socket))
    wait.until(lambda: level(session)[0] <= before, "the descriptors are closed")
