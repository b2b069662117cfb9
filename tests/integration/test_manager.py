# SPDX-License-Identifier: LGPL-2.1-or-later
"""The manager's and the jobs' methods, properties and signals."""

import json
import os
import signal
import time

import pytest
from support import process, wait
from support.session import JOB, JOBS, MANAGER, MANAGER_PATH, NAME, job_path, pid_alive

PROPERTIES = "org.freedesktop.DBus.Properties"
OBJECT_MANAGER = "org.freedesktop.DBus.ObjectManager"


def call(session, *words, path=MANAGER_PATH, interface=MANAGER):
    """A call by busctl; its result, as busctl's JSON has it."""
    done = session.busctl("call", NAME, path, interface, *words)
    return json.loads(done.stdout)["data"] if done.stdout.strip() else None


def test_start_job_by_busctl(session):
    file = session.folder / "x.count"
    path = call(session, "StartJob", "sassasa{sv}", "x", "3", "python3.14", str(JOBS / "counter.py"), str(file), str(session.folder), "1",
                f"HELICOPTER_TEST={session.folder}", "0")
    assert path == [job_path("x")]
    wait.until(file.exists, "the job runs")


def test_job_gets_what_the_caller_gave(session):
    odd = ["PLAIN=1", "EMPTY=", "LINES=one\ntwo\n", "BASH_FUNC_x%%=() {  echo hi\n}", "QUOTES='\"\\", "DOLLAR=$PATH %n %% $$", "SPACE= a  b ",
           "UTF8=grün ∞", "lower.dotted=1", f"HELICOPTER_TEST={session.folder}", f"PATH={session.env['PATH']}"]
    words = ["", "two words", "$HOME", "%n", "-x", "--", "new\nline", "'\"\\", "grün"]
    folder = session.folder / "a folder"
    folder.mkdir()
    report = session.folder / "report"
    session.start_job("gift", ["python3.14", JOBS / "report.py", report, *words], cwd=folder, environment=odd)
    wait.until(report.exists, "the report is written")
    found = json.loads(report.read_text())
    assert found["argv"] == words
    assert found["cwd"] == str(folder)
    # LC_CTYPE is set by Python itself under the C locale.
    assert sorted(variable for variable in found["environment"] if not variable.startswith("LC_CTYPE=")) == sorted(odd)
    assert found["stdin"] == "/dev/null"
    assert found["sid"] == found["pid"], "a session of its own"
    assert found["fds"] == [0, 1, 2, 3], "nothing inherited (3 is the listing itself)"
    blocked = {line.split()[0]: int(line.split()[1], 16) for line in found["mask"]}
    assert blocked["SigBlk:"] == 0
    # Python itself ignores SIGPIPE and SIGXFSZ.
    assert blocked["SigIgn:"] & ~(1 << signal.SIGPIPE - 1 | 1 << signal.SIGXFSZ - 1) == 0


def test_output_goes_to_the_log(session):
    session.start_job("talk", ["python3.14", "-c", "import sys; print('to stdout'); print('to stderr', file=sys.stderr)"])
    session.wait_state("talk", "exited")
    log = session.properties("talk")["LogPath"]
    assert log.startswith(session.env["XDG_STATE_HOME"] + "/helicopter/")
    with open(log, encoding="utf-8") as file:
        assert sorted(file.read().splitlines()) == ["to stderr", "to stdout"]
    assert os.stat(log).st_mode & 0o077 == 0


def test_script_is_run_with_python3(session):
    file = session.folder / "count"
    session.start_job("", [JOBS / "counter.py", file])
    wait.until(file.exists, "the script runs")
    assert session.list()["counter"][2] == "running", "the name is made from the script"


def test_names_are_made_unique(session):
    for _ in range(3):
        session.start_job("", ["/bin/sleep", "1000"])
    assert set(session.list()) == {"sleep", "sleep-2", "sleep-3"}


def test_properties_of_a_running_job(session):
    before = time.time()
    job = session.run_counter("count")
    found = session.properties("count")
    assert found["Name"] == "count" and found["State"] == "running"
    assert found["CommandLine"] == ["python3.14", str(JOBS / "counter.py"), str(job.file)]
    assert found["WorkingDirectory"] == str(session.folder)
    assert before - 5 < found["StartTimestamp"] / 1e6 < time.time() + 5
    assert found["EndTimestamp"] == 0
    assert (found["ExitCode"], found["ExitSignal"], found["FailureReason"]) == (-1, 0, "")
    assert (found["TracerPID"], found["TracerCommand"]) == (0, "")
    assert found["Unit"] == ""
    assert int(process.status(found["PID"])["PPid"]) == found["ParentPID"]


@pytest.mark.parametrize(("script", "state", "code", "number"), [
    ("pass", "exited", 0, 0),
    ("raise SystemExit(3)", "failed", 3, 0),
    ("import os; os.kill(os.getpid(), 9)", "failed", -1, signal.SIGKILL),
    ("import os; os.abort()", "failed", -1, signal.SIGABRT),
])
def test_properties_of_a_job_that_ended(session, script, state, code, number):
    session.start_job("end", ["python3.14", "-c", script])
    session.wait_state("end", "exited", "failed")
    found = session.properties("end")
    assert (found["State"], found["ExitCode"], found["ExitSignal"]) == (state, code, number)
    assert found["EndTimestamp"] >= found["StartTimestamp"] > 0
    assert found["PID"] > 0


def test_list_jobs(session):
    job = session.run_counter("count")
    session.start_job("done", ["/bin/true"])
    session.wait_state("done", "exited")
    listed = call(session, "ListJobs")[0]
    assert [job_path("count"), "count", "running", job.PID, 0, ""] in listed
    assert [entry[2] for entry in listed if entry[1] == "done"] == ["exited"]
    described = call(session, "DescribeJobs")[0]
    assert [job_path("count"), "count", "running", job.PID, job.StartTimestamp, 0, job.CommandLine] in described
    assert [entry[1:3] for entry in described if entry[1] == "done"] == [["done", "exited"]]


