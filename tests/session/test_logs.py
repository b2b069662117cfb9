# SPDX-License-Identifier: LGPL-2.1-or-later
"""What jobs write, from the journal; and what is said of lingering."""

import json
from pathlib import Path

import pytest
from support import wait
from support.session import CLIENT, UNTIL_IN_THE_JOURNAL, pid_alive

WRITES = "import sys\nfor number in range(20): print('line', number)\nprint('to stderr', file=sys.stderr)" + UNTIL_IN_THE_JOURNAL
LINES = [f"line {number}" for number in range(20)] + ["to stderr"]


def run(session, name, script, *options, check=True):
    return session.client("run", "--job", name, *options, "--", "python3.14", "-c", script, check=check)


def logs(session, *words):
    return session.client("logs", *words).stdout.splitlines()


def test_run_follow_shows_all_of_it(session):
    done = run(session, "talk", WRITES + "\nraise SystemExit(3)", "--follow", check=False)
    assert done.returncode == 3
    assert done.stdout.splitlines() == ["talk", *LINES]


def test_logs(session):
    run(session, "talk", WRITES, "--follow")
    assert logs(session, "talk") == LINES
    assert logs(session, "-n", "3", "talk") == LINES[-3:]
    assert logs(session, "--since", "1h", "talk")[-len(LINES):] == LINES
    stamped = logs(session, "-t", "-n", "1", "talk")
    assert len(stamped) == 1 and stamped[0].startswith("20") and stamped[0].endswith(" to stderr")
    assert session.refused("logs", "--since", "once", "talk", code=2)


def test_logs_are_of_this_job_alone(session):
    run(session, "talk", "print('first')" + UNTIL_IN_THE_JOURNAL, "--follow")
    run(session, "talk", "print('second')" + UNTIL_IN_THE_JOURNAL, "--follow")
    assert logs(session, "talk") == ["second"]
    assert logs(session, "-n", "5", "talk") == ["second"]
    assert logs(session, "--since", "today", "talk")[-2:] == ["first", "second"]


def test_logs_follow_until_the_end(session):
    go_on = session.folder / "go on"
    run(session, "talk", f"import os, time\nprint('before')\nwhile not os.path.exists({str(go_on)!r}): time.sleep(0.02)\nprint('after')")
    written = session.folder / "written"
    with open(written, "wb") as file, session.process(CLIENT, "logs", "-f", "talk", stdout=file) as following:
        wait.until(lambda: "before\n" in written.read_text(), "what was written before is shown")
        assert following.poll() is None
        go_on.touch()
        assert following.wait(wait.SECONDS) == 0
    assert written.read_text() == "before\nafter\n"


@pytest.fixture
def linger(session):
    """Switch lingering on and off; afterwards it is as it was."""
    flag = Path("/var/lib/systemd/linger") / session.env["USER"]
    before = flag.exists()

    def switch(on):
        wait.run("sudo", "loginctl", "enable-linger" if on else "disable-linger", session.env["USER"])
        wait.until(lambda: flag.exists() == on, "lingering is switched")

    yield switch
    switch(before)


def test_warning_where_lingering_is_off(session, linger):
    linger(True)
    assert session.client("run", "--job", "one", "--", "/bin/sleep", "1000").stderr == ""
    linger(False)
    done = session.client("run", "--job", "two", "--", "/bin/sleep", "1000")
    assert done.stdout == "two\n"
    assert "loginctl enable-linger" in done.stderr and len(done.stderr.splitlines()) == 1
    checks = {check["check"]: check for check in json.loads(session.client("doctor", "--json", "python3.14").stdout)}
    assert checks["linger"]["status"] == "note" and "loginctl enable-linger" in checks["linger"]["remedy"]
    assert {checks[name]["status"] for name in ("yama", "manager", "bus", "journal", "daemon")} == {"ok"}
    assert pid_alive(session.list()["two"][3])
