# SPDX-License-Identifier: LGPL-2.1-or-later
"""restart: a job is stopped, and started again with what it was started with, whatever becomes of who asked and of the daemon."""

import json
import os
import signal
import subprocess
import threading

import pytest
from support import errors, process, rawbus, restarts, wait
from support.restarts import Slow, begun
from support.sdbus import BusError
from support.session import CLIENT, ERROR, JOB, JOBS, MANAGER, MANAGER_PATH, PARENT, job_path, pid_alive

pytestmark = pytest.mark.parametrize("session", ["bus", "no bus"], indirect=True)


@pytest.fixture
def restarting(session):
    """Ask for a restart in the background."""
    with restarts.restarting(session) as start:
        yield lambda name="slow": start(name)


def call(session, method, signature="", *arguments, name="slow", **more):
    with session.peer() as peer:
        return peer.call(job_path(name), JOB, method, signature, *arguments, **more)


def refused(session, error, method, *arguments, name="slow"):
    with pytest.raises(BusError) as caught:
        call(session, method, *arguments, name=name)
    assert caught.value.name == ERROR + error, caught.value
    return caught.value.message


def report(session, name="gift"):
    """What report.py was given, when it has ended."""
    path = session.folder / "report"
    found = json.loads(wait.content(path, "the report is written"))
    path.unlink()
    session.wait_state(name, "exited")
    return found


def test_restart(session):
    job = session.run_counter("count")
    pid, parent, started = job.PID, job.ParentPID, job.StartTimestamp
    done = session.client("restart", "count")
    assert (done.stdout, done.stderr) == ("count\n", "")
    assert not pid_alive(pid)
    assert job.State == "running", "it is told when the command has been executed"
    assert job.PID != pid and job.ParentPID != parent and job.StartTimestamp > started
    assert (job.ExitCode, job.EndTimestamp) == (-1, 0)
    job.counts_on()
    assert list(session.list()) == ["count"]
    pdb = session.attach("count")
    assert pdb.number("1 + 1") == 2
    pdb.quit()
    wait.until(lambda: not pid_alive(parent), "the first parent ends")


def test_what_it_is_started_with_stays(session):
    real = session.folder / "real"
    real.mkdir()
    (session.folder / "link").symlink_to(real)
    words = ["", "two words", "$HOME", "%n", "--", "new\nline", "'\"\\", "grün"]
    odd = {"EMPTY": "", "BASH_FUNC_x%%": "() {  echo hi\n}", "LINES": "one\ntwo\n", "LONG": "x" * 50000}
    wait.run(CLIENT, "run", "--job", "gift", "-C", session.folder / "link", "--grant-policy", "ask-terminal", "--", "python3.14", JOBS / "report.py",
             session.folder / "report", *words, env=session.env | odd, umask=0o027)
    before = report(session)
    for _ in range(2):
        done = wait.run(CLIENT, "restart", "gift", env=session.env | {"ODD": "1"}, umask=0o022, cwd="/")
        assert done.stdout == "gift\n"
        after = report(session)
        assert before["pid"] != after["pid"]
        for key in ("argv", "cwd", "environment", "umask", "stdin", "fds", "mask"):
            assert before[key] == after[key], key
    assert before["umask"] == 0o027 and f"LONG={odd['LONG']}" in before["environment"]
    assert session.get_property(job_path("gift"), JOB, "GrantPolicy") == "ask-terminal"


def test_script_is_run_with_python3_again(session):
    session.client("run", "--job", "script", "--", JOBS / "counter.py", session.folder / "count")
    session.wait_state("script", "running")
    session.client("restart", "script")
    assert session.get_property(job_path("script"), JOB, "CommandLine")[:2] == ["python3", str(JOBS / "counter.py")]


def test_name(session):
    assert "No job is running" in session.refused("restart", code=1)
    assert "nobody" in session.refused("restart", "nobody", code=1)
    assert "Usage" in session.refused("restart", "a", "b", code=2)
    assert "--grace" in session.refused("restart", "--grace=-1", "count", code=2)
    session.run_counter("count")
    assert session.client("restart").stdout == "count\n"
    assert session.client("restart", "cou").stdout == "count\n"
    assert session.client("restart", "--job", "count").stdout == "count\n"
    assert "did you mean count?" in session.refused("restart", "cuont", code=1)
    session.run_counter("other")
    assert "Several" in session.refused("restart", code=1)


