# SPDX-License-Identifier: LGPL-2.1-or-later
"""helicopter-parent, typed by a user or started by something else: the job is as if it were not there."""

import contextlib
import json
import os
import signal
import subprocess
import time

import pytest
from support import errors, played, rawbus, sdbus, wait
from support.process import children, stat, state, time_slice
from support.session import JOBS, PARENT, Job, Pdb, pid_alive


@contextlib.contextmanager
def parent(session, *words, **more):
    """helicopter-parent without a terminal. At the end of the context it must have ended, or be told to."""
    process = subprocess.Popen([str(word) for word in (PARENT, *words)], env=session.env, cwd=session.folder, text=True,
                               **({"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | more))
    try:
        yield process
    except BaseException:
        session.kill_all()
        raise
    finally:
        process.communicate(timeout=wait.SECONDS)


def end_of(process):
    """What a parent that ends has written, (stdout, stderr)."""
    output, message = process.communicate(timeout=wait.SECONDS)
    errors.observed.write(f"\n{message}")
    return output, message


def lines(path):
    return path.read_text().split() if path.exists() else []


def test_job_registers(session):
    file = session.folder / "count"
    with parent(session, JOBS / "counter.py", file) as process:
        session.wait_state("counter", "running")
        assert session.list()["counter"][3] == children(process.pid)[0]
        with session.attach("counter").terminal as terminal:
            terminal.sendline("quit")
            terminal.expect("(?i)detached")
        process.terminate()
        process.communicate()
    assert process.returncode == -signal.SIGTERM
    session.wait_state("counter", "exited")


def test_time_slice(session):
    """The parent's is short, so that it is not waited for. That is nothing of the job's."""
    job = session.run_counter("count")
    assert time_slice(job.ParentPID) == min(time_slice(0), 100_000)
    assert time_slice(job.PID) == time_slice(0)


def test_name_is_taken_as_given(session):
    with parent(session, "--job", "mine", "--", "/bin/sleep", "1000") as process:
        session.wait_state("mine", "running")
        process.terminate()
        process.communicate()


def test_names_are_numbered_when_derived(session):
    with parent(session, "/bin/sleep", "1000") as first, parent(session, "/bin/sleep", "1000") as second:
        wait.until(lambda: set(session.list()) == {"sleep", "sleep-2"}, lambda: f"both are known: {session.list()}")
        first.terminate()
        second.terminate()


@pytest.mark.parametrize("script", ["raise SystemExit(0)", "raise SystemExit(3)", "raise SystemExit(255)", "print('x', file=__import__('sys').stderr)"])
def test_exit_code_is_the_jobs(session, script):
    plain = wait.run("python3.14", "-c", script, check=False)
    with parent(session, "python3.14", "-c", script) as process:
        output = process.communicate(timeout=wait.SECONDS)
    assert (process.returncode, *output) == (plain.returncode, plain.stdout, plain.stderr)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGABRT, signal.SIGSEGV, signal.SIGINT, signal.SIGPIPE, signal.SIGHUP,
                                    signal.SIGALRM, signal.SIGRTMIN])
def test_end_by_signal_is_the_jobs(session, number):
    with parent(session, "/bin/sh", "-c", f"kill -{int(number)} $$") as process:
        process.communicate(timeout=wait.SECONDS)
    assert process.returncode == -number


@pytest.mark.parametrize(("command", "code"), [("/no/such/command", 127), ("no-such-command", 127), ("/etc/passwd", 126), ("/", 126)])
@pytest.mark.reaches("parent-command")
def test_commands_that_cannot_be_executed(session, command, code):
    with parent(session, "--", command) as process:
        output, message = end_of(process)
    assert process.returncode == code
    assert output == "" and command in message and len(message.splitlines()) == 1


@pytest.mark.parametrize("words", [
    pytest.param([], marks=pytest.mark.reaches("parent-usage")),
    pytest.param(["--nonsense"], marks=pytest.mark.reaches("parent-usage")),
    pytest.param(["--job"], marks=pytest.mark.reaches("parent-usage")),
    pytest.param(["--config=x", "y"], marks=pytest.mark.reaches("parent-usage")),
    pytest.param(["--job", "bad name", "x.py"], marks=pytest.mark.reaches("parent-name")),
    pytest.param(["--job", "../x", "x.py"], marks=pytest.mark.reaches("parent-name")),
    pytest.param(["--grant-policy=all", "x.py"], marks=pytest.mark.reaches("parent-policy")),
    pytest.param(["--config=/no/such/file"], marks=pytest.mark.reaches("parent-config")),
])
def test_usage_errors(session, words):
    with parent(session, *words) as process:
        output, message = end_of(process)
    assert process.returncode == 125
    assert output == "" and len(message.splitlines()) == 1
    assert session.list() == {}


@pytest.mark.reaches("parent-name-in-use")
def test_a_name_in_use(session):
    session.run_counter("mine")
    with parent(session, "--job", "mine", "--", "/bin/sleep", "1000") as process:
        _, message = end_of(process)
    assert process.returncode == 125 and "mine" in message
    assert session.list()["mine"][2] == "running"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR2, signal.SIGCONT])