def test_get_job_by_pid(session):
    job = session.run_counter("count")
    assert call(session, "GetJobByPID", "u", str(job.PID)) == [job_path("count")]
    child = session.run_family()
    assert call(session, "GetJobByPID", "u", str(child)) == [job_path("family")]


def test_forget_job(session):
    session.start_job("done", ["/bin/true"])
    session.wait_state("done", "exited")
    call(session, "ForgetJob", "s", "done")
    assert session.list() == {}


def test_name_of_an_ended_job_is_used_again(session):
    session.start_job("twice", ["/bin/true"])
    session.wait_state("twice", "exited")
    session.start_job("twice", ["/bin/sleep", "1000"])
    assert session.list()["twice"][2] == "running"


def test_stop_ends_a_job_that_ignores_sigterm(session):
    ready = session.folder / "ready"
    session.start_job("deaf", ["python3.14", "-c", "import signal, sys, time; signal.signal(15, signal.SIG_IGN); open(sys.argv[1], 'w'); "
                                                   "time.sleep(1000)", ready])
    wait.until(ready.exists, "the job ignores SIGTERM")
    call(session, "Stop", "a{sv}", "1", "grace", "t", "100000", path=job_path("deaf"), interface=JOB)
    found = session.properties("deaf")
    assert found["ExitSignal"] == signal.SIGKILL and not pid_alive(found["PID"])


def test_stop_reaches_the_whole_job(session):
    child = session.run_family()
    call(session, "Stop", "a{sv}", "0", path=job_path("family"), interface=JOB)
    wait.until(lambda: not pid_alive(child), "the job's child ends")


def test_stopped_job_counts_as_exited(session):
    session.start_job("sleep", ["/bin/sleep", "1000"])
    call(session, "Stop", "a{sv}", "0", path=job_path("sleep"), interface=JOB)
    found = session.properties("sleep")
    assert (found["State"], found["ExitSignal"]) == ("exited", signal.SIGTERM)


@pytest.mark.parametrize(("whom", "child_lives"), [("main", True), ("all", False)])
def test_kill(session, whom, child_lives):
    file = session.folder / "child"
    session.start_job("pair", ["/bin/sh", "-c", f"sleep 1000 & echo $! >{file}; exec sleep 1001"])
    child = int(wait.content(file, "the job has a child"))
    call(session, "Kill", "si", whom, str(int(signal.SIGUSR1)), path=job_path("pair"), interface=JOB)
    if child_lives:
        with session.peer() as peer:
            wait.until(lambda: peer.call(job_path("pair"), PROPERTIES, "Get", "ss", JOB, "ExitSignal") == signal.SIGUSR1, "the main process ends")
    else:
        wait.until(lambda: not pid_alive(child), "the child ends")
        session.wait_state("pair", "failed")


def test_signals(session):
    with session.bus() as bus:
        seen = bus.signals("type='signal',sender='org.helicopter1'")
        session.start_job("note", ["/bin/true"])
        bus.process(lambda: any(path == job_path("note") and member == "PropertiesChanged" and arguments[1].get("State") == "exited"
                                for path, _, member, arguments in seen), lambda: f"the end is told: {seen}")
        call(session, "ForgetJob", "s", "note")
        bus.process(lambda: any(member == "JobRemoved" for _, _, member, _ in seen), lambda: f"JobRemoved is sent: {seen}")
    assert (MANAGER_PATH, MANAGER, "JobNew", ["note", job_path("note")]) in seen
    assert (MANAGER_PATH, MANAGER, "JobRemoved", ["note", job_path("note")]) in seen
    added = [arguments for _, interface, member, arguments in seen if (interface, member) == (OBJECT_MANAGER, "InterfacesAdded")]
    removed = [arguments for _, interface, member, arguments in seen if (interface, member) == (OBJECT_MANAGER, "InterfacesRemoved")]
    assert added[0][0] == job_path("note") and JOB in added[0][1]
    assert removed[0][0] == job_path("note") and JOB in removed[0][1]


def test_signals_on_the_private_socket(session):
    with session.peer() as peer:
        seen = peer.signals("type='signal'")
        session.start_job("note", ["/bin/true"])
        peer.process(lambda: any(member == "JobNew" for _, _, member, _ in seen), "JobNew is sent to a peer")


def test_changes_are_told_once(session):
    """A state is told when it changes, and only then."""
    with session.bus() as bus:
        seen = bus.signals(f"type='signal',interface='{PROPERTIES}',path='{job_path('once')}'")
        session.start_job("once", ["/bin/sh", "-c", "exit 3"])
        bus.process(lambda: any(arguments[1].get("State") == "failed" for *_, arguments in seen), "the end is told")
        states = [arguments[1]["State"] for *_, arguments in seen if "State" in arguments[1]]
    assert states in (["running", "failed"], ["failed"]), states


def test_manager_properties(session):
    assert session.get_property(MANAGER_PATH, MANAGER, "PtraceScope") == -1
    version = session.get_property(MANAGER_PATH, MANAGER, "Version")
    assert version and session.client("--version").stdout.split()[-1] == version
    assert isinstance(session.get_property(MANAGER_PATH, MANAGER, "Features"), list)


def test_terminate(session):
    jobs = [session.run_counter("one").PID, session.run_counter("two").PID]
    call(session, "Terminate")
    assert session.daemon.wait(wait.SECONDS) == 0
    assert not any(pid_alive(pid) for pid in jobs)
    wait.until(lambda: not session.socket.exists(), "the socket is removed")
