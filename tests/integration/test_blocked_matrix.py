# SPDX-License-Identifier: LGPL-2.1-or-later
"""A debugger on a job that is blocked, in all the ways that there are: a prompt at once, or an honest message; and the job's call
ends when and how it would have ended anyway. `pytest -s` shows the table that is in docs/blocked-calls.md."""

import json
import os
import time

import pytest
from support import matrix
from support.session import PrivateSession, pid_alive

PYTHONS = ["python3.14", "python3.15", "python3.14-dbg"]


@pytest.fixture(scope="module")
def shared():
    session = PrivateSession()
    session.start_bus()
    session.start_daemon()
    yield session
    session.end()


@pytest.fixture(scope="module")
def outcomes(shared, request):
    """Those of all cases that were chosen: they spend their time waiting, and do so together."""
    chosen = [item.callspec.params for item in request.session.items if "outcomes" in item.fixturenames]
    outcomes = matrix.run_cases(shared, [(case["python"], case["kind"]) for case in chosen])
    print(f"\n<!-- matrix -->\n\n{matrix.table(outcomes)}\n<!-- end -->")
    return outcomes


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("kind", matrix.CASES)
def test_blocked(outcomes, python, kind):
    if wrong := outcomes[python, kind].wrong:
        pytest.fail(wrong, pytrace=False)


@pytest.mark.parametrize("python", PYTHONS)
def test_long_sleep(shared, python):
    """The prompt does not wait for the end of the sleep, twice."""
    name = f"long-{python}"
    report = shared.folder / f"{name}.json"
    shared.start_job(name, [python, matrix.SOURCE, "sleep", "1000", report])
    pid = shared.list()[name][3]
    matrix.wait_blocked(pid, report, False)
    for attempt in ("first", "second"):
        began = time.monotonic()
        pdb = shared.attach(name)
        took = time.monotonic() - began
        print(f"{python}: {attempt} prompt after {took:.2f} s")
        assert "blocked_sleep()" in pdb.greeting
        assert pdb.command("p local") == "'sleeper'"
        pdb.quit()
        matrix.wait_blocked(pid, report, False)
        assert pid_alive(pid) and not report.exists()
    os.kill(pid, 9)


def attach_with(shared, kind, seconds, *options):
    """A job of that kind for so long, and an attach to it with options; the client, and the job's report."""
    name = f"{kind}-with-option"
    report = shared.folder / f"{name}.json"
    shared.start_job(name, ["python3.14", matrix.SOURCE, kind, seconds, report])
    matrix.wait_blocked(shared.list()[name][3], report, False)
    client = shared.client("attach", name, *options, check=False, stdin=None, input="p local\nquit\n")
    shared.wait_state(name, "exited")
    return client, json.loads(report.read_text())


def test_not_woken(shared):
    """--no-wake: the job is left alone, and nothing is run in it later."""
    client, report = attach_with(shared, "sleep", 8, "--no-wake", "--timeout", "3")
    assert client.returncode and client.stdout == "" and "sleep" in client.stderr, client
    assert not report["debugged"] and 8 <= report["elapsed"] < 8 + matrix.LATE


def test_woken_by_force(shared):
    """--wake=force: C code of somebody else's is interrupted, and sees that."""
    client, report = attach_with(shared, "c-poll", 1000, "--wake=force")
    assert client.returncode == 0 and "'poller in C'" in client.stdout, client
    assert report["debugged"] and report["result"] == -1 and report["elapsed"] < 1000