def test_grace(session):
    session.client("run", "--job", "deaf", "--", "/bin/sh", "-c", "trap '' TERM; echo ready; while :; do sleep 0.1; done")
    wait.until(lambda: "ready" in session.job_output("deaf"), "SIGTERM is ignored")
    pid = session.list()["deaf"][3]
    session.client("restart", "--grace", "0.2", "deaf")
    assert not pid_alive(pid)
    assert session.list()["deaf"][2] == "running"
    with pytest.raises(BusError) as caught:
        call(session, "Restart", "a{sv}", {"grace": ("t", 25 * 3600 * 1_000_000)}, name="deaf")
    assert caught.value.name == ERROR + "BadOption"


def test_output_is_of_the_last_one_alone(session):
    session.client("run", "--wait", "--job", "talk", "--", "/bin/sh", "-c", "echo from $$")
    first = session.job_output("talk")
    session.client("restart", "talk")
    session.wait_state("talk", "exited")
    second = session.client("logs", "talk").stdout
    assert first.startswith("from ") and second.startswith("from ") and first != second


# Its workers, which mind no SIGTERM, hold a lock and much memory; without the lock it says so.
WORKERS = """
import fcntl, os, signal, sys, time
folder = sys.argv[1]
lock = open(folder + "/lock", "w")
try:
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
except BlockingIOError:
    open(folder + "/wrong", "w")
for _ in range(8):
    if os.fork() == 0:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        memory = bytearray(os.urandom(1 << 20) * 64)
        break
with open(folder + "/began", "a") as began:
    began.write(f"{os.getpid()}\\n")
time.sleep(1000)
"""


def test_workers_of_the_first_end_first(session):
    session.client("run", "--job", "family", "--", "python3.14", "-c", WORKERS, session.folder)
    begun(session, 9)
    session.client("restart", "family")
    begun(session, 18)
    assert not (session.folder / "wrong").exists()


def test_the_first_ends_as_every_job_does(session):
    """Who waits for it is told; and its end is before its successor's beginning."""
    slow = Slow(session)
    with session.peer() as peer, session.process(CLIENT, "wait", "slow") as waiting:
        seen = peer.signals("type='signal'")
        peer.process(lambda: True, "signals are taken")
        process.wait_idle(waiting.pid)
        thread = threading.Thread(target=session.client, args=("restart", "slow"))
        thread.start()
        slow.asked()
        slow.may_end()
        assert waiting.wait(wait.SECONDS) == 3
        thread.join()
        peer.process(lambda: any(member == "PropertiesChanged" and arguments[1].get("State") == "running" for _, _, member, arguments in seen), lambda: f"it is told: {seen}")
    order = [arguments[1]["State"] if member == "PropertiesChanged" else member for path, interface, member, arguments in seen
             if member in ("JobNew", "JobRemoved") or (member == "PropertiesChanged" and "State" in arguments[1])]
    assert order == ["exited", "JobRemoved", "JobNew", "running"]
    slow.runs_again()


def test_ended_job(session):
    session.client("run", "--wait", "--job", "gift", "--", "python3.14", JOBS / "report.py", session.folder / "report", "x")
    before = report(session)
    session.client("restart", "gift")
    after = report(session)
    assert before["environment"] == after["environment"] and before["pid"] != after["pid"]
    session.client("forget", "gift")
    assert "no job named gift" in session.refused("restart", "gift", code=1)


def test_job_whose_parent_was_killed(session):
    job = session.run_counter("count")
    os.kill(job.ParentPID, signal.SIGKILL)
    session.wait_state("count", "failed")
    session.client("restart", "count")
    assert job.State == "running" and job.FailureReason == ""


def test_ended_job_of_an_earlier_daemon(session):
    session.client("run", "--wait", "--job", "done", "--", "/bin/true")
    session.kill_daemon()
    session.start_daemon()
    said = session.refused("restart", "done", code=1)
    assert "has ended" in said and "helicopter-client run" in said
    assert session.list()["done"][2] == "exited"


