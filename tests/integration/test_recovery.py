# SPDX-License-Identifier: LGPL-2.1-or-later
"""The daemon is killed and comes back: what runs is known again, and what has ended is told."""

import os
import re
import shutil
import signal
import subprocess
import time

import pytest
from support import process, rawbus, wait
from support.sdbus import BusError
from support.session import CLIENT, ERROR, JOB, MANAGER, MANAGER_PATH, PARENT, Job, grant, job_path, pid_alive

pytestmark = pytest.mark.parametrize("session", ["bus", "no bus"], indirect=True)

PROPERTIES = ["State", "PID", "ParentPID", "Unit", "ControlGroup", "CommandLine", "WorkingDirectory", "LogPath", "PythonVersion", "StartTimestamp",
              "EndTimestamp", "ExitCode", "ExitSignal", "FailureReason", "TracerPID", "TracerCommand", "TracerSince"]


def properties(session, name):
    found = session.properties(name)
    return {key: found[key] for key in PROPERTIES}


def ended(session):
    """The records of ended jobs."""
    return sorted(os.listdir(session.socket.parent / "ended"))


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_jobs_survive_the_daemon(session, number):
    """However it ends, jobs run on, and a new daemon knows them again by the same names."""
    jobs = [session.run_counter("one"), session.run_counter("two")]
    before = session.list()
    started = [job.StartTimestamp for job in jobs]
    status = session.kill_daemon(number)
    assert status == (-signal.SIGKILL if number == signal.SIGKILL else 0)
    for job in jobs:
        job.counts_on()
    session.start_daemon()
    assert session.list() == before, "a daemon that answers knows them"
    assert [job.StartTimestamp for job in jobs] == started
    session.attach("one").quit()
    jobs[0].counts_on()


def test_daemon_killed_while_a_debugger_is_attached(session):
    job = session.run_counter("count")
    pdb = session.attach("count")
    session.kill_daemon()
    assert pdb.number("counter") > 0, "pdb goes on"
    session.start_daemon()
    pdb.quit()
    job.counts_on()
    session.attach("count").quit()


def test_daemon_is_killed_again_and_again(session):
    job = session.run_counter("count")
    for _ in range(5):
        session.kill_daemon()
        session.start_daemon()
    job.counts_on()


def test_history_survives_the_daemon_for_running_jobs(session):
    job = session.run_counter("count")
    session.attach("count").quit()
    version = job.PythonVersion
    assert version.startswith("3.14.")
    session.kill_daemon()
    session.start_daemon()
    assert Job(session, "count", job.file).PythonVersion == version


def test_terminate_right_after_a_restart(session):
    """The parents come back a moment after the daemon: their jobs are to end too."""
    job = session.run_counter("count")
    pid = job.PID
    session.kill_daemon()
    session.start_daemon()
    session.client("terminate")
    wait.until(lambda: not pid_alive(pid), "the job ends")


def test_everything_is_known_again(session):
    session.run_counter("count")
    session.start_job("done", ["/bin/sh", "-c", "exit 3"])
    session.wait_state("done", "failed")
    before = properties(session, "count"), properties(session, "done")
    assert before[0]["LogPath"].endswith("/count.log")
    for _ in range(2):
        session.kill_daemon()
        session.start_daemon()
        assert (properties(session, "count"), properties(session, "done")) == before


@pytest.mark.parametrize(("number", "code", "state"), [(None, 5, "failed"), (None, 0, "exited"), (signal.SIGKILL, -1, "failed"), (signal.SIGABRT, -1, "failed")])
def test_end_without_a_daemon(session, number, code, state):
    """Told once, with all that there is to tell, and only until it is forgotten."""
    go = session.folder / "go"
    os.mkfifo(go)
    session.start_job("end", ["/bin/sh", "-c", f"read x <{go}; exit {code}"])
    session.wait_state("end", "running")
    running = properties(session, "end")
    session.kill_daemon()
    before = time.time()
    if number:
        os.kill(running["PID"], number)
    else:
        go.write_text("x\n")
    wait.until(lambda: not pid_alive(running["ParentPID"]), "the parent ends: it waits for nobody")
    session.start_daemon()
    now = properties(session, "end")
    assert before <= now["EndTimestamp"] / 1e6 <= time.time()
    assert now == running | {"State": state, "ExitCode": code, "ExitSignal": number or 0, "EndTimestamp": now["EndTimestamp"]}
    session.client("forget", "end")
    assert ended(session) == []
    session.kill_daemon()
    session.start_daemon()
    assert session.list() == {}


