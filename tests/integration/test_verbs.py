# SPDX-License-Identifier: LGPL-2.1-or-later
"""The verbs that look at jobs and wait for them: the normal case of each, and the mistakes that are likely with it."""

import json
import os
import re
import signal
import subprocess

import pexpect
import pytest
from support import process, wait
from support.session import CLIENT, INCLUDE, pid_alive


def run_script(session, name, script, *options, check=True):
    return session.client("run", "--job", name, *options, "--", "python3.14", "-c", script, check=check)


@pytest.fixture
def background(session):
    """Start the client without waiting for it; what it writes goes into a file."""
    started = []

    def start(*words):
        path = session.folder / f"background-{len(started)}"
        with open(path, "wb") as file:
            started.append(subprocess.Popen([CLIENT, *map(str, words)], env=session.env, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT))
        started[-1].written = path.read_text
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


# wait


@pytest.mark.parametrize(("script", "code"), [("pass", 0), ("raise SystemExit(7)", 7), ("import os; os.kill(os.getpid(), 15)", 128 + 15)])
def test_wait_exits_as_the_job_did(session, script, code):
    run_script(session, "done", script, "--wait", check=False)
    done = session.client("wait", "done", check=False)
    assert (done.returncode, done.stdout, done.stderr) == (code, "", "")
    assert session.client("wait", "--job", "done", check=False).returncode == code


def test_wait_waits(session, background):
    job = session.run_counter("count")
    waiting = background("wait")
    process.wait_idle(waiting.pid)
    job.counts_on()
    assert waiting.poll() is None
    session.client("kill", "-s", "KILL", "count")
    assert waiting.wait(wait.SECONDS) == 128 + signal.SIGKILL


def test_wait_outlives_the_daemon(session, background):
    session.run_counter("count")
    waiting = background("wait", "count")
    process.wait_idle(waiting.pid)
    session.kill_daemon()
    session.client("kill", "count")  # which starts a daemon, unless the one that waits did
    assert waiting.wait(wait.SECONDS) == 128 + signal.SIGTERM, waiting.written()


@pytest.mark.reaches("Client.Error.NoJob", "usage")
def test_wait_mistakes(session):
    assert "No job is running" in session.refused("wait", code=125)
    assert "nobody" in session.refused("wait", "nobody", code=125)
    assert "Usage" in session.refused("wait", "a", "b", code=2)


# kill


@pytest.mark.parametrize("spelling", ["USR1", "SIGUSR1", "usr1", str(int(signal.SIGUSR1))])
def test_kill_sends_the_signal(session, spelling):
    job = session.run_counter("count")
    session.client("kill", "-s", spelling, "count")
    session.wait_state("count", "failed")
    assert job.ExitSignal == signal.SIGUSR1


def test_kill_reaches_one_or_all(session):
    pids = session.folder / "pids"
    script = f"import os, time; child = os.fork(); child and print(os.getpid(), child, file=open({str(pids)!r}, 'w')); time.sleep(1000)"
    for options, survives in (((), True), (("--all",), False)):
        pids.unlink(missing_ok=True)
        run_script(session, "pair", "import signal; signal.signal(signal.SIGUSR1, lambda *_: print('got it', flush=True))\n" + script)
        _, child = map(int, wait.content(pids, "the pids are known").split())
        before = session.job_output("pair").count("got it")
        session.client("kill", "-s", "USR1", *options, "pair")
        expected = before + (1 if survives else 2)
        wait.until(lambda: session.job_output("pair").count("got it") == expected, lambda: session.job_output("pair"))
        assert pid_alive(child)
        session.client("kill", "-s", "KILL", "--all", "pair")
        session.wait_state("pair", "failed")


def test_kill_mistakes(session):
    assert "FOO" in session.refused("kill", "-s", "FOO", "count", code=2)
    assert "nobody" in session.refused("kill", "nobody", code=1)
    run_script(session, "done", "pass", "--wait")
    assert "done" in session.refused("kill", "done", code=1)


# logs


WRITES = "import sys\nfor number in range(20): print('line', number, flush=True)\nprint('to stderr', file=sys.stderr)"
LINES = [f"line {number}" for number in range(20)] + ["to stderr"]


def test_logs(session):
    run_script(session, "talk", WRITES, "--wait")
    assert session.client("logs", "talk").stdout.splitlines() == LINES
    assert session.client("logs", "-n", "3", "talk").stdout.splitlines() == LINES[-3:]
    assert session.client("logs", "-n", "0", "talk").stdout == ""
    assert session.client("logs", "-n", "1000", "talk").stdout.splitlines() == LINES
    assert session.client("logs", "-f", "talk").stdout.splitlines() == LINES[-10:], "an ended job is not waited for"


