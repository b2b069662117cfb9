# SPDX-License-Identifier: LGPL-2.1-or-later
import pytest
from support.session import PrivateSession


@pytest.fixture
def session(opened, request):
    """A session with a bus and a daemon; without the bus where that is asked for (indirect parameter "no bus")."""
    session = opened(PrivateSession())
    if getattr(request, "param", "bus") == "bus":
        session.start_bus()
    session.start_daemon()
    return session


@pytest.fixture
def bare_session(opened):
    """A session with nothing in it yet."""
    return opened(PrivateSession())
