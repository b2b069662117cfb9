# SPDX-License-Identifier: LGPL-2.1-or-later
"""docs/recipes.md, as far as it needs Yama and a service manager."""

import os
import re
import shutil
import signal
import subprocess
from pathlib import Path

import pytest
from support import wait
from support.session import CLIENT, PREFIX, Pdb

ROOT = Path(__file__).resolve().parents[2]
UNIT = ".config/systemd/user/worker.service"
# What cron gives a command, and what a container has.
BARE = {"HOME": os.environ["HOME"], "LOGNAME": os.environ["USER"], "SHELL": "/bin/sh", "PATH": "/usr/bin:/bin"}


@pytest.fixture
def unit(session):
    """The page's own unit, and the job that it runs."""
    script = Path(session.env["HOME"], "train.py")
    shutil.copy(ROOT / "contrib/examples/train.py", script)
    path = Path(session.env["HOME"], UNIT)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(re.search(rf"^```ini {re.escape(UNIT)}\n(.*?)^```$", (ROOT / "docs/recipes.md").read_text(), re.MULTILINE | re.DOTALL).group(1))
    session.systemctl("daemon-reload")
    yield "worker.service"
    session.systemctl("stop", "worker", check=False)
    path.unlink()
    script.unlink()
    session.systemctl("daemon-reload")


def test_own_unit(session, unit):
    session.systemctl("start", "worker")
    session.wait_state("worker", "running")
    wait.until(lambda: "epoch" in session.journal("-u", unit, "-o", "cat"), "the job trains")
    pdb = session.attach("worker")
    assert "step()" in pdb.greeting
    pdb.quit()
    first = session.list()["worker"][3]
    os.kill(first, signal.SIGKILL)  # Restart=on-failure
    wait.until(lambda: session.list()["worker"][2] == "running" and session.list()["worker"][3] != first, "it is started again")
    session.systemctl("stop", "worker")
    session.wait_state("worker", "exited")
    assert session.show(unit, "Result")["Result"] == "success"


def test_cron(session):
    """Without the variables of a session a job is a unit nevertheless."""
    done = wait.run(CLIENT, "run", "--job", "cron", "--", "python3", ROOT / "contrib/examples/train.py", env=BARE)
    assert done.stdout == "cron\n"
    assert session.list()["cron"][5] == "helicopter-cron.service"
    with subprocess.Popen([f"{PREFIX}/bin/helicopter-parent", "--job", "nightly", "--", "python3", "-c", "print('done', flush=True)"],
                          env=BARE, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, start_new_session=True) as parent:
        assert parent.communicate(timeout=wait.SECONDS)[0] == "done\n"
    assert parent.returncode == 0
    session.wait_state("nightly", "exited")


def test_container(session):
    """helicopter-parent is the first process of its namespaces, and there is nothing but it."""
    inside = BARE | {"PATH": f"{PREFIX}/bin:/usr/bin:/bin", "LANG": "C.UTF-8", "HELICOPTER_TEST": session.env["HELICOPTER_TEST"]}
    outside = ["unshare", "--user", "--map-root-user", "--pid", "--fork", "--mount", "--mount-proc"]
    # A /run and a /tmp of its own.
    hide = 'mount -t tmpfs none /run; mount -t tmpfs none /tmp; exec "$@"'
    container = subprocess.Popen([*outside, "sh", "-c", hide, "sh", "helicopter-parent", "--job", "app", "--", "python3", "-u",
                                  ROOT / "contrib/examples/train.py"], env=inside, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    try:
        assert container.stdout.readline().startswith("epoch 1")
        first = wait.run("pgrep", "-P", str(container.pid)).stdout.strip()
        enter = ["nsenter", "--target", first, "--user", "--pid", "--mount", "--preserve-credentials", "--wdns=/", "helicopter-client"]
        terminal = session.spawn(*enter, "attach", "app", env=inside | {"XDG_RUNTIME_DIR": ""})
        pdb = Pdb(terminal)
        assert "step()" in pdb.greeting
        pdb.quit()
        assert container.stdout.readline().startswith("epoch")
        os.kill(int(first), signal.SIGTERM)
        container.communicate(timeout=wait.SECONDS)
        assert container.returncode != 0
    finally:
        container.kill()
        container.communicate()