def test_job_of_an_earlier_daemon(session):
    session.client("run", "--job", "gift", "--", "/bin/sh", "-c", 'python3.14 "$0" "$1"; exec sleep 1000', JOBS / "report.py", session.folder / "report",
                   env={"SECRET": "x"})
    wait.until((session.folder / "report").exists, "the report is written")
    before = json.loads((session.folder / "report").read_text())
    (session.folder / "report").unlink()
    session.kill_daemon()
    session.start_daemon()
    session.client("restart", "gift")
    wait.until((session.folder / "report").exists, "the report is written")
    after = json.loads((session.folder / "report").read_text())
    assert after["environment"] == before["environment"] and "SECRET=x" in after["environment"]


def test_command_that_is_gone(session):
    """As of run; the job is listed as failed, and is started when the command is there again."""
    script = session.folder / "script"
    script.write_text("#!/bin/sh\nexec sleep 1000\n")
    script.chmod(0o755)
    session.client("run", "--job", "fragile", "--", script)
    script.rename(session.folder / "away")
    assert str(script) in session.refused("restart", "fragile", code=127)
    assert session.list()["fragile"][2] == "failed"
    assert str(script) in session.get_property(job_path("fragile"), JOB, "FailureReason")
    (session.folder / "away").rename(script)
    script.chmod(0o644)
    session.refused("restart", "fragile", code=126)
    script.chmod(0o755)
    session.client("restart", "fragile")
    assert session.list()["fragile"][2] == "running"


def test_folder_that_is_gone(session):
    """That is known before the job is stopped."""
    folder = session.folder / "folder"
    folder.mkdir()
    session.client("run", "--job", "lost", "-C", folder, "--", "/bin/sleep", "1000")
    pid = session.list()["lost"][3]
    folder.rmdir()
    assert str(folder) in session.refused("restart", "lost", code=1)
    assert session.list()["lost"][2:4] == ("running", pid) and pid_alive(pid)


@pytest.mark.reaches("Error.NotRestartable")
@pytest.mark.parametrize("terminal", [True, False])
def test_job_that_somebody_else_has_started(session, terminal):
    words = (PARENT, "--job", "typed", "--", "/bin/sleep", "1000")
    if terminal:
        typed = session.spawn(*words)
    else:
        typed = subprocess.Popen(words, env=session.env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True)
    session.wait_state("typed", "running")
    pid = session.list()["typed"][3]
    said = session.refused("restart", "typed", code=1)
    assert ("runs in a terminal" if terminal else "only what started it") in said and "helicopter-client run" in said
    assert session.list()["typed"][2:4] == ("running", pid)
    session.client("stop", "typed")
    assert "has ended" in session.refused("restart", "typed", code=1)
    typed.wait()


def test_job_of_an_older_daemon(session):
    """Whose parent it has given the environment only."""
    environment = session.folder / "environment"
    environment.write_text("".join(f"{key}={value}\0" for key, value in session.env.items()))
    with open(environment, "rb") as file, session.process(PARENT, "--job", "old", "--environment-on-stdin", "--", "/bin/sleep", "1000", stdin=file):
        session.wait_state("old", "running")
        assert "older daemon" in session.refused("restart", "old", code=1)
        session.client("stop", "old")


# Who asked goes.


def test_client_that_is_killed(session, restarting):
    slow = Slow(session)
    client = restarting()
    slow.asked()
    client.kill()
    client.wait()
    slow.may_end()
    slow.runs_again()


def test_client_that_is_killed_at_once(session):
    """Once the call was sent it is carried out."""
    slow = Slow(session)
    with session.peer() as peer, pytest.raises(BusError) as caught:
        peer.call(job_path("slow"), JOB, "Restart", "a{sv}", {}, seconds=0.01)
    assert caught.value.name == "org.freedesktop.DBus.Error.Timeout"
    slow.may_end()
    slow.runs_again()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
@pytest.mark.parametrize("ends", ["while there is no daemon", "when there is one again"])
def test_daemon_that_is_replaced(session, restarting, number, ends):
    slow = Slow(session)
    parent = session.get_property(job_path("slow"), JOB, "ParentPID")
    client = restarting()
    slow.asked()
    session.kill_daemon(number)
    assert client.wait(wait.SECONDS) == 1
    assert "connection to the daemon was lost" in client.stderr.read()
    if ends == "while there is no daemon":
        slow.may_end()
        wait.until(lambda: not pid_alive(slow.pid), "it ends")
        assert pid_alive(parent), "its parent waits for a daemon"
        session.start_daemon()
    else:
        session.start_daemon()
        assert session.list()["slow"][2] == "running"
        slow.may_end()
    slow.runs_again()
    wait.until(lambda: not pid_alive(parent), "the first parent ends")
    assert list(session.list()) == ["slow"]


