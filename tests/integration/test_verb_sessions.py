# SPDX-License-Identifier: LGPL-2.1-or-later
"""Each verb as somebody new tries it, on a terminal: its normal case, what other tools have taught, the likeliest mistakes, its --help.

A verb has one entry in VERBS. All cases share one session, with the jobs `train` (a Python that runs, with a worker process), `shell`
(runs, is no Python) and `done` (has ended)."""

import re
from dataclasses import dataclass
from typing import NamedTuple

import pytest
from support import wait
from support.session import CLIENT, PrivateSession, exit_code

# As much as a terminal shows below the line on which the command was typed.
LINES, COLUMNS = 23, 80

TRAIN = """
import os, time
pid = os.fork()
if pid == 0:
    time.sleep(1000)
with open("worker.new", "w") as file:
    file.write(str(pid))
os.rename("worker.new", "worker")
print("epoch 1", flush=True)
while True:
    time.sleep(0.05)
"""


class Done(NamedTuple):
    code: int
    text: str


class Mistake(NamedTuple):
    """A line that is wrong, the exit code, and what the message must have in it. Names in braces are filled in (see `words_of`)."""
    line: str
    code: int
    said: str


class Works(NamedTuple):
    """A line that does what is meant, and what is shown then; before: a line that makes it possible."""
    line: str
    shown: str = ""
    before: str = ""
    code: int = 0


@dataclass
class Entry:
    normal: Works
    mistakes: list
    also: list = ()  # what works as it does elsewhere
    keys: tuple = ()  # what is typed in the normal case, and what comes before each: [(awaited, typed)]


