# SPDX-License-Identifier: LGPL-2.1-or-later
"""inject: a script runs in the job, and everything it says comes to the client."""

import signal

import pexpect
import pytest
from support import wait
from support.session import CLIENT, JOBS, pid_alive


def inject(session, text, *options, check=True, name="count"):
    return session.client("inject", *options, name, "-", stdin=None, input=text, check=check)


@pytest.mark.parametrize("python", ["python3.14", "python3.15", "python3.14-dbg", "python3.15-dbg"])
def test_output(session, python):
    job = session.run_counter("count", python)
    done = inject(session, "import os, sys\nprint('hallo', os.getpid())\nprint('oh', file=sys.stderr)\nsys.stdout.write('ü\\udc80\\n')")
    assert done.stdout == f"hallo {job.PID}\nü\\udc80\n"
    assert done.stderr == "oh\n"
    job.counts_on()
    assert session.job_output("count") == ""
    wait.until(lambda: job.TracerPID == 0, "the job is free again")


@pytest.mark.parametrize("python", ["python3.14", "python3.15"])
def test_exception(session, python):
    job = session.run_counter("count", python)
    done = inject(session, "print('before')\ndef f():\n    1 / 0\nf()\n", check=False)
    assert done.returncode == 1
    assert done.stdout == "before\n"
    assert done.stderr.startswith("Traceback (most recent call last):\n  File \"<injected>\", line 4, in <module>")
    assert done.stderr.endswith("ZeroDivisionError: division by zero\n")
    assert "inject-job" not in done.stderr and "_run" not in done.stderr
    job.counts_on()
    assert session.job_output("count") == ""


def test_other_ends(session):
    job = session.run_counter("count")
    assert "SyntaxError" in inject(session, "this is no Python", check=False).stderr
    assert inject(session, "raise SystemExit").returncode == 0
    assert inject(session, "raise SystemExit(0)").returncode == 0
    done = inject(session, "raise SystemExit('told')", check=False)
    assert (done.returncode, done.stderr) == (1, "told\n")
    done = inject(session, "raise KeyboardInterrupt", check=False)
    assert done.returncode == 1 and "KeyboardInterrupt" in done.stderr
    job.counts_on()
    assert session.job_output("count") == ""


def test_namespace_of_its_own(session):
    job = session.run_counter("count")
    before = inject(session, "import __main__, sys\nprint(sorted(vars(__main__)), len(sys.modules) > 0)").stdout
    inject(session, "left_behind = 1\nassert __name__ == '__helicopter__', __name__")
    done = inject(session, "import __main__, sys\nprint(sorted(vars(__main__)), len(sys.modules) > 0)\n"
                  "print('left_behind' in globals(), hasattr(__main__, '_client'))", check=False)
    assert done.stdout == before + "False False\n"
    job.counts_on()


def test_script_in_a_file_and_the_only_job(session):
    session.run_counter("count")
    script = session.folder / "script.py"
    script.write_text("# -*- coding: latin-1 -*-\nprint('\xe4')", encoding="latin-1")
    assert session.client("inject", "count", script).stdout == "ä\n"
    assert session.client("inject", script).stdout == "ä\n"
    assert session.client("inject", "--job", "count", script).stdout == "ä\n"


def test_other_threads_are_untouched(session):
    file = session.folder / "threads.py"
    file.write_text("import threading, time, sys\n"
                    "def talk():\n    while True:\n        print('background', flush=True)\n        time.sleep(0.01)\n"
                    "threading.Thread(target=talk, daemon=True).start()\nwhile True: time.sleep(0.01)\n")
    session.client("run", "--job", "talk", "--", "python3.14", file)
    wait.until(lambda: "background" in session.job_output("talk"), "it talks")
    done = inject(session, "import time, sys\nkept = sys.stdout\nfor _ in range(20):\n    print('mine')\n    time.sleep(0.01)\n", name="talk")
    assert done.stdout == "mine\n" * 20
    assert "mine" not in session.job_output("talk")
    assert inject(session, "import sys\nprint(type(sys.__stdout__).__name__)", name="talk").stdout == "TextIOWrapper\n"
    assert set(session.job_output("talk").split()) == {"background"}


