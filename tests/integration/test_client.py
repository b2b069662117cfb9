# SPDX-License-Identifier: LGPL-2.1-or-later
"""The client's verbs, their exit codes, and where their output goes."""

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest
from support import wait
from support.session import CLIENT, JOBS, PrivateSession, exit_code, pid_alive


def test_run_prints_the_name_only(session):
    done = session.client("run", "--", "/bin/sleep", "1000")
    assert (done.stdout, done.stderr) == ("sleep\n", "")
    assert session.client("run", "--job", "other", "--", "/bin/sleep", "1000").stdout == "other\n"


def test_run_gives_folder_and_environment(session):
    report = session.folder / "report"
    inner = session.folder / "inner"
    inner.mkdir()
    session.client("run", "-C", "inner", "-E", "ADDED=a=b", "-E", "LANG=C", "--wait", "--", "python3.14", JOBS / "report.py", report,
                   "--wait", "-E", env={"ODD_%%": "x\ny", "VIRTUAL_ENV": "/somewhere"})
    found = json.loads(report.read_text())
    variables = dict(variable.split("=", 1) for variable in found["environment"])
    assert found["cwd"] == str(inner)
    assert found["argv"] == ["--wait", "-E"]
    assert variables["ADDED"] == "a=b" and variables["LANG"] == "C"
    assert variables["ODD_%%"] == "x\ny" and variables["VIRTUAL_ENV"] == "/somewhere"
    assert variables["PYTHONUNBUFFERED"] == "1"


@pytest.mark.parametrize(("script", "code"), [("pass", 0), ("raise SystemExit(7)", 7), ("import os; os.kill(os.getpid(), 15)", 128 + 15)])
def test_run_wait_exits_as_the_job_does(session, script, code):
    done = session.client("run", "--wait", "--", "python3.14", "-c", script, check=False)
    assert done.returncode == code, done.stderr


def test_list(session):
    job = session.run_counter("count")
    session.client("run", "--wait", "--job", "done", "--", "/bin/true")
    lines = session.client("list").stdout.splitlines()
    assert len(lines) == 3
    count = next(line for line in lines if line.startswith("count "))
    assert "running" in count and str(job.PID) in count.split()
    assert "exited" in next(line for line in lines if line.startswith("done "))


def test_status_of_a_running_job(session):
    job = session.run_counter("count")
    shown = session.client("status", "count").stdout
    for word in ("count", "running", str(job.PID), "counter.py"):
        assert word in shown
    assert session.client("status").stdout.splitlines()[0] == shown.splitlines()[0], "the only job need not be named"
    assert session.client("status", "--job", "count").stdout.splitlines()[0] == shown.splitlines()[0]


def test_status_codes(session):
    session.client("run", "--wait", "--job", "done", "--", "/bin/true")
    assert session.client("status", "done", check=False).returncode == 3
    assert "none" in session.refused("status", "none", code=4)


def test_stop(session):
    job = session.run_counter("count")
    pid = job.PID
    session.client("stop", "count")
    assert not pid_alive(pid)
    assert session.list()["count"][2] == "exited"


def test_stop_needs_a_name_among_several(session):
    session.run_counter("one")
    session.run_counter("two")
    message = session.refused("stop")
    assert "one" in message and "two" in message
    assert {job[2] for job in session.list().values()} == {"running"}


def test_forget(session):
    session.client("run", "--wait", "--job", "done", "--", "/bin/true")
    session.client("forget", "done")
    assert session.list() == {}


def test_terminate(session):
    pid = session.run_counter("count").PID
    session.client("terminate")
    assert not pid_alive(pid)
    assert session.daemon.wait(wait.SECONDS) == 0


@pytest.mark.reaches("unknown-option")
def test_usage_errors(session):
    assert "nonsense" in session.client("nonsense", check=False).stderr
    for words in (["nonsense"], ["--nonsense"], ["list", "--nonsense"], ["run"], ["run", "--job"], ["attach", "a", "b"], ["stop", "--job", "a", "b"]):
        done = session.client(*words, check=False)
        assert (done.returncode, done.stdout) == (2, ""), words


def test_help(session):
    shown = session.client("--help").stdout
    for verb in ("run", "attach", "list", "status", "stop", "terminate"):
        assert verb in shown
        assert session.client(verb, "--help").stdout
    assert len(shown.splitlines()) <= 40


def test_interrupted_wait_leaves_the_job(session):
    terminal = session.spawn(CLIENT, "run", "--job", "count", "--wait", "--", "python3.14", JOBS / "counter.py", session.folder / "count")
    session.wait_state("count", "running")
    wait.until((session.folder / "count").exists, "the job runs")
    terminal.sendintr()
    terminal.expect_exact("^C")
    exit_code(terminal)
    assert session.list()["count"][2] == "running"


def test_client_starts_a_daemon_where_nothing_else_does(bare_session):
    """Without a service manager and a message bus."""
    job = bare_session.run_counter("count")
    assert bare_session.list()["count"][2] == "running"
    job.counts_on()
    bare_session.client("stop", "count")