VERBS = {
    "run": Entry(
        Works("run --job made -- /bin/sleep 1000", "^made$"),
        [
            Mistake("run", 2, "No command was given"),
            Mistake("run --jbo x -- /bin/true", 2, "did you mean --job?"),
            Mistake("run -- no-such-command", 127, "no-such-command"),
            Mistake("run --job train -- /bin/true", 125, "A job named train exists"),
            Mistake("run -C /no/such/folder -- /bin/true", 125, "/no/such/folder"),
            Mistake("run -E PATH -- /bin/true", 2, "-E takes NAME=VALUE, not 'PATH'"),
            Mistake("run missing.py", 127, "missing.py"),
        ],
        also=[Works("run --name docked /bin/sleep 1000", "^docked$"), Works("run /bin/sleep 1000", "^sleep")],
    ),
    "attach": Entry(
        Works("attach train", "Debugger detached, job train still running"),
        [
            Mistake("attach trian", 1, "did you mean train?"),
            Mistake("attach train 0", 2, "Only one job can be named"),
            Mistake("attach --pid worker train", 2, "worker"),
            Mistake("attach done", 1, "Job done has ended"),
            Mistake("attach shell", 1, "Job shell: process [0-9]+ is not a Python"),
            Mistake("attach", 1, "Several jobs are running: .*train"),
            Mistake("attach {unknown}", 1, "There is no job named {unknown}"),
        ],
        also=[Works("attach {pid} -c quit", "PID {pid}"), Works("attach {worker} -c quit", "PID {worker}"), Works("attach tr -c quit", "job train")],
        keys=((r"\(Pdb\) $", "quit"),),
    ),
    "exec": Entry(
        Works("exec train -- echo look at {{pid}}", "look at {pid}"),
        [
            Mistake("exec", 2, "No tool was named"),
            Mistake("exec --job train -- gdb -p", 2, r"No argument has {{pid}} in it"),
            Mistake("exec --job train -- no-such-tool {{pid}}", 127, "Cannot run no-such-tool"),
            Mistake("exec -- echo {{pid}}", 125, "Several jobs are running: .*train"),
            Mistake("exec trian -- echo {{pid}}", 125, "did you mean train?"),
            Mistake("exec --job train shell -- echo {{pid}}", 2, "Only one job can be named"),
        ],
        also=[
            Works("exec --job train echo look at {{pid}}", "look at {pid}"),
            Works("exec {worker} -- echo look at {{pid}}", "look at {worker}"),
            Works("exec -jtrain -- nice -- echo look at {{pid}}", "look at {pid}"),
        ],
    ),
    "stack": Entry(
        Works("stack train", r"Thread {pid} \(main\)"),
        [
            Mistake("stack trian", 1, "did you mean train?"),
            Mistake("stack shell", 1, "Job shell: .* is not a Python interpreter"),
            Mistake("stack --all train", 2, "Unknown option --all"),
        ],
        also=[Works("stack {worker}", r"Thread {worker} \(main\)")],
    ),
    "inject": Entry(
        Works("inject train look.py", "looked"),
        [
            Mistake("inject", 2, "No script was named"),
            Mistake("inject train missing.py", 1, "Cannot read missing.py: No such file"),
            Mistake("inject train", 1, "Cannot read train: No such file"),
            Mistake("inject look.py train", 1, "Cannot read train: No such file"),
            Mistake("inject shell look.py", 1, "Job shell: process [0-9]+ is not a Python"),
        ],
        also=[Works("inject {worker} look.py", "looked")],
    ),
    "list": Entry(
        Works("list", "^train +running"),
        [
            Mistake("list train", 2, "Unexpected argument 'train'"),
            Mistake("list -a", 2, "Unknown option -a"),
            Mistake("list --jsno", 2, "did you mean --json?"),
        ],
        also=[Works("ls", "^train +running")],
    ),
    "status": Entry(
        Works("status train", "State: running"),
        [
            Mistake("status trian", 4, "did you mean train?"),
            Mistake("status --user train", 2, "Unknown option --user"),
            Mistake("status train done", 2, "Only one job can be named"),
            Mistake("status {worker}", 4, "process {worker} is a worker of job train"),
        ],
        also=[Works("status {pid}", "train"), Works("status done", "exited", code=3)],
    ),
    "ps": Entry(
        Works("ps train", "^{worker} "),
        [
            Mistake("ps -a", 2, "Unknown option -a"),
            Mistake("ps aux", 1, "There is no job named aux"),
            Mistake("ps done", 1, "Job done has ended"),
        ],
    ),
    "logs": Entry(
        Works("logs train", "^epoch 1$"),
        [
            Mistake("logs trian", 1, "did you mean train?"),
            Mistake("logs --lines many train", 2, "many"),
            Mistake("logs --since once train", 2, "--since takes a time such as 10min"),
            Mistake("logs --folow train", 2, "did you mean --follow?"),
            Mistake("logs", 1, "Several jobs are running"),
        ],
        also=[Works("logs --tail 1 train", "^epoch 1$"), Works("logs train -n1", "^epoch 1$"), Works("logs -f done")],
    ),
    "wait": Entry(
        Works("wait done"),
        [
            Mistake("wait trian", 125, "did you mean train?"),
            Mistake("wait train done", 2, "Only one job can be named"),
            Mistake("wait --timeout 5 train", 2, "Unknown option --timeout"),
            Mistake("wait", 125, "Several jobs are running"),
        ],
    ),
    "stop": Entry(
        Works("stop short", "job short was ended by SIGTERM", before="run --job short -- /bin/sleep 1000"),
        [
            Mistake("stop trian", 1, "did you mean train?"),
            Mistake("stop --force train", 2, "Unknown option --force"),
            Mistake("stop done", 1, "Job done has ended"),
            Mistake("stop --grace soon train", 2, "soon"),
            Mistake("stop {worker}", 1, "process {worker} is a worker of job train"),
        ],
        also=[Works("stop -t 1 short", "job short was ended by", before="run --job short -- /bin/sleep 1000")],
    ),
    "kill": Entry(
        Works("kill -s KILL short", before="run --job short -- /bin/sleep 1000"),
        [
            Mistake("kill -s FOO train", 2, "There is no signal 'FOO'"),
            Mistake("kill -FOO train", 2, "Unknown option -FOO"),
            Mistake("kill -9 -s TERM train", 2, "-9 and --signal=TERM contradict each other"),
            Mistake("kill done", 1, "Job done has ended"),
            Mistake("kill {worker}", 1, "process {worker} is a worker of job train"),
            Mistake("kill trian", 1, "did you mean train?"),
        ],
        also=[
            Works("kill -9 short", before="run --job short -- /bin/sleep 1000"),
            Works("kill short -TERM", before="run --job short -- /bin/sleep 1000"),
            Works("kill -SIGCONT train"),
        ],
    ),
    "restart": Entry(
        Works("restart again", "^again$", before="run --job again -- /bin/sleep 1000"),
        [
            Mistake("restart trian", 1, "did you mean train?"),
            Mistake("restart --force train", 2, "Unknown option --force"),
            Mistake("restart train again", 2, "Only one job can be named"),
        ],
        also=[
            Works("restart once -t 5", "^once$", before="run --job once -- /bin/sleep 1000"),
        ],
    ),
    "forget": Entry(
        Works("forget past", before="run --job past --wait -- /bin/true"),
        [
            Mistake("forget", 2, "No job was named"),
            Mistake("forget train", 1, "Job train has not ended"),
            Mistake("forget doen", 1, "did you mean done?"),
        ],
    ),
    "doctor": Entry(
        Works("doctor python3.14", "^ok +python"),
        [
            Mistake("doctor a b", 2, "Only one Python can be named"),
            Mistake("doctor --fix", 2, "Unknown option --fix"),
            Mistake("doctor --josn", 2, "did you mean --json?"),
        ],
    ),
    "version": Entry(
        Works("version", "^helicopterd [0-9]"),
        [
            Mistake("version train", 2, "Unexpected argument 'train'"),
            Mistake("version --short", 2, "Unknown option --short"),
            Mistake("version -v", 2, "Unknown option -v"),
        ],
    ),
    # Last: nothing is left then.
    "terminate": Entry(
        Works("terminate", "All jobs and the daemon have ended"),
        [
            Mistake("terminate train", 2, "'helicopter-client stop train' stops one"),
            Mistake("terminate --force", 2, "Unknown option --force"),
            Mistake("terminate now", 2, "takes no name"),
        ],
    ),
}