def test_streams_are_put_back(session):
    file = session.folder / "look.py"
    file.write_text("import sys, time\nstreams = sys.stdout, sys.stderr\nwhile True:\n    time.sleep(0.01)\n"
                    "    open(sys.argv[1], 'w').write(str((sys.stdout, sys.stderr) == streams))\n")
    session.client("run", "--job", "look", "--", "python3.14", file, session.folder / "same")
    inject(session, "print(1)\n1 / 0", name="look", check=False)
    (session.folder / "same").unlink(missing_ok=True)
    assert wait.content(session.folder / "same", "the job looks") == "True"


@pytest.mark.reaches("Client.Error.Dropped")
def test_too_much_output_is_dropped(session):
    job = session.run_counter("count")
    done = inject(session, "for _ in range(20):\n    print('x' * (1 << 20))")
    assert 15 << 20 < len(done.stdout) < 17 << 20
    assert "dropped" in done.stderr
    job.counts_on()


@pytest.mark.reaches("Client.Error.StillRuns")
def test_script_that_goes_on(session):
    """The deadline passes; the job is not harmed when nobody listens any more."""
    job = session.run_counter("count")
    go = session.folder / "go"
    done = inject(session, "import os, time, signal\nsignal.signal(signal.SIGPIPE, signal.SIG_DFL)\nprint('begun')\n"
                           f"while not os.path.exists({str(go)!r}): time.sleep(0.01)\nprint('late')", "--timeout", "3", check=False)
    assert done.returncode == 1
    assert done.stdout == "begun\n"
    assert "still runs" in done.stderr and "--timeout" in done.stderr
    go.touch()
    job.counts_on()
    assert session.job_output("count") == ""


def test_client_killed_meanwhile(session):
    job = session.run_counter("count")
    script = session.folder / "script.py"
    script.write_text(f"import time\nopen({str(session.folder / 'begun')!r}, 'w').close()\ntime.sleep(1)\nprint('late')")
    terminal = session.spawn(CLIENT, "inject", "count", script)
    wait.until((session.folder / "begun").exists, "it has begun")
    terminal.kill(signal.SIGKILL)
    terminal.expect(pexpect.EOF)
    job.counts_on()
    assert session.job_output("count") == ""
    assert inject(session, "print(1)").stdout == "1\n"


def test_end_of_the_job(session):
    session.run_counter("count")
    done = inject(session, "import os\nprint('bye')\nos._exit(3)", check=False)
    assert done.returncode == 1
    assert done.stdout == "bye\n"
    assert "ended" in done.stderr


def test_job_that_is_debugged(session):
    session.run_counter("count")
    pdb = session.attach("count")
    done = inject(session, "print(1)", check=False)
    assert done.returncode == 1 and "traced by" in done.stderr
    pdb.quit()


@pytest.mark.reaches("Client.Error.NoScript")
def test_what_cannot_be_run(session):
    session.run_counter("count")
    assert "no-such-file" in session.refused("inject", "count", "no-such-file", code=1)
    assert "Cannot read" in session.refused("inject", "count", session.folder, code=1)
    session.refused("inject", code=2)
    session.refused("inject", "a", "b", "c", code=2)
    session.refused("inject", "nobody", JOBS / "counter.py", code=1)
    assert "SCRIPT" in session.client("inject", "--help").stdout


def test_no_python(session):
    session.client("run", "--job", "sleep", "--", "/bin/sleep", "1000")
    assert "not a Python" in inject(session, "print(1)", name="sleep", check=False).stderr


def test_large_script(session):
    job = session.run_counter("count")
    done = session.client("inject", "count", "-", stdin=None, input="#" * (17 << 20), check=False)
    assert done.returncode == 1 and "Cannot read" in done.stderr
    text = "x = '" + "y" * (3 << 20) + "'\nprint(len(x))"
    assert inject(session, text).stdout == f"{3 << 20}\n"
    assert pid_alive(job.PID)
