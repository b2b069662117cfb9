# SPDX-License-Identifier: LGPL-2.1-or-later
"""The daemon comes and goes; jobs do not notice."""

import resource
import signal
import socket
import stat
import subprocess
import threading

import pytest
from support import played, process, wait
from support.session import CLIENT, DAEMON, JOBS, MANAGER, MANAGER_PATH, NAME, PARENT, PREFIX, PrivateSession


def second_daemon(session, **more):
    return wait.run(DAEMON, env=session.env, check=False, **more)


def test_socket_is_the_users_own(session):
    assert stat.S_IMODE(session.socket.stat().st_mode) == 0o600
    assert stat.S_IMODE(session.socket.parent.stat().st_mode) == 0o700


def test_job_of_a_parent_that_was_there_first(bare_session):
    file = bare_session.folder / "count"
    with bare_session.process(PARENT, JOBS / "counter.py", file) as parent:
        wait.until(file.exists, "the job runs without a daemon")
        bare_session.start_daemon()
        bare_session.wait_state("counter", "running")
        bare_session.attach("counter").quit()
        parent.terminate()


def test_job_does_not_wait_for_the_daemon_that_started_it(bare_session):
    """Which is stopped here by the time that the parent registers; one that did wait would do so for three seconds."""
    file, stopped, parent = (bare_session.folder / name for name in ("started", "stopped", "parent"))
    job = ["python3.14", "-c", f"import time; open({str(file)!r}, 'w').write(str(time.time())); time.sleep(1000)"]
    parent.write_text(f'#!/bin/sh\nkill -STOP $PPID\n: >{stopped}\nexec {PARENT} "$@"\n')
    parent.chmod(0o755)
    bare_session.start_daemon(env={"HELICOPTER_PARENT": str(parent)})
    with bare_session.peer() as peer:
        start = threading.Thread(target=bare_session.start_job, args=("sleep", job), kwargs={"connection": peer})
        start.start()
        started = float(wait.content(file, "the job runs"))
        process.wait_stopped(bare_session.daemon.pid)
        assert started - stopped.stat().st_mtime < 3
        bare_session.daemon.send_signal(signal.SIGCONT)
        start.join(wait.SECONDS)
    bare_session.wait_state("sleep", "running")


@pytest.mark.parametrize("asked", [False, True], ids=["connected to", "asked"])
def test_daemon_that_ends_as_it_is(bare_session, asked):
    """Who asks for a job has the answer of the next one."""
    with bare_session.listen() as listener, bare_session.process(CLIENT, "status", "nobody", stderr=subprocess.PIPE, text=True) as client:
        with played.Daemon(listener) if asked else listener.accept()[0] as connection:
            if asked:
                assert connection.receive().member == "GetJob"
            listener.close()
        assert "There is no job named nobody" in client.communicate(timeout=wait.SECONDS)[1]


def test_stale_socket_is_taken_over(bare_session):
    with bare_session.listen():
        pass
    bare_session.start_daemon()
    assert bare_session.list() == {}


@pytest.mark.reaches("daemon-twice")
def test_second_daemon_is_refused(session):
    session.run_counter("count")
    done = second_daemon(session)
    assert done.returncode not in (0, None)
    assert len(done.stderr.splitlines()) == 1 and "daemon" in done.stderr
    assert session.list()["count"][2] == "running"


def test_race_of_daemons(bare_session):
    """Of many that start at once, one serves."""
    daemons = [subprocess.Popen([DAEMON], env=bare_session.env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
               for _ in range(8)]
    wait.until(lambda: sum(daemon.poll() is None for daemon in daemons) == 1, "all but one have ended")
    wait.until(bare_session.socket.exists, "there is a socket")
    assert bare_session.list() == {}
    for daemon in daemons:
        daemon.kill()
        daemon.wait()


@pytest.mark.reaches("daemon-folder")
def test_folder_open_to_others_is_refused(bare_session):
    bare_session.socket.parent.mkdir(mode=0o700)
    bare_session.socket.parent.chmod(0o777)
    done = second_daemon(bare_session)
    assert done.returncode != 0 and str(bare_session.socket.parent) in done.stderr


def test_without_a_message_bus(bare_session):
    bare_session.start_daemon()
    job = bare_session.run_counter("count")
    bare_session.attach("count").quit()
    job.counts_on()


def test_message_bus_that_goes(session):
    """The private socket serves on."""
    job = session.run_counter("count")
    session.bus_daemon.kill()
    session.bus_daemon.wait()
    assert session.list()["count"][2] == "running"
    session.attach("count").quit()
    job.counts_on()


def test_bus_activation(opened):
    """The installed service file starts the daemon when its name is called."""
    session = opened(PrivateSession())
    session.start_bus(data_dirs=PREFIX / "share")
    done = session.busctl("call", NAME, MANAGER_PATH, MANAGER, "ListJobs")
    assert done.stdout.strip()
    assert session.list() == {}


def test_ready_is_told_after_the_socket_serves(bare_session):
    bare_session.start_daemon()
    with bare_session.peer() as peer:
        assert peer.call(MANAGER_PATH, MANAGER, "ListJobs") == []


def test_watchdog_is_fed(bare_session):
    path = bare_session.folder / "notify"
    bare_session.start_daemon(env={"WATCHDOG_USEC": "400000"})
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
        path.unlink()
        notify.bind(str(path))
        notify.settimeout(wait.SECONDS)
        for _ in range(3):
            while b"WATCHDOG=1" not in notify.recv(4096):
                pass


def test_socket_that_was_passed(bare_session):
    """As the service manager does it: descriptor 3, LISTEN_PID and LISTEN_FDS."""
    script = 'exec 3<&"$1"; LISTEN_FDS=1 LISTEN_PID=$$ exec "$2"'
    with bare_session.listen() as listener:
        with bare_session.process("/bin/bash", "-c", script, "sh", listener.fileno(), DAEMON, pass_fds=[listener.fileno()]) as daemon:
            bare_session.run_counter("count")
            daemon.terminate()
            assert daemon.wait(wait.SECONDS) == 0
        assert bare_session.socket.exists(), "the socket is not the daemon's to remove"


def test_own_variables_do_not_reach_jobs(session):
    """NOTIFY_SOCKET, LISTEN_* and WATCHDOG_* are the daemon's own."""
    report = session.folder / "report"
    session.start_job("plain", ["python3.14", JOBS / "report.py", report])
    wait.until(report.exists, "the report is written")
    text = report.read_text()
    for variable in ("NOTIFY_SOCKET", "LISTEN_", "WATCHDOG_"):
        assert variable not in text


def test_half_open_connection_does_not_hold_the_daemons_end(bare_session):
    bare_session.start_daemon()
    with socket.socket(socket.AF_UNIX) as silent:
        silent.connect(str(bare_session.socket))
        assert bare_session.list() == {}  # the daemon has met the silent one too
        assert bare_session.kill_daemon(signal.SIGTERM) == 0


def test_jobs_get_the_limit_of_files_back(session):
    file = session.folder / "limit"
    session.start_job("limit", ["/bin/sh", "-c", f"ulimit -n >{file}"])
    session.wait_state("limit", "exited")
    assert int(file.read_text()) == resource.getrlimit(resource.RLIMIT_NOFILE)[0]