def test_signals_are_forwarded_once(session, number):
    file = session.folder / "signals"
    with parent(session, "python3.14", JOBS / "signals.py", file) as process:
        wait.until(lambda: lines(file) == ["ready"], "the job is ready")
        process.send_signal(number)
        wait.until(lambda: len(lines(file)) == 2, "the signal arrives")
        process.send_signal(signal.SIGUSR1)
        process.communicate(timeout=wait.SECONDS)
    assert lines(file) == ["ready", signal.Signals(number).name, "SIGUSR1"]
    assert process.returncode == 7


def test_stdin_and_stdout_are_the_callers(session):
    with parent(session, "cat", stdin=subprocess.PIPE) as process:
        output, _ = process.communicate("one\ntwo\n", timeout=wait.SECONDS)
    assert output == "one\ntwo\n" and process.returncode == 0


def test_nothing_is_inherited_but_what_the_caller_gave(session):
    report = session.folder / "report"
    reader, writer = os.pipe()
    with parent(session, "python3.14", JOBS / "report.py", report, pass_fds=[writer]) as process:
        process.communicate(timeout=wait.SECONDS)
    os.close(reader)
    os.close(writer)
    found = json.loads(report.read_text())
    listing = min(set(range(3, 20)) - {writer})
    assert set(found["fds"]) == {0, 1, 2, writer, listing}
    assert {int(line.split()[1], 16) for line in found["mask"] if line.startswith("SigBlk")} == {0}
    assert sorted(found["environment"]) == sorted(f"{key}={value}" for key, value in session.env.items())


def test_orphans_are_reaped(session):
    """A double fork stays below the parent, which is where Yama looks; and leaves no zombie."""
    file = session.folder / "orphan"
    with parent(session, "/bin/sh", "-c", f"(sleep 1000 & echo $! >{file}) ; exec sleep 1001") as process:
        orphan = int(wait.content(file, "the orphan is there"))
        wait.until(lambda: orphan in children(process.pid), "the orphan is the parent's child now")
        os.kill(orphan, signal.SIGKILL)
        wait.until(lambda: not os.path.exists(f"/proc/{orphan}"), "the orphan is reaped")
        process.terminate()
        process.communicate(timeout=wait.SECONDS)


def test_busy_waiting(bare_session):
    """With no daemon to be had, the parent takes no time."""
    with parent(bare_session, "/bin/sleep", "1000") as process:
        wait.until(lambda: children(process.pid), "the job runs")
        bare_session.socket.parent.mkdir(mode=0o700, exist_ok=True)

        def ticks():
            return sum(int(word) for word in stat(process.pid)[11:13])

        began, before = time.monotonic(), ticks()
        wait.until(lambda: time.monotonic() - began > 2, "two seconds pass")
        assert ticks() - before <= 10, "less than a tenth of a second in two"
        process.terminate()
        process.communicate(timeout=wait.SECONDS)


