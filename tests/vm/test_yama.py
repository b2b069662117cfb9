# SPDX-License-Identifier: LGPL-2.1-or-later
"""What helicopter is for: a debugger on a running job, under ptrace_scope 1, and nobody else."""

import os
import signal
import subprocess

import pytest
from support import wait
from support.process import stop, wait_stopped
from support.ptrace import may_trace
from support.sdbus import BusError
from support.session import CLIENT, ERROR, JOB, JOBS, PARENT, Job, Pdb, exit_code, grant, job_path


def plain_pdb_is_refused(pid, python="python3.14"):
    done = wait.run(python, "-m", "pdb", "-p", pid, check=False)
    assert "permission" in done.stderr + done.stdout, f"{done.returncode}: {done.stdout}{done.stderr}"


@pytest.mark.parametrize("python", ["python3.14", "python3.15"])
def test_main_story(session, python):
    job = session.run_counter("count", python)
    plain_pdb_is_refused(job.PID, python)
    numbers = []
    for _ in range(2):
        pdb = session.attach("count")
        assert "ermission granted" in pdb.greeting
        numbers.append(pdb.number("counter"))
        for _ in range(4):
            pdb.command("next")
        assert pdb.number("counter") <= numbers[-1] + 2
        text = pdb.quit()
        assert "etached" in text and "still running" in text
        job.counts_on()
        assert not may_trace(job.PID)
    assert numbers[0] < numbers[1]
    plain_pdb_is_refused(job.PID, python)


def test_typed_job_and_the_prompt(session):
    file = session.folder / "count"
    shell = session.spawn(PARENT, JOBS / "counter.py", file)
    wait.until(file.exists, "the job runs")
    session.wait_state("counter", "running")
    pid = session.list()["counter"][3]
    plain_pdb_is_refused(pid)  # this process itself may trace: it is an ancestor here
    terminal = session.prompt()
    terminal.sendline("attach")
    pdb = Pdb(terminal)
    assert "ermission granted" in pdb.greeting
    assert pdb.number("counter") > 0
    terminal.sendline("quit")
    terminal.expect("(?i)detached")
    terminal.expect_exact(">>> ")
    terminal.sendline("quit")
    assert exit_code(terminal) == 0
    Job(session, "counter", file).counts_on()
    shell.sendintr()
    shell.expect("KeyboardInterrupt")


def test_permission_is_the_askers_alone(session):
    """While a debugger is attached, another process of the same user may not trace."""
    job = session.run_counter("count")
    pid = job.PID
    pdb = session.attach("count")
    assert not may_trace(pid)
    plain_pdb_is_refused(pid)
    pdb.quit()


@pytest.mark.parametrize("where", ["bus", "peer"])
def test_lease_gives_and_takes_the_permission(session, where):
    job = session.run_counter("count")
    pid = job.PID
    with getattr(session, where)() as connection:
        assert not may_trace(pid)
        lease = grant(connection, "count")
        assert may_trace(pid), "granted is said after the prctl returned"
        os.close(lease)
        wait.until(lambda: not may_trace(pid), "closing the lease takes the permission")
        lease = grant(connection, "count")
        assert may_trace(pid)
        connection.call(job_path("count"), JOB, "Revoke")
        assert not may_trace(pid)
        os.close(lease)
    job.counts_on()


def test_permission_of_a_killed_client_is_taken_back(session):
    """pdb itself, the client's child, held the permission too."""
    job = session.run_counter("count")
    pdb = session.attach("count")
    os.kill(job.TracerPID, signal.SIGKILL)
    wait.until(lambda: job.TracerPID == 0, "the lease ends")
    pdb.terminal.close()
    job.counts_on()
    session.attach("count").quit()


def test_worker_of_a_job(session):
    child = session.run_family()
    with session.peer() as peer:
        assert not may_trace(child)
        lease = grant(peer, "family", child)
        assert may_trace(child)
        os.close(lease)
        wait.until(lambda: not may_trace(child), "closing the lease takes the permission")


def test_job_asleep_in_a_system_call_is_not_disturbed(session):
    """A grant to a job in a long sleep: the sleep goes on, for its full time."""
    file = session.folder / "slept"
    script = "import sys, time; t = time.monotonic(); time.sleep(5); open(sys.argv[1], 'w').write(str(time.monotonic() - t))"
    session.client("run", "--job", "nap", "--", "python3.14", "-c", script, file)
    with session.peer() as peer:
        for _ in range(20):
            os.close(grant(peer, "nap"))
    session.wait_state("nap", "exited")
    assert 5 <= float(file.read_text()) < 15


def test_stopped_job_stays_stopped(session):
    job = session.run_counter("count")
    pid = job.PID
    stop(pid)
    number = job.counter()
    with session.peer() as peer:
        lease = grant(peer, "count")
        assert may_trace(pid)
        wait_stopped(pid)
        os.close(lease)
        wait.until(lambda: not may_trace(pid), "closing the lease takes the permission")
        wait_stopped(pid)
    assert job.counter() == number
    os.kill(pid, signal.SIGCONT)
    job.counts_on()