def test_parent_that_comes_late(session, restarting):
    """The end is listed from its record by then."""
    slow = Slow(session)
    parent = session.get_property(job_path("slow"), JOB, "ParentPID")
    restarting()
    slow.asked()
    session.kill_daemon()
    slow.may_end()
    wait.until(lambda: (session.socket.parent / "ended/slow").exists(), "its end is recorded")
    process.stop(parent)
    session.start_daemon()
    assert session.list()["slow"][2] == "exited"
    os.kill(parent, signal.SIGCONT)
    slow.runs_again()
    wait.until(lambda: not pid_alive(parent), "the first parent ends")


def test_parent_that_is_killed(session, restarting):
    slow = Slow(session)
    client = restarting()
    slow.asked()
    os.kill(session.get_property(job_path("slow"), JOB, "ParentPID"), signal.SIGKILL)
    slow.may_end()
    assert client.wait(wait.SECONDS) == 0, client.stderr.read()
    begun(session, 2)


def test_parent_that_is_killed_without_a_daemon(session, restarting):
    """Nobody is left who could; nothing is left either."""
    slow = Slow(session)
    restarting()
    slow.asked()
    parent = session.get_property(job_path("slow"), JOB, "ParentPID")
    session.kill_daemon()
    os.kill(parent, signal.SIGKILL)
    slow.may_end()
    wait.until(lambda: not pid_alive(parent), "the parent is gone")
    session.start_daemon()
    assert session.list() == {}


# What else is asked meanwhile.


def test_a_second_restart(session, restarting):
    """Both are answered, and it is started once."""
    slow = Slow(session)
    client = restarting()
    slow.asked()
    with rawbus.Raw(session.socket) as other:
        serial = other.send_call(job_path("slow"), JOB, "Restart", "a{sv}", {})
        other.call(MANAGER_PATH, MANAGER, "ListJobs")  # once that is answered, the call in front of it has been taken
        slow.may_end()
        while (reply := other.receive()).reply_to != serial:
            pass
        assert reply.kind == rawbus.METHOD_RETURN
    assert client.wait(wait.SECONDS) == 0, client.stderr.read()
    assert client.stdout.read() == "slow\n"
    slow.runs_again()
    assert (session.folder / "asked").read_text() == "x"


@pytest.mark.reaches("Error.Cancelled")
@pytest.mark.parametrize("how", ["stop", "a signal to the parent"])
def test_stop_calls_it_off(session, restarting, how):
    slow = Slow(session)
    client = restarting()
    slow.asked()
    parent = session.get_property(job_path("slow"), JOB, "ParentPID")
    if how == "stop":
        stopping = threading.Thread(target=session.client, args=("stop", "slow"))
        stopping.start()
    else:
        os.kill(parent, signal.SIGTERM)
    assert client.wait(wait.SECONDS) == 1
    errors.observed.write(said := client.stderr.read())
    assert "Job slow was told to end meanwhile" in said
    slow.may_end()
    if how == "stop":
        stopping.join()
    session.wait_state("slow", "exited")
    wait.until(lambda: not pid_alive(parent), "the parent ends")
    assert begun(session, 1) == [slow.pid]
    # And then it is asked for again.
    session.client("restart", "slow")
    slow.runs_again()


def test_restart_after_stop(session, restarting):
    """The later word counts."""
    slow = Slow(session)
    stopping = threading.Thread(target=session.client, args=("stop", "slow"))
    stopping.start()
    slow.asked()
    client = restarting()
    wait.until(lambda: (session.folder / "asked").read_text() == "xx", "it is told to end once more")
    slow.may_end()
    stopping.join()
    assert client.wait(wait.SECONDS) == 0, client.stderr.read()
    slow.runs_again()


def test_the_rest_is_as_of_a_running_job(session, restarting):
    slow = Slow(session)
    client = restarting()
    slow.asked()
    os.close(call(session, "Grant", "ua{sv}", 0, {}))
    assert call(session, "ListProcesses")[0][0] == slow.pid
    assert "has not ended" in session.refused("forget", "slow", code=1)
    assert "exists and has not ended" in session.refused("run", "--job", "slow", "--", "/bin/true", code=125)
    call(session, "SetGrantPolicy", "s", "none")
    slow.may_end()
    assert client.wait(wait.SECONDS) == 0, client.stderr.read()
    slow.runs_again()
    assert session.get_property(job_path("slow"), JOB, "GrantPolicy") == "none", "what was narrowed stays so"