def test_a_daemon_that_never_answers(bare_session):
    """The parent gives up on it, tries again, and its job runs on."""
    file = bare_session.folder / "count"
    with bare_session.listen() as listener, parent(bare_session, JOBS / "counter.py", file) as process:
        accepted, _ = listener.accept()
        with sdbus.Connection(server=accepted) as connection:
            registrations = connection.signals("type='method_call',member='Register'", taken=True)
            connection.process(lambda: registrations, "the parent registers")
            listener.accept()[0].close()
        assert process.poll() is None
        Job(bare_session, "counter", file).counts_on()
        process.terminate()


def start_file(session):
    """What a daemon has a parent read."""
    path = session.folder / "start"
    path.write_bytes(b"".join(f"{name}={value}\0".encode() for name, value in session.env.items()))
    return path


@contextlib.contextmanager
def launched(session, listener, *command):
    """A parent as a daemon starts it, whose registration is not answered yet: the daemon, which is played, and the parent."""
    start = start_file(session)
    with open(start, "rb") as stdin, again_on(session, listener, stdin, *command) as both:
        yield both


@contextlib.contextmanager
def again_on(session, listener, stdin, *command):
    """The same, on a file that it may not be the first to read."""
    with session.process(PARENT, "--environment-on-stdin", "--job", "mine", "--", *command, stdin=stdin) as process:
        with played.Daemon(listener) as daemon:
            yield daemon, process
        process.terminate()


def test_job_of_a_daemon_does_not_wait(bare_session):
    """Its name is kept for it: it is executed before the daemon is so much as called. That it runs is told when that has answered."""
    file = bare_session.folder / "count"
    with bare_session.listen() as listener, launched(bare_session, listener, "python3.14", JOBS / "counter.py", file) as (daemon, _):
        connected = time.time()
        assert daemon.register("mine")["State"] == "starting"
        told = daemon.updates("StartTimestamp")
        assert told["State"] == "running" and 0 < told["StartTimestamp"] / 1e6 <= connected
        Job(bare_session, "mine", file).counts_on()


def test_order_that_crosses_the_wish_to_doze(bare_session):
    """What an order changes is told before its answer, also while the parent waits for another one."""
    file = bare_session.folder / "count"
    with bare_session.listen() as listener, launched(bare_session, listener, "python3.14", JOBS / "counter.py", file) as (daemon, _):
        daemon.register("mine")
        while (doze := rawbus.Raw.receive(daemon)).member != "Doze":
            daemon.answer(doze)
        serial = daemon.send_call(played.PARENT_PATH, played.PARENT_INTERFACE, "Restart", "t", 10_000_000)
        told = daemon.receive()
        assert told.member == "Update" and told.values[0]["Restart"]
        daemon.answer(told)
        daemon.answer(doze, "b", False)
        assert daemon.receive().reply_to == serial


def test_unit_that_is_started_again(bare_session):
    """By the service manager, with the same file as input: nobody keeps the name for it, so it waits to be registered."""
    start = start_file(bare_session)
    with bare_session.listen() as listener, open(start, "rb") as stdin:
        for again in (False, True):
            with again_on(bare_session, listener, stdin, "/bin/sleep", "1000") as (daemon, _):
                answered = time.time()
                daemon.register("mine")
                assert (daemon.updates("StartTimestamp")["StartTimestamp"] / 1e6 >= answered) == again


@pytest.mark.parametrize(("command", "code"), [("/bin/false", 1), ("/no/such/command", 127)])
def test_job_that_ends_before_it_is_registered(bare_session, command, code):
    """Its end is recorded, and told, when it has been; what has no registration would be taken for another job's."""
    record = bare_session.socket.parent / "ended/mine"
    with bare_session.listen() as listener, launched(bare_session, listener, command) as (daemon, process):
        registration = daemon.receive()
        assert registration.member == "Register"
        wait.until(lambda: not children(process.pid), "the job has ended, and its parent knows")
        assert not record.exists()
        daemon.answer(registration, "s", "mine")
        told = daemon.updates("ExitCode")
        assert (told["State"], told["ExitCode"]) == ("failed", code)
        assert record.exists()
        assert process.wait(wait.SECONDS) == code