def test_name_of_an_ended_job_is_used_again(session):
    session.start_job("end", ["/bin/false"])
    session.wait_state("end", "failed")
    assert ended(session) == ["end"]
    job = session.run_counter("end")
    assert ended(session) == []
    session.kill_daemon()
    session.start_daemon()
    assert session.list()["end"][2] == "running"
    job.counts_on()


def test_end_is_told_once(session):
    """A parent may still be there when the daemon has read its record: it hears of one job, and of one end."""
    session.run_counter("count")
    with session.peer() as peer:
        news = peer.signals("type='signal'")
        pid = peer.call(MANAGER_PATH, MANAGER, "ListJobs")[0][3]  # who has not said who he is yet is sent no signals
        os.kill(pid, signal.SIGTERM)
        peer.process(lambda: any(member == "PropertiesChanged" and told[1].get("State") == "failed" for _, _, member, told in news), "the end is told")
        session.client("list")
        peer.call(job_path("count"), "org.freedesktop.DBus.Peer", "Ping")
        assert [told[1]["State"] for _, _, member, told in news if member == "PropertiesChanged" and "State" in told[1]] == ["failed"]
        assert not [member for _, _, member, _ in news if member in ("JobNew", "JobRemoved")]


def test_typed_jobs_of_one_name(session):
    """Without a daemon nobody gives them different names; none hides another."""
    running = session.run_counter("sh")
    session.kill_daemon()
    assert wait.run(PARENT, "/bin/sh", "-c", "exit 4", env=session.env, check=False).returncode == 4
    session.start_daemon()
    listed = session.list()
    assert listed["sh"][2] == "running" and listed["sh-2"][2] == "failed"
    assert session.get_property(job_path("sh-2"), JOB, "ExitCode") == 4
    running.counts_on()
    session.kill_daemon()
    session.start_daemon()
    assert session.list() == listed


@pytest.mark.parametrize("text", ["", "nonsense", "[Job]\nState=exited\n", "\0\xff", "x" * (1 << 20)])
def test_records_are_not_trusted(session, text):
    session.kill_daemon()
    folder = session.socket.parent / "ended"
    (folder / "bad").write_text(text, encoding="latin-1")
    (folder / "..bad").write_text("")
    os.mkfifo(folder / "pipe")
    (folder / "link").symlink_to("/etc/passwd")
    (folder / "a folder").mkdir()
    session.start_daemon()
    assert session.list() == {}
    assert session.run_counter("bad").counter()


def test_record_before_the_word_of_the_start(session):
    """A job may end so soon that its record is seen before the daemon has read that it runs: it is that job's, and no other's."""
    session.start_job("model", ["/bin/false"])
    session.wait_state("model", "failed")
    folder = session.socket.parent / "ended"
    record = (folder / "model").read_text()
    with rawbus.Raw(session.socket) as parent:
        registered = parent.call(MANAGER_PATH, "org.helicopter1.Registry", "Register", "sba{sv}", "played", True, {"PID": ("u", 1)})
        assert registered.values == ["played"]
        for name in ("played", "other"):
            text = re.sub(r"(?m)^ParentPID=.*", f"ParentPID={os.getpid()}", re.sub(r"(?m)^PID=.*", "PID=1", record))
            (folder.parent / "new").write_text(text)
            (folder.parent / "new").rename(folder / name)
        wait.until(lambda: "other" in session.list(), "the later record is listed")
        assert set(session.list()) == {"model", "played", "other"}
        assert session.list()["played"][2] == "starting"


def test_killed_parent(session):
    """The job is asked to end, and how is not known: that is what is told, also by the next daemon."""
    job = session.run_counter("count")
    pid, parent = job.PID, job.ParentPID
    os.kill(parent, signal.SIGKILL)
    wait.until(lambda: not pid_alive(pid), "the kernel sends SIGTERM to the job")
    session.wait_state("count", "failed")
    told = properties(session, "count")
    assert str(parent) in told["FailureReason"] and "SIGTERM" in told["FailureReason"]
    assert (told["ExitCode"], told["ExitSignal"]) == (-1, 0) and told["EndTimestamp"]
    session.kill_daemon()
    session.start_daemon()
    assert properties(session, "count") == told


def test_killed_parent_of_a_job_that_goes_on(session):
    """A job that does not mind SIGTERM runs on, out of reach; it is not taken for one that is debuggable, nor is its name."""
    session.start_job("stubborn", ["/bin/sh", "-c", "trap '' TERM; while :; do sleep 1; done"])
    session.wait_state("stubborn", "running")
    pid = session.get_property(job_path("stubborn"), JOB, "PID")
    wait.until(lambda: int(process.status(pid)["SigIgn"], 16) & 1 << 14, "SIGTERM is ignored")
    os.kill(session.get_property(job_path("stubborn"), JOB, "ParentPID"), signal.SIGKILL)
    session.wait_state("stubborn", "failed")
    assert pid_alive(pid)
    with session.peer() as peer, pytest.raises(BusError) as error:
        grant(peer, "stubborn")
    assert error.value.name == ERROR + "TargetGone"
    os.kill(pid, signal.SIGKILL)