MASKED = 'while [ "$1" != -- ]; do mount --bind "$2" "$1" || exit; shift 2; done; shift; exec "$@"'


def masked(places, env, command):
    """A command line that runs a command with folders in the place of others: {where: folder}. In a user namespace, or by sudo where one cannot
    be made: in a chroot, whose root is no mount, so that it cannot be made private; that of contrib/testbed/enter is."""
    mask = ["--mount", "sh", "-c", MASKED, "sh", *(str(word) for place in places.items() for word in place), "--", "setpriv"]
    command = ["env", "-i", *(f"{name}={value}" for name, value in env.items()), *command]
    if subprocess.run(["unshare", "--user", "--map-current-user", "true"], check=False, stderr=subprocess.DEVNULL).returncode == 0:
        return ["unshare", "--user", "--map-current-user", "--keep-caps", *mask, "--inh-caps=-all", "--ambient-caps=-all", *command]
    has_root = any(line.split()[4] == "/" for line in Path("/proc/self/mountinfo").read_text().splitlines())
    propagation = "private" if has_root else "unchanged"
    return ["sudo", "-n", "unshare", f"--propagation={propagation}", *mask, f"--reuid={os.getuid()}", f"--regid={os.getgid()}", "--init-groups", *command]


@pytest.fixture
def fallback_folder():
    """/tmp/helicopter-UID, which may be in use by somebody: only to be masked."""
    folder = Path(f"/tmp/helicopter-{os.getuid()}")
    is_new = not folder.exists()
    if is_new:
        folder.mkdir(mode=0o700)
    yield folder
    if is_new:
        folder.rmdir()


def test_runtime_folder_falls_back(bare_session, fallback_folder):
    """Without XDG_RUNTIME_DIR, and no /run/user/UID, /tmp/helicopter-UID is used; here both are others than they are, since the daemon that may
    serve there is not ours."""
    session, used, nothing = bare_session, bare_session.folder / "fallback", bare_session.folder / "nothing"
    used.mkdir(mode=0o700)
    nothing.mkdir()
    places = {fallback_folder: used} | ({Path("/run/user"): nothing} if os.path.exists("/run/user") else {})
    env = {name: value for name, value in session.env.items() if name != "XDG_RUNTIME_DIR"}

    def client(*words):
        return wait.run(*masked(places, env, [str(CLIENT), *words]))

    client("run", "--job", "x", "--", "/bin/sleep", "1000")
    folder = used / "helicopter"
    assert (folder / "bus").is_socket()
    assert folder.stat().st_mode & 0o777 == 0o700
    assert "x" in client("list").stdout
    client("terminate")


# The prompt.


def test_prompt_help_list_quit(session):
    session.run_counter("count")
    terminal = session.prompt()
    terminal.sendline("help")
    terminal.expect_exact(">>> ")
    for word in ("attach", "quit", "terminate", "help", "list"):
        assert word in terminal.before
    terminal.sendline("list")
    terminal.expect_exact(">>> ")
    assert "count" in terminal.before and "running" in terminal.before
    terminal.sendline("quit")
    terminal.expect("(?i)running")
    assert exit_code(terminal) == 0
    assert session.list()["count"][2] == "running"


@pytest.mark.parametrize("how", ["exit", "eof"])
def test_prompt_ends(session, how):
    job = session.run_counter("count")
    terminal = session.prompt()
    if how == "eof":
        terminal.sendeof()
    else:
        terminal.sendline(how)
    assert exit_code(terminal) == 0
    job.counts_on()


@pytest.mark.reaches("unknown-command", "unreadable-line")
def test_prompt_survives_nonsense(session):
    terminal = session.prompt()
    for line in ("nonsense", "attach nobody", "attach 'unclosed", "", "   ", "attach a b c"):
        terminal.sendline(line)
        terminal.expect_exact(">>> ")
    terminal.sendintr()
    terminal.expect_exact(">>> ")
    terminal.sendline("quit")
    assert exit_code(terminal) == 0


def test_prompt_terminate(session):
    pid = session.run_counter("count").PID
    terminal = session.prompt()
    terminal.sendline("terminate")
    assert exit_code(terminal) == 0
    assert not pid_alive(pid)
    assert session.daemon.wait(wait.SECONDS) == 0


def test_prompt_reads_a_pipe(session):
    session.run_counter("count")
    done = session.client(stdin=None, input="list\nquit\n")
    assert "count" in done.stdout


def test_a_killed_client_does_not_matter(session):
    with session.process(CLIENT, "run", "--wait", "--job", "count", "--", "python3.14", JOBS / "counter.py", session.folder / "c",
                         stdout=subprocess.DEVNULL) as client:
        wait.until((session.folder / "c").exists, "the job runs")
        client.send_signal(signal.SIGKILL)
    assert session.list()["count"][2] == "running"
