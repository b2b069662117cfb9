# SPDX-License-Identifier: LGPL-2.1-or-later
"""Many jobs at once."""

from concurrent.futures import ThreadPoolExecutor

from support import process, wait
from support.session import JOB, MANAGER, MANAGER_PATH, job_path

JOBS = 500


def test_many_jobs(session):
    """They all run, are listed, survive the daemon, and end; the daemon is as it was before."""
    daemon = session.daemon.pid
    session.start_job("first", ["/bin/true"])
    session.wait_state("first", "exited")
    descriptors, memory = process.descriptors(daemon), process.memory(daemon)
    names = [f"job{number}" for number in range(JOBS)]

    def start(some):
        with session.peer() as peer:
            for name in some:
                session.start_job(name, ["/bin/sleep", "86400"], connection=peer)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(start, [names[at::4] for at in range(4)]))
    listed = session.list()
    assert {name for name, job in listed.items() if job[2] == "running"} == set(names)
    assert len(session.client("list").stdout.splitlines()) >= JOBS

    session.kill_daemon()
    session.start_daemon()
    daemon = session.daemon.pid
    assert session.list() == listed, "all are known again when the daemon says that it is ready"

    session.client("terminate", timeout=4 * wait.SECONDS)
    assert session.daemon.wait(wait.SECONDS) == 0
    wait.until(lambda: not [command for _, command in session.processes() if "sleep" in command or "helicopter-parent" in command], "all have ended")
    session.start_daemon()
    assert session.list() == {}
    wait.until(lambda: process.descriptors(session.daemon.pid) <= descriptors, "no more descriptors are held than before")
    assert process.memory(session.daemon.pid) <= 1.5 * memory


def test_daemon_returns_to_what_it_was(session):
    """Descriptors and memory, after many jobs have come and gone: no more is needed than for the first ones."""
    def wave(number):
        names = [f"wave{number}-{each}" for each in range(JOBS // 4)]
        with session.peer() as peer:
            for name in names:
                session.start_job(name, ["/bin/sleep", "86400"], connection=peer)
            for name in names:
                peer.call(job_path(name), JOB, "Kill", "si", "main", 9)
            wait.until(lambda: all(session.list()[name][2] == "failed" for name in names), "all end")
            for name in names:
                peer.call(MANAGER_PATH, MANAGER, "ForgetJob", "s", name)

    wave(0)
    wave(1)  # ASan keeps what was freed, up to a limit
    descriptors, memory = process.descriptors(session.daemon.pid), process.memory(session.daemon.pid)
    for number in range(2, 5):
        wave(number)
    wait.until(lambda: process.descriptors(session.daemon.pid) <= descriptors,
               lambda: f"descriptors: {process.descriptors(session.daemon.pid)}, before: {descriptors}")
    assert process.memory(session.daemon.pid) < memory + 2048
    assert process.zombies(session.daemon.pid) == []