# Lines whose first word is no verb.
NO_VERBS = [
    Mistake("atach train", 2, "Did you mean 'attach'?"),
    Mistake("start train.py", 2, "Did you mean 'run'?"),
    Mistake("train.py", 2, "'helicopter-client run train.py' starts it"),
    Mistake("--job train attach", 2, "A verb's options come behind it"),
    Mistake("nonsense", 2, "'helicopter-client help' shows the verbs"),
    Mistake("help nonsense", 2, "Unknown verb 'nonsense'"),
]


@pytest.fixture(scope="module")
def session():
    shared = PrivateSession()
    shared.env |= {"TERM": "vt100"}
    shared.start_bus()
    shared.start_daemon()
    (shared.folder / "look.py").write_text("print('looked')\n")
    shared.client("run", "--job", "train", "--", "python3.14", "-c", TRAIN)
    shared.client("run", "--job", "shell", "--", "/bin/sleep", "1000")
    shared.client("run", "--job", "done", "--wait", "--", "/bin/true")
    wait.until((shared.folder / "worker").exists, "the worker runs")
    listed = shared.list()
    shared.names = {"pid": listed["train"][3], "worker": int((shared.folder / "worker").read_text()), "unknown": 2**22 + 1}
    yield shared
    shared.end()


def words_of(session, line):
    return line.format(**session.names)


def typed(session, line, keys=(), env=None):
    """What comes of a line on a terminal."""
    terminal = session.spawn(CLIENT, *words_of(session, line).split(), env=env, dimensions=(LINES + 1, COLUMNS))
    shown = ""
    for awaited, key in keys:
        terminal.expect(awaited)
        shown += terminal.before
        terminal.sendline(key)
    return Done(exit_code(terminal), (shown + terminal.before).replace("\r\n", "\n"))


def check_works(session, works, keys=()):
    if works.before:
        assert typed(session, works.before).code == 0
    done = typed(session, works.line, keys)
    assert done.code == works.code, done.text
    assert re.search(words_of(session, works.shown), done.text, re.MULTILINE), done.text


def check_mistake(session, mistake):
    """One clear message: what is wrong, and on a line of its own what to do."""
    done = typed(session, mistake.line)
    assert done.code == mistake.code, done.text
    lines = done.text.splitlines()
    assert len(lines) == 2, done.text
    assert lines[0].startswith("helicopter-client: ") and not lines[0].endswith(":"), done.text
    assert re.search(words_of(session, mistake.said), done.text), done.text


def cases(kind):
    return [pytest.param(case, id=case.line.replace(" ", "_")) for entry in VERBS.values() for case in getattr(entry, kind)]


def test_each_verb_has_an_entry(session):
    verbs = {line.split("\t")[0] for line in session.client("complete", "--", "").stdout.splitlines()}
    assert set(VERBS) == verbs - {"help"}
    assert all(len(entry.mistakes) >= 3 for entry in VERBS.values())
    assert all(case.line.split()[0] in (verb, "ls") for verb, entry in VERBS.items() for case in (entry.normal, *entry.mistakes, *entry.also))


@pytest.mark.parametrize("verb", [*VERBS, "complete", "ls", ""])
def test_help_fits_a_screen(session, verb):
    done = typed(session, f"{verb} --help")
    assert done.code == 0
    assert done.text.startswith("Usage: helicopter-client ")
    lines = done.text.splitlines()
    assert len(lines) <= LINES and max(map(len, lines)) < COLUMNS, done.text
    if verb:
        assert typed(session, f"help {verb}") == done


@pytest.mark.parametrize("mistake", [*cases("mistakes"), *(pytest.param(case, id=case.line.replace(" ", "_")) for case in NO_VERBS)])
def test_mistake(session, mistake):
    check_mistake(session, mistake)
    assert session.list()["train"][2] == "running", "nothing has happened to the job"


@pytest.mark.parametrize("works", cases("also"))
def test_as_elsewhere(session, works):
    check_works(session, works)


@pytest.mark.parametrize("verb", VERBS)
def test_normal_case(session, verb):
    check_works(session, VERBS[verb].normal, VERBS[verb].keys)
