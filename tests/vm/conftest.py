# SPDX-License-Identifier: LGPL-2.1-or-later
import pytest
from support import wait
from support.logged_in import service_manager, session  # noqa: F401 - fixtures

SCOPE = "kernel.yama.ptrace_scope"


def set_scope(value):
    wait.run("sudo", "sysctl", "-q", f"{SCOPE}={value}")


@pytest.fixture
def scope():
    """Set ptrace_scope; it is 1 again afterwards."""
    yield set_scope
    set_scope(1)


@pytest.fixture(scope="session", autouse=True)
def yama():
    """The suite is no use without it, and would pass for the wrong reasons."""
    with open("/proc/sys/kernel/yama/ptrace_scope", encoding="ascii") as file:
        assert file.read().strip() == "1"
