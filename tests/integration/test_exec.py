# SPDX-License-Identifier: LGPL-2.1-or-later
"""exec: any tracer, under a lease that ends with it."""

import os
import signal
import subprocess

import pytest
from support import wait
from support.session import CLIENT, JOB, exit_code


def test_gdb(session):
    job = session.run_counter("count")
    done = session.client("exec", "--job", "count", "--", "gdb", "-nx", "-p", "{pid}", "-batch", "-ex", "bt")
    assert "#0" in done.stdout and f"process {job.PID}" in done.stdout
    wait.until(lambda: job.TracerPID == 0, "the lease ends")
    job.counts_on()


def test_strace(session):
    job = session.run_counter("count")
    log = session.folder / "strace.out"
    terminal = session.spawn(CLIENT, "exec", "--", "strace", "-o", log, "-p", "{pid}")
    wait.until(lambda: log.exists() and "pwrite64" in log.read_text(), "calls are seen")
    assert job.TracerPID > 0 and "strace" in job.TracerCommand + " ".join(command for _, command in session.processes())
    terminal.sendintr()  # strace's, which detaches and ends with 128 + SIGINT
    assert exit_code(terminal) in (130, 0)
    wait.until(lambda: job.TracerPID == 0, "the lease ends")
    job.counts_on()


def test_sampling_profiler(session):
    job = session.run_counter("count", "python3.15")
    done = session.client("exec", "--", "python3.15", "-m", "profiling.sampling", "attach", "-d", "1", "{pid}", check=False)
    assert done.returncode == 0, done.stderr
    assert "work" in done.stdout
    job.counts_on()


def test_asyncio_pstree(session):
    script = "import asyncio\nasync def leaf(): await asyncio.sleep(1000)\nasync def main():\n    async with asyncio.TaskGroup() as group:\n        group.create_task(leaf(), name='the leaf')\nasyncio.run(main())"
    session.client("run", "--job", "loop", "--", "python3.14", "-c", script)

    def seen():
        return "the leaf" in session.client("exec", "--", "python3.14", "-m", "asyncio", "pstree", "{pid}", check=False).stdout

    wait.until(seen, "the task is seen")


@pytest.mark.parametrize(("command", "code"), [("exit 0", 0), ("exit 7", 7), ("kill -TERM $$", 128 + 15), ("kill -KILL $$", 128 + 9)])
def test_exit_code_is_the_tools(session, command, code):
    session.run_counter("count")
    assert session.client("exec", "--", "sh", "-c", command, "{pid}", check=False).returncode == code


def test_every_placeholder_is_filled_in(session):
    job = session.run_counter("count")
    done = session.client("exec", "--", "echo", "{pid}", "/proc/{pid}/exe-{pid}", "{}", "--help")
    assert done.stdout == f"{job.PID} /proc/{job.PID}/exe-{job.PID} {{}} --help\n"


def test_worker(session):
    session.client("run", "--job", "boss", "--", "sh", "-c", "sleep 1000 & wait")

    def sleeper():
        return [pid for pid, command in session.processes() if command == "sleep 1000"]

    (pid,) = wait.until(sleeper, "the worker is there")
    assert session.client("exec", "--pid", pid, "--", "echo", "{pid}").stdout == f"{pid}\n"
    assert "not one of the job" in session.refused("exec", "--job", "boss", "--pid", os.getpid(), "--", "echo", "{pid}", code=125)


@pytest.mark.reaches("Client.Error.CannotRun")
def test_tools_that_cannot_be_run(session):
    job = session.run_counter("count")
    file = session.folder / "no-tool"
    file.write_text("nothing")
    assert "no-such-tool" in session.refused("exec", "--", "no-such-tool", "{pid}", code=127)
    session.refused("exec", "--", "/no/such/tool", "{pid}", code=127)
    session.refused("exec", "--", file, "{pid}", code=126)
    wait.until(lambda: job.TracerPID == 0, "the lease ends")


def test_usage(session):
    session.run_counter("count")
    assert "{pid}" in session.refused("exec", "--", "gdb", "-p", code=2)
    assert "No tool" in session.refused("exec", "--job", "count", code=2)
    session.refused("exec", "--timeout", "never", "--", "echo", "{pid}", code=2)
    session.refused("exec", "--job", "nobody", "--", "echo", "{pid}", code=125)
    assert "{pid}" in session.client("exec", "--help").stdout


def test_one_at_a_time_and_force(session):
    job = session.run_counter("count")
    first = session.spawn(CLIENT, "exec", "--", "sh", "-c", "echo first is here; read line; echo bye", "{pid}")
    first.expect_exact("first is here")
    assert "traced by" in session.refused("exec", "--", "echo", "{pid}", code=125)
    assert session.client("exec", "--force", "--", "echo", "{pid}").stdout == f"{job.PID}\n"
    first.expect_exact("was taken over by process")
    first.sendline("")  # it was left alone
    first.expect_exact("bye")
    assert exit_code(first) == 0


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
def test_end_of_the_client_ends_the_tool(session, how):
    job = session.run_counter("count")
    client = subprocess.Popen([CLIENT, "exec", "--", "sh", "-c", "echo $$; exec sleep 1000", "{pid}"], env=session.env,
                              cwd=session.folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    pid = int(client.stdout.readline())
    client.send_signal(how)
    client.wait(wait.SECONDS)
    client.stdout.close()
    wait.until(lambda: pid not in [process for process, _ in session.processes()], "the tool has ended")
    wait.until(lambda: session.get_property("/org/helicopter1/job/count", JOB, "TracerPID") == 0, "the lease ends")
    job.counts_on()


def test_at_the_prompt(session):
    job = session.run_counter("count")
    terminal = session.prompt()
    terminal.sendline("exec echo the pid is {pid}")
    terminal.expect_exact(f"the pid is {job.PID}")
    terminal.expect_exact(">>> ")