def test_logs_are_of_this_job_alone(session):
    run_script(session, "talk", "print('first')", "--wait")
    run_script(session, "talk", "print('second', end='')", "--wait")
    assert session.client("logs", "talk").stdout == "second"
    assert session.client("logs", "-n", "1", "talk").stdout == "second"


def test_logs_of_long_lines(session):
    run_script(session, "talk", "for size in (100000, 7, 200000, 3): print('x' * size)", "--wait")
    assert [len(line) for line in session.client("logs", "-n", "3", "talk").stdout.splitlines()] == [7, 200000, 3]


def test_logs_follow_until_the_end(session, background):
    go_on = session.folder / "go on"
    run_script(session, "talk", f"import os, time\nprint('before', flush=True)\nwhile not os.path.exists({str(go_on)!r}): time.sleep(0.02)\nprint('after')")
    following = background("logs", "-f", "talk")
    wait.until(lambda: "before\n" in following.written(), "what was written before is shown")
    assert following.poll() is None
    go_on.touch()
    assert following.wait(wait.SECONDS) == 0
    assert following.written() == "before\nafter\n"


def test_logs_follow_without_the_daemon(session, background):
    go_on = session.folder / "go on"
    run_script(session, "talk", f"import os, time\nprint('before', flush=True)\nwhile not os.path.exists({str(go_on)!r}): time.sleep(0.02)\n"
               "print('between', flush=True)\ntime.sleep(1000)")
    following = background("logs", "-f", "talk")
    wait.until(lambda: "before\n" in following.written(), "what was written before is shown")
    session.kill_daemon()
    go_on.touch()
    wait.until(lambda: "between\n" in following.written(), "what is written without a daemon is shown")
    assert following.poll() is None
    session.client("stop", "talk")
    assert following.wait(wait.SECONDS) == 0, following.written()


@pytest.mark.reaches("Client.Error.NoTimes")
def test_logs_mistakes(session):
    assert "nobody" in session.refused("logs", "nobody", code=1)
    assert "--since" in session.refused("logs", "--since", "once", "x", code=2)
    assert "--lines" in session.refused("logs", "-n", "-5", "x", code=2)
    run_script(session, "talk", "pass", "--wait")
    assert "times" in session.refused("logs", "--since", "10min", "talk", code=1)


def test_run_follow(session):
    done = run_script(session, "talk", WRITES + "\nraise SystemExit(3)", "--follow", check=False)
    assert done.returncode == 3
    assert done.stdout.splitlines() == ["talk", *LINES]


# names


@pytest.mark.reaches("Client.Error.Ambiguous")
def test_prefixes(session):
    session.run_counter("train-big")
    run_script(session, "trainer", "pass", "--wait")
    assert "train-big" in session.client("status", "tr").stdout, "one that runs comes first"
    assert "trainer" in session.client("status", "trainer", check=False).stdout
    assert "trainer" in session.client("status", "traine", check=False).stdout
    session.run_counter("train-small")
    message = session.refused("stop", "train")
    assert "train-big" in message and "train-small" in message
    assert {job[2] for job in session.list().values()} == {"running", "exited"}
    session.client("stop", "train-b")
    assert session.list()["train-big"][2] != "running"
    session.client("forget", "traine")
    assert "trainer" not in session.list()


@pytest.mark.reaches("unknown-verb")
def test_nearest_name(session):
    session.run_counter("train")
    assert "did you mean train?" in session.refused("attach", "trian")
    assert "did you mean train?" in session.refused("status", "strain", code=4)
    assert "did you mean" not in session.refused("status", "simulate", code=4)
    assert "'attach'" in session.refused("atach", code=2)


def test_an_exact_name_wins(session):
    session.run_counter("a")
    session.run_counter("ab")
    session.client("stop", "a")
    assert (session.list()["a"][2], session.list()["ab"][2]) == ("exited", "running")


# JSON


def keys_of_properties():
    text = (INCLUDE / "org.helicopter1.Job.xml").read_text()
    names = re.findall(r'<property name="(\w+)"', text)
    return {re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower() for name in names}


def test_json_has_the_properties(session):
    job = session.run_counter("count")
    run_script(session, "done", "raise SystemExit(3)", "--wait", check=False)
    listed = {entry["name"]: entry for entry in json.loads(session.client("list", "--json").stdout)}
    assert set(listed) == {"count", "done"}
    assert set(listed["count"]) == set(listed["done"]) == keys_of_properties()
    assert (listed["count"]["state"], listed["count"]["pid"], listed["count"]["exit_code"]) == ("running", job.PID, None)
    assert listed["count"]["command_line"][0] == "python3.14"
    assert (listed["done"]["state"], listed["done"]["exit_code"], listed["done"]["exit_signal"]) == ("failed", 3, None)
    count = json.loads(session.client("status", "--json", "count").stdout)
    assert count | listed["count"] == count, "and where it is"
    done = session.client("status", "--json", "done", check=False)
    assert done.returncode == 3 and json.loads(done.stdout) | listed["done"] == json.loads(done.stdout)


