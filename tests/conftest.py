# SPDX-License-Identifier: LGPL-2.1-or-later
"""For all suites: tests find `support`, end within a deadline, and show what the programs wrote when they fail."""

import signal
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
pytest.register_assert_rewrite("support.logged_in", "support.matrix", "support.probe", "support.selfcheck")

from support import errors, wait  # noqa: E402


class Overdue(BaseException):
    """A test took too long. No test catches it by accident."""


def pytest_configure(config):
    config.addinivalue_line("markers", "deadline(seconds): how long the test may take, where that is more than usual")
    config.addinivalue_line("markers", "reaches(name, ...): rows of docs/errors.md that the test comes upon")


@pytest.fixture(autouse=True)
def deadline(request):
    """End a test that hangs."""

    def overdue(_number, _frame):
        raise Overdue(f"the test was not done after {seconds} s")

    marker = request.node.get_closest_marker("deadline")
    seconds = marker.args[0] if marker else 6 * wait.SECONDS
    signal.signal(signal.SIGALRM, overdue)
    signal.alarm(seconds)
    yield
    signal.alarm(0)


def session_of(item):
    """The session that a test runs in, if it has one."""
    arguments = getattr(item, "funcargs", {})
    return arguments.get("session") or arguments.get("bare_session")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    """A test that says that it reaches an error has done so."""
    errors.observed.clear()
    result = yield
    claimed = [name for marker in item.iter_markers("reaches") for name in marker.args]
    if claimed:
        session = session_of(item)
        errors.observed.write("\n" + (session.logs() if session else ""))
        rows = errors.rows()
        missed = [name for name in claimed if not errors.observed.has(rows[name])]
        assert not missed, f"not told: {missed}"
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    session = session_of(item)
    if report.failed and session and session.folder.exists():
        report.sections.append(("logs of the programs", session.logs()))
        report.sections.append(("processes", "\n".join(map(str, session.processes()))))
    return report


@pytest.fixture
def opened():
    """Sessions that a test opens itself: call it with each; they are closed at the end."""
    sessions = []

    def keep(session):
        sessions.append(session)
        return session

    yield keep
    for session in reversed(sessions):
        session.end()