# On a terminal.


def terminal(session, *words):
    """helicopter-parent, typed at a shell with job control."""
    shell = session.spawn("/bin/bash", "--norc", "--noprofile", "-i", env={"PS1": "$ "})
    shell.expect_exact("$ ")
    shell.sendline(" ".join(str(word) for word in (PARENT, *words)))
    return shell


def test_interrupt_comes_once(session):
    file = session.folder / "signals"
    shell = terminal(session, "python3.14", JOBS / "signals.py", file)
    wait.until(lambda: lines(file) == ["ready"], "the job is ready")
    shell.sendintr()
    wait.until(lambda: len(lines(file)) >= 2, "the signal arrives")
    os.kill(session.list()["signals"][3], signal.SIGUSR1)
    shell.expect_exact("$ ")
    shell.sendline("echo code=$?")
    shell.expect(r"code=(\d+)")
    assert shell.match.group(1) == "7"
    assert lines(file) == ["ready", "SIGINT", "SIGUSR1"]


def test_job_reads_the_terminal(session):
    shell = terminal(session, "python3.14", "-c", "\"print('got', input('say: '))\"")
    shell.expect_exact("say: ")
    shell.sendline("hello")
    shell.expect_exact("got hello")
    shell.expect_exact("$ ")


def test_suspend_and_continue(session):
    file = session.folder / "count"
    shell = terminal(session, JOBS / "counter.py", file)
    wait.until(file.exists, "the job runs")
    job_pid = session.wait_state("counter", "running") and session.list()["counter"][3]
    shell.sendcontrol("z")
    shell.expect("Stopped")
    # The shell tells that the parent has stopped, which got the terminal's signal at the same time.
    wait.until(lambda: state(job_pid) == "T", lambda: f"the job stops, too: {state(job_pid)}")
    before = int(file.read_text())
    shell.sendline("bg")
    shell.expect_exact(str(PARENT))
    shell.expect_exact("$ ")
    wait.until(lambda: int(file.read_text() or 0) > before + 1, "the job goes on in the background")
    for key in ("z", "c"):
        # The shell has handed the terminal over when the parent's group is its foreground group.
        shell.sendline("fg")
        wait.until(lambda: os.tcgetpgrp(shell.child_fd) != os.getpgid(shell.pid), "the job is in the foreground")
        shell.expect_exact(str(PARENT))
        Job(session, "counter", file).counts_on()
        shell.sendcontrol(key)
        if key == "z":
            shell.expect("Stopped")
            shell.expect_exact("$ ")
    shell.expect_exact("$ ")
    shell.sendline("echo code=$?")
    shell.expect(r"code=(\d+)")
    assert shell.match.group(1) == str(128 + signal.SIGINT)
    assert not pid_alive(job_pid)


def test_attach_to_a_typed_job(session):
    file = session.folder / "count"
    shell = terminal(session, JOBS / "counter.py", file)
    wait.until(file.exists, "the job runs")
    session.wait_state("counter", "running")
    pdb = session.attach("counter")
    assert pdb.number("counter") > 0
    pdb.quit()
    Job(session, "counter", file).counts_on()
    shell.sendintr()
    shell.expect("KeyboardInterrupt")


def test_hangup_of_the_terminal(session):
    file = session.folder / "signals"
    shell = terminal(session, "python3.14", JOBS / "signals.py", file)
    wait.until(lambda: lines(file) == ["ready"], "the job is ready")
    shell.close(force=False)
    wait.until(lambda: "SIGHUP" in lines(file), "the job is told")


def test_prompt_on_a_typed_job(session):
    file = session.folder / "count"
    with parent(session, JOBS / "counter.py", file) as process:
        wait.until(file.exists, "the job runs")
        session.wait_state("counter", "running")
        client = session.prompt()
        client.sendline("attach")
        assert Pdb(client).number("counter") > 0
        client.sendline("quit")
        client.expect_exact(">>> ")
        client.sendline("quit")
        client.wait()
        assert process.poll() is None
        process.kill()
        process.communicate()