@pytest.fixture
def parent_program(session):
    """Have the daemon start this in the place of helicopter-parent; which it has as its arguments."""

    def replace(script):
        program = session.folder / "parent"
        program.write_text(f'#!/bin/sh\nset -- {PARENT} "$@"\n{script}\n')
        program.chmod(0o755)
        session.kill_daemon()
        session.start_daemon(env={"HELICOPTER_PARENT": str(program)})

    return replace


def test_while_the_successor_is_being_started(session, restarting, parent_program):
    job = session.run_counter("count")
    pid = job.PID
    parent_program(f'while [ ! -e {session.folder}/go ]; do sleep 0.02; done; exec "$@"')
    clients = [restarting("count")]
    wait.until(lambda: session.list()["count"][2] == "starting", "the successor is being started")
    assert not pid_alive(pid)
    clients.append(restarting("count"))
    for method, arguments in (("Grant", ("ua{sv}", 0, {})), ("Stop", ("a{sv}", {})), ("ListProcesses", ())):
        assert "is being started" in refused(session, "Timeout", method, *arguments, name="count")
    assert "has not ended" in session.refused("forget", "count", code=1)
    assert "exists and has not ended" in session.refused("run", "--job", "count", "--", "/bin/true", code=125)
    (session.folder / "go").touch()
    for client in clients:
        assert client.wait(wait.SECONDS) == 0, client.stderr.read()
    job.counts_on()
    assert len([command for _, command in session.processes() if "counter.py" in command]) == 2, "it was started once"


def test_successor_that_cannot_be_started(session, parent_program):
    job = session.run_counter("count")
    parent_program(f'[ ! -e {session.folder}/broken ] || exit 9; exec "$@"')
    (session.folder / "broken").touch()
    said = session.refused("restart", "count", code=1)
    assert "helicopter-parent ended at once (code 9)" in said
    assert job.State == "failed" and "code 9" in job.FailureReason
    (session.folder / "broken").unlink()
    session.client("restart", "count")
    job.counts_on()


def test_terminate_calls_it_off(session, restarting):
    slow = Slow(session)
    client = restarting()
    slow.asked()
    terminating = threading.Thread(target=session.client, args=("terminate",), kwargs={"timeout": 3 * wait.SECONDS})
    terminating.start()
    assert client.wait(wait.SECONDS) == 1
    assert "is not started again" in client.stderr.read()
    assert "told to end" in refused(session, "LaunchFailed", "Restart", "a{sv}", {})
    slow.may_end()
    terminating.join()
    assert session.daemon.wait(wait.SECONDS) == 0
    assert begun(session, 1) == [slow.pid]


def test_the_name_is_never_free(session):
    """Whoever wants it all the time does not get it."""
    job = session.run_counter("count")
    over = threading.Event()
    wrong = []

    def want():
        while not over.is_set():
            try:
                session.start_job("count", ["/bin/true"])
                wrong.append("it was free")
            except BusError as error:
                if error.name != ERROR + "JobExists":
                    wrong.append(error)

    threads = [threading.Thread(target=want) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(5):
            call(session, "Restart", "a{sv}", {}, name="count")
    finally:
        over.set()
        for thread in threads:
            thread.join()
    assert not wrong
    job.counts_on()


def test_nothing_is_left(session):
    """Descriptors and processes, after many of them."""
    session.run_counter("count")

    def restarts(count):
        for _ in range(count):
            call(session, "Restart", "a{sv}", {}, name="count")
        # A connection that dozes has a descriptor more.
        parent = session.properties("count")["ParentPID"]
        wait.until(lambda: process.dozes(parent, session.daemon.pid), "the connection of the job's parent dozes")

    restarts(2)
    descriptors = process.descriptors(session.daemon.pid)
    restarts(10)
    wait.until(lambda: process.descriptors(session.daemon.pid) <= descriptors, lambda: f"{process.descriptors(session.daemon.pid)} descriptors, before: {descriptors}")
    wait.until(lambda: len([command for _, command in session.processes() if "counter.py" in command]) == 2, "there is one parent and one job")
    assert process.zombies(session.daemon.pid) == []