def test_many_grants_disturb_nothing(session):
    job = session.run_counter("count")
    pid = job.PID
    with session.peer() as peer:
        for _ in range(200):
            lease = grant(peer, "count")
            assert may_trace(pid)
            os.close(lease)
            wait.until(lambda: not may_trace(pid), "closing the lease takes the permission")
    job.counts_on()
    session.attach("count").quit()


def test_scope_0(session, scope):
    """Nothing to permit: attach goes on, and says so."""
    scope(0)
    job = session.run_counter("count")
    pdb = session.attach("count")
    assert "ptrace_scope is 0" in pdb.greeting
    pdb.quit()
    job.counts_on()
    assert session.get_property("/org/helicopter1", "org.helicopter1.Manager", "PtraceScope") == 0


@pytest.mark.reaches("Error.PtraceDisabled")
def test_scope_2(session, scope):
    """No user can: refused, with what to do."""
    job = session.run_counter("count")
    scope(2)
    message = session.refused("attach", "count")
    assert "ptrace_scope" in message and "2" in message
    with session.peer() as peer, pytest.raises(BusError) as refused:
        grant(peer, "count")
    assert refused.value.name == ERROR + "PtraceDisabled"
    job.counts_on()
    scope(1)
    session.attach("count").quit()


def test_grant_after_the_daemon_was_killed(session):
    job = session.run_counter("count")
    pid = job.PID
    os.kill(session.daemon_pid(), signal.SIGKILL)
    session.wait_state("count", "running")
    with session.peer() as peer:
        lease = grant(peer, "count")
        assert may_trace(pid)
        os.kill(session.daemon_pid(), signal.SIGKILL)
        assert may_trace(pid), "the lease is the parent's"
        os.close(lease)
    wait.until(lambda: not may_trace(pid), "the lease ends without the daemon too")
    job.counts_on()


def test_permission_ends_while_there_is_no_daemon(session):
    """The slot is cleared by the parent, whoever else lives."""
    job = session.run_counter("count")
    pid = job.PID
    script = ("import os, sys\n"
              "from support.sdbus import Connection\n"
              "from support.ptrace import may_trace\n"
              "peer = Connection(sys.argv[1], bus=False)\n"
              "lease = peer.call(sys.argv[2], 'org.helicopter1.Job', 'Grant', 'ua{sv}', 0, {})\n"
              "print(may_trace(int(sys.argv[3])), flush=True)\n"
              "sys.stdin.readline()\n"
              "os.close(lease)\n"
              "while may_trace(int(sys.argv[3])): pass\n"
              "print('taken back', flush=True)\n")
    with session.python(script, session.address, job_path("count"), pid) as tracer:
        assert tracer.stdout.readline() == "True\n"
        session.systemctl("stop", "helicopterd.socket", "helicopterd.service")
        tracer.stdin.write("\n")
        tracer.stdin.flush()
        assert tracer.stdout.readline() == "taken back\n"
    assert not may_trace(pid)
    session.systemctl("start", "helicopterd.socket")
    assert job.TracerPID == 0
    job.counts_on()


def test_daemon_works_in_its_sandbox(session):
    """What it does itself: whom it lets in, whose job a process is, where a job may start."""
    job = session.run_counter("count")
    with session.peer() as peer:
        lease = grant(peer, "count")
        wait.until(lambda: job.TracerPID == os.getpid(), "the lease is ours")
        os.close(lease)
        wait.until(lambda: job.TracerPID == 0, "the lease has ended")
    pdb = session.attach("count")
    assert pdb.number("1 + 1") == 2
    pdb.quit()
    job.counts_on()
    assert session.client("attach", "--pid", str(job.PID), "--timeout", "0.001", check=False).returncode != 0
    for folder in (session.folder, session.env["HOME"], "/", "/dev/shm"):
        session.client("run", "--wait", "-C", folder, "--", "/bin/true")


def test_busy_names_the_holder(session):
    session.run_counter("count")
    with session.peer() as peer:
        lease = grant(peer, "count")
        assert str(os.getpid()) in session.refused("attach", "count")
        pdb = session.attach("count", "--force")
        assert not may_trace(session.list()["count"][3]), "one tracer at a time"
        pdb.quit()
        os.close(lease)


def test_a_debugger_in_the_background_of_nobody(session):
    """The tracer dies between its question and the answer: nothing is left permitted."""
    job = session.run_counter("count")
    for _ in range(5):
        with session.process(CLIENT, "attach", "count", stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as client:
            client.kill()
    wait.until(lambda: job.TracerPID == 0, "no lease is left")
    job.counts_on()
    session.attach("count").quit()