def test_json_of_nothing(session):
    assert json.loads(session.client("ls", "--json").stdout) == []
    assert session.client("ls").stdout == ""


# Colours


@pytest.mark.parametrize(("env", "coloured"), [
    ({"TERM": "xterm", "NO_COLOR": ""}, True),
    ({"TERM": "xterm", "NO_COLOR": "1"}, False),
    ({"TERM": "dumb", "NO_COLOR": ""}, False),
    ({"TERM": "", "NO_COLOR": ""}, False),
])
def test_colours(session, env, coloured):
    env = {key: value for key, value in env.items() if value or key != "TERM"}
    session.env.pop("TERM")
    session.client("run", "--job", "shell", "--", "/bin/sleep", "1000")
    for words in (["status", "shell"], ["doctor", "python3.14"], ["status", "nobody"]):
        terminal = session.spawn(CLIENT, *words, env=env)
        terminal.expect(pexpect.EOF)
        assert ("\x1b[" in terminal.before) == coloured, terminal.before
        plain = session.client(*words, check=False, env=env)
        assert "\x1b" not in plain.stdout + plain.stderr, "there is no terminal"


# version, doctor


def test_version(bare_session):
    shown = bare_session.client("version").stdout
    assert "does not run" in shown
    assert not bare_session.socket.exists(), "no daemon is started for that"
    bare_session.start_daemon()
    found = json.loads(bare_session.client("version", "--json").stdout)
    assert found["client"] == found["daemon"]
    assert "Usage" in bare_session.refused("version", "x", code=2)


def doctor(session, *words, **more):
    done = session.client("doctor", "--json", *words, check=False, **more)
    return done.returncode, {check["check"]: check for check in json.loads(done.stdout)}


def test_doctor_finds_nothing_wrong(session):
    code, checks = doctor(session, "python3.14")
    assert code == 0, checks
    for name in ("kernel", "yama", "tracing", "python", "programs", "runtime", "socket", "daemon", "bus"):
        assert checks[name]["status"] == "ok", checks[name]
        assert checks[name]["remedy"] is None
    shown = session.client("doctor", "python3.14").stdout
    assert all(len([line for line in shown.splitlines() if line.split()[1:2] == [name]]) == 1 for name in checks)
    assert "ptrace_scope=0" not in shown and "setcap" not in shown


def test_doctor_starts_no_daemon(bare_session):
    code, checks = doctor(bare_session, "python3.14")
    assert code == 0, checks
    assert checks["bus"]["status"] == "note"
    assert not bare_session.socket.exists()


@pytest.mark.parametrize(("python", "env", "words"), [
    ("python3.14", {"PYTHON_DISABLE_REMOTE_DEBUG": "1"}, "PYTHON_DISABLE_REMOTE_DEBUG"),
    ("/bin/false", {}, "does not work"),
    ("no-such-python", {}, "no-such-python"),
])
def test_doctor_and_python(session, python, env, words):
    code, checks = doctor(session, python, env=env)
    assert (code, checks["python"]["status"]) == (1, "problem")
    assert words in checks["python"]["text"] and checks["python"]["remedy"]


def test_doctor_and_an_old_python(session):
    old = session.folder / "python-old"
    old.write_text("#!/bin/sh\necho 3.11.2 disabled\n")
    old.chmod(0o755)
    code, checks = doctor(session, old)
    assert (code, checks["python"]["status"]) == (1, "problem")
    (session.folder / "python3").symlink_to(old)
    code, checks = doctor(session, env={"PATH": f"{session.folder}:{session.env['PATH']}"})
    assert (code, checks["python"]["status"]) == (0, "note")
    assert "python3.1" in checks["python"]["text"]


def test_doctor_and_a_runtime_folder_of_others(session):
    os.chmod(session.folder / "run", 0o777)
    code, checks = doctor(session, "python3.14")
    assert (code, checks["runtime"]["status"]) == (1, "problem")


def test_doctor_and_a_silent_daemon(session):
    os.kill(session.daemon.pid, signal.SIGSTOP)
    try:
        code, checks = doctor(session, "python3.14", timeout=4 * wait.SECONDS)
    finally:
        os.kill(session.daemon.pid, signal.SIGCONT)
    assert (code, checks["daemon"]["status"]) == (1, "problem")