def test_parent_killed_without_a_daemon(session):
    """Nobody is left who knows; the name is free."""
    job = session.run_counter("count")
    parent = job.ParentPID
    session.kill_daemon()
    os.kill(parent, signal.SIGKILL)
    wait.until(lambda: not pid_alive(parent), "the parent is gone")
    session.start_daemon()
    assert session.list() == {}
    session.run_counter("count")


def test_stopped_parent_is_not_waited_for(session):
    job = session.run_counter("count")
    parent = job.ParentPID
    process.stop(parent)
    session.kill_daemon()
    session.start_daemon()
    assert session.list() == {}
    os.kill(parent, signal.SIGCONT)
    session.wait_state("count", "running")
    job.counts_on()


def test_silent_parent_is_waited_for_until_a_deadline(session):
    """Somebody holds a parent's lock, and does not come."""
    script = "import fcntl, os, sys; f = open(sys.argv[1], 'r+b'); fcntl.lockf(f, fcntl.LOCK_EX, 1, os.getpid()); print('x', flush=True); sys.stdin.read()"
    job = session.run_counter("count")
    session.kill_daemon()
    with session.python(script, session.socket.parent / "parents") as silent:
        assert silent.stdout.read(1)
        before = time.monotonic()
        session.start_daemon()
        assert time.monotonic() - before > 1.5
        assert session.list()["count"][2] == "running"
        silent.communicate()
    job.counts_on()


def test_runtime_folder_that_was_removed(session):
    """Jobs find the daemon again, which then knows of them as before."""
    job = session.run_counter("count")
    session.kill_daemon()
    shutil.rmtree(session.socket.parent)
    session.start_daemon()
    session.wait_state("count", "running")
    for _ in range(2):
        session.kill_daemon()
        session.start_daemon()
        assert session.list()["count"][2] == "running"
    job.counts_on()


def test_connected_parents_need_no_inotify(session):
    """A user has 128 instances, and may have more jobs."""
    job = session.run_counter("count")
    parent = job.ParentPID

    def instances():
        folder = f"/proc/{parent}/fd"
        return [name for name in os.listdir(folder) if os.readlink(f"{folder}/{name}") == "anon_inode:inotify"]

    wait.until(lambda: not instances(), "no instance is held")
    session.kill_daemon()
    wait.until(instances, "the socket's folder is watched")
    session.start_daemon()
    assert session.list()["count"][2] == "running"
    wait.until(lambda: not instances(), "no instance is held")


def test_unknown_name_is_refused_at_once(session):
    session.run_counter("count")
    with session.peer() as peer, pytest.raises(BusError) as error:
        peer.call(MANAGER_PATH, MANAGER, "GetJob", "s", "nobody")
    assert error.value.name == ERROR + "NoSuchJob"
    times = []
    for _ in range(5):  # nor is the machine always busy
        before = time.monotonic()
        session.refused("status", "nobody")
        times.append(time.monotonic() - before)
    assert min(times) < 0.9, times


def test_client_that_comes_first_is_answered_when_the_jobs_are_known(session):
    """Whoever connects while parents are still coming waits, also for what is no question about jobs."""
    names = [f"count{number}" for number in range(5)]
    for name in names:
        session.run_counter(name)
    session.kill_daemon()
    session.start_daemon(wait_until_ready=False)
    wait.until(lambda: session.try_connect(), "the socket is listened to")
    with session.peer() as peer:
        found = peer.call(MANAGER_PATH, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects")
    assert sorted(found) == sorted(job_path(name) for name in names)


def test_run_wait_over_a_crash(session):
    """The client that waits is told the right status, although the job ended without a daemon."""
    go = session.folder / "go"
    os.mkfifo(go)
    with session.process(CLIENT, "run", "--wait", "--job", "end", "--", "/bin/sh", "-c", f"read x <{go}; exit 7", stderr=subprocess.PIPE) as client:
        session.wait_state("end", "running")
        parent = session.get_property(job_path("end"), JOB, "ParentPID")
        os.kill(client.pid, signal.SIGSTOP)
        session.kill_daemon()
        go.write_text("x\n")
        wait.until(lambda: not pid_alive(parent), "the job and its parent end")
        session.start_daemon()
        os.kill(client.pid, signal.SIGCONT)
        assert client.wait(wait.SECONDS) == 7, client.stderr.read()
