# SPDX-License-Identifier: LGPL-2.1-or-later
"""GrantPolicy: whom a job lets in. What needs namespaces, or another user's rights, is tests/session/test_policy.py."""

import os
import sys

import pytest
from support import contract, wait
from support.sdbus import BusError
from support.session import ERROR, JOB, JOBS, PARENT, grant, job_path

# A process of its own that asks for the lease and says what came of it.
ASK = """
import os, sys
from support.sdbus import BusError, Connection
with Connection(sys.argv[1], bus=False) as peer:
    try:
        os.close(peer.call(sys.argv[2], "org.helicopter1.Job", "Grant", "ua{sv}", 0, {}))
        print("granted", flush=True)
    except BusError as error:
        print(error.name.rpartition(".")[2], error.message, flush=True)
"""


def ask_words(session, name):
    return sys.executable, "-c", ASK, session.address, job_path(name)


def ask(session, name):
    """What a process without a terminal is told."""
    return wait.run(*ask_words(session, name), env=session.python_env, start_new_session=True).stdout


def ask_on_terminal(session, name):
    return session.spawn(*ask_words(session, name), env=session.python_env).read()


def set_policy(session, name, policy):
    with session.peer() as peer:
        peer.call(job_path(name), JOB, "SetGrantPolicy", "s", policy)


def test_same_user_is_the_default(session):
    job = session.run_counter("count")
    assert job.GrantPolicy == "same-user"
    assert ask(session, "count") == "granted\n"


def test_none(session):
    job = session.run_counter("closed", options=["--grant-policy=none"])
    assert job.GrantPolicy == "none"
    assert ask(session, "closed").startswith("NotPermitted Job closed: its grant policy is none")
    assert "none" in session.refused("attach", "closed")
    assert job.TracerPID == 0


@pytest.mark.reaches("Error.NotPermitted")
def test_none_is_for_scripts_and_waking_too(session):
    session.run_counter("closed", options=["--grant-policy=none"])
    with session.peer() as peer, open("/dev/null", "rb") as script:
        for method, signature, arguments in (("Grant", "ua{sv}", (0, {})), ("RemoteExec", "uha{sv}", (0, script.fileno(), {})), ("Wake", "ua{sv}", (0, {}))):
            with pytest.raises(BusError) as error:
                peer.call(job_path("closed"), JOB, method, signature, *arguments)
            assert error.value.name == ERROR + "NotPermitted", method
        assert peer.call(job_path("closed"), JOB, "ListProcesses")


def test_terminal(session):
    session.run_counter("asks", options=["--grant-policy=ask-terminal"])
    assert "no controlling terminal" in ask(session, "asks")
    assert "granted" in ask_on_terminal(session, "asks")
    session.attach("asks").quit()


def test_terminal_is_needed_to_change_that(session):
    job = session.run_counter("asks", options=["--grant-policy=ask-terminal"])
    change = "busctl", f"--address={session.env['DBUS_SESSION_BUS_ADDRESS']}", "call", "org.helicopter1", job_path("asks"), JOB, "SetGrantPolicy", "s", "none"
    assert wait.run(*change, env=session.env, check=False, start_new_session=True).returncode != 0
    assert job.GrantPolicy == "ask-terminal"
    session.spawn(*change).read()
    assert job.GrantPolicy == "none"


def test_any_namespace(session):
    session.run_counter("open", options=["--grant-policy=any-namespace"])
    assert ask(session, "open") == "granted\n"


def test_change(session):
    """It counts from then on, and is told to listeners once."""
    job = session.run_counter("count")
    with session.bus() as bus:
        changes = bus.signals(f"type='signal',path='{job_path('count')}',member='PropertiesChanged'")
        set_policy(session, "count", "none")
        bus.process(lambda: changes, "the change is told")
        assert [change[3] for change in changes] == [[JOB, {"GrantPolicy": "none"}, []]]
    assert job.GrantPolicy == "none"
    assert ask(session, "count").startswith("NotPermitted")
    set_policy(session, "count", "same-user")
    assert ask(session, "count") == "granted\n"


def test_change_leaves_a_lease(session):
    job = session.run_counter("count")
    with session.peer() as peer:
        lease = grant(peer, "count")
        peer.call(job_path("count"), JOB, "SetGrantPolicy", "s", "none")
        assert job.TracerPID == os.getpid()
        os.close(lease)
    wait.until(lambda: job.TracerPID == 0, "the lease ends as usual")


@pytest.mark.parametrize("policy", ["", "None", "any", "same-user "])
def test_no_policy(session, policy):
    session.run_counter("count")
    with session.peer() as peer, pytest.raises(BusError) as error:
        peer.call(job_path("count"), JOB, "SetGrantPolicy", "s", policy)
    assert error.value.name == ERROR + "BadOption"
    with pytest.raises(BusError) as error:
        session.start_job("x", ["/bin/true"], options={"grant-policy": ("s", policy)})
    assert error.value.name == ERROR + "BadOption"
    assert "grant policy" in session.refused("run", "--job", "x", f"--grant-policy={policy}", "--", "/bin/true", code=125)


def test_policy_outlives_the_daemon(session):
    """It is the parent's."""
    job = session.run_counter("count")
    set_policy(session, "count", "none")
    session.kill_daemon()
    session.start_daemon()
    session.wait_state("count", "running")
    assert job.GrantPolicy == "none"
    assert ask(session, "count").startswith("NotPermitted")


def test_parent_on_the_command_line(session):
    with session.process(PARENT, "--job=mine", "--grant-policy=none", JOBS / "counter.py", session.folder / "mine") as parent:
        session.wait_state("mine", "running")
        assert ask(session, "mine").startswith("NotPermitted")
        parent.terminate()
    done = wait.run(PARENT, "--grant-policy=odd", "/bin/true", env=session.env, check=False)
    assert done.returncode == 125 and "odd" in done.stderr


def test_policy_of_a_newer_parent(session):
    """One that this daemon does not know lets nobody in."""
    with session.peer() as parent:
        parent.call("/org/helicopter1", "org.helicopter1.Registry", "Register", "sba{sv}", "new", True,
                    {"State": ("s", "running"), "GrantPolicy": ("s", "full-moon")})
        assert "does not know its grant policy" in ask(session, "new")


def test_every_property_is_told(session):
    """Each change of a property once, and nothing that did not change."""
    properties = {name for kind, name in contract.documented(JOB) if kind == "property"}
    with session.bus() as bus:
        changes = bus.signals("type='signal',interface='org.freedesktop.DBus.Properties',path_namespace='/org/helicopter1/job'")
        session.client("run", "--job", "short", "--wait", "--", "/bin/sleep", "0.2")
        bus.process(lambda: any("ExitCode" in change[3][1] for change in changes), "the end is told")
        known = {}
        for path, _, member, (interface, values, invalidated) in changes:
            assert (path, member, interface, invalidated) == (job_path("short"), "PropertiesChanged", JOB, [])
            assert set(values) <= properties
            for name, value in values.items():
                assert known.get(name) != value, f"{name} is told again"
            known |= values
        for name in ("State", "PID", "StartTimestamp", "EndTimestamp", "ExitCode"):
            assert known[name] == session.get_property(job_path("short"), JOB, name)
