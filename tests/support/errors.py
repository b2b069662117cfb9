# SPDX-License-Identifier: LGPL-2.1-or-later
"""The table of errors, docs/errors.md: its rows, what the programs' sources can say, and what a test has come upon.

A test says which rows it reaches by @pytest.mark.reaches("Error.BadName", …), and fails when it has not (tests/conftest.py)."""

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/errors.md"
PREFIX = "org.helicopter1."

# In the page, what is filled in.
FILLED = re.compile(r"\b[A-Z]{2,}\b|N\b")

# With less text of its own than this a message says all and nothing.
LEAST_LETTERS = 8


def letters(text):
    return len(re.findall("[A-Za-z]", text))


class Row(NamedTuple):
    name: str
    seen: list  # messages
    means: str
    do: str

    def codes(self):
        """All messages, also those that the others may contain."""
        return self.seen + re.findall(r"`([^`]+)`", self.means)


def rows():
    """{name: row}."""
    found = {}
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        cells = re.split(r"(?<!\\) \| ", line.strip("| "))
        if line.startswith("| `") and len(cells) == 4:
            name = cells[0].strip("`")
            assert name not in found, name
            found[name] = Row(name, re.findall(r"`([^`]+)`", cells[1]), cells[2], cells[3])
    return found


class Observed:
    """What has been told during a test."""

    def __init__(self):
        self.clear()

    def clear(self):
        self.names, self.texts = set(), []

    def write(self, text):
        """As of a file, for pexpect."""
        self.texts.append(text)

    def flush(self):
        pass

    def has(self, row):
        """Whether an error was told: by its name on the bus, or by a line."""
        return PREFIX + row.name in self.names or row.name in self.names or any(self._has_text(text, row.do) for text in row.seen)

    def _has_text(self, text, remedy):
        if letters(FILLED.sub("", text)) < LEAST_LETTERS:
            text = remedy
        pattern = "(?:^|: )" + ".+".join(re.escape(part) for part in FILLED.split(text)) + r"\r?$"
        return re.search(pattern, "".join(self.texts), re.MULTILINE) is not None


observed = Observed()


def claimed():
    """{row: the tests that say that they reach it}, of all suites."""
    found = {}
    for path in sorted(ROOT.glob("tests/*/test_*.py")):
        for words in re.findall(r"mark\.reaches\(([^)]*)\)", path.read_text(encoding="utf-8")):
            for name in re.findall(r'"([^"]+)"', words):
                found.setdefault(name, []).append(path.name)
    for name, body in claimed_by_unit_tests():
        found.setdefault(name, []).append(body.splitlines()[0])
    return found


def claimed_by_unit_tests():
    """(row, the text of the test) of those that no real program can be brought to."""
    for path in sorted(ROOT.glob("tests/unit/test-*.c")):
        yield from re.findall(r"/\* Reaches ([\w.-]+)\. \*/\n(static void test_\w+.*?^\}$)", path.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


# The sources.

# What tells an error: the function, and which of its arguments is the message.
TELLING = {
    "sd_bus_error_set": 2, "sd_bus_error_setf": 2, "sd_bus_reply_method_errorf": 2, "client_error_set": 3, "options_usage": 1, "report_error": 0,
    "log_error": 0, "set_invalid": 1, "failed": 0, "job_fail": 1, "launch_finish": 2, "reason = g_strdup_printf": 0,
}
CALL = re.compile(r"(?<![A-Za-z0-9])(" + "|".join(TELLING).replace(" = ", r" =\s+") + r")\(")

MACROS = {"GRANT_POLICY_NAMES": "same-user, ask-terminal, any-namespace or none", "PLACEHOLDER": "{pid}", "GROUP": "Job", "HELICOPTER_BUS_NAME": "%"}

HEADERS = {"include/helicopter/error.h": "HELICOPTER_ERROR_", "client/client-error.h": "CLIENT_ERROR_"}
REMEDIES = ("lib/error.c", "client/client-error.c")

STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')


class Said(NamedTuple):
    """A message in the sources, with "%" for each thing that is filled in; name: the error's, or None."""
    place: str
    function: str
    name: str
    text: str

    def pattern(self):
        """What it is in the page. A helicopter-parent's errors come behind the job's name, the client's may."""
        job = {"parent": "(Job NAME: )?", "client": "(Job NAME: |VERB: |[a-z]+: )?", "daemon": "(Job NAME: )?", "lib": "(Job NAME: )?"}
        return job[self.place.partition("/")[0]] + ".+".join(re.escape(part) for part in self.text.split("%"))


def names():
    """{macro: name} of all errors that have one."""
    found = {}
    for header, prefix in HEADERS.items():
        found |= dict(re.findall(rf'^#define ({prefix}\w+) "([\w.]+)"', (ROOT / header).read_text(encoding="utf-8"), re.MULTILINE))
    return found


def remedies():
    """{name: what the programs say is to be done}."""
    found, known = {}, names()
    for path in REMEDIES:
        for macro, words in re.findall(r'\{ (\w+),(?: \w+,)?\s*((?:"(?:[^"\\]|\\.)*"\s*)+) \}', (ROOT / path).read_text(encoding="utf-8")):
            if macro in known:
                found[known[macro]] = "".join(STRING.findall(words))
    return found


def _arguments(text, start):
    """The arguments of a call, of which text[start] is the bracket."""
    found, depth, begin, at = [], 0, start + 1, start
    while True:
        if text[at] == '"':
            at = STRING.match(text, at).end()
            continue
        depth += {"(": 1, "{": 1, ")": -1, "}": -1}.get(text[at], 0)
        if (text[at] == "," and depth == 1) or depth == 0:
            found.append(text[begin:at].strip())
            begin = at + 1
        if depth == 0:
            return found
        at += 1


def _text(argument):
    """The text of an argument that is a string in pieces, some of which may be macros; "": it is something else."""
    pieces = re.findall(r'"((?:[^"\\]|\\.)*)"|(\w+)|(\S)', argument)
    if '"' not in argument or any(other or (word and word not in MACROS) for _, word, other in pieces):
        return ""
    text = "".join(MACROS.get(word, string) for string, word, _ in pieces)
    return re.sub(r"%[-#0-9.*]*[a-z]+", "%", text)


def _said_in(path, known):
    source = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    place = str(path.relative_to(ROOT))
    for call in CALL.finditer(source):
        arguments, at = _arguments(source, call.end() - 1), TELLING[" ".join(call[1].split())]
        for macro in re.findall(r"\b(?:HELICOPTER|CLIENT)_ERROR_\w+", " ".join(arguments[:at])) or [None]:
            yield Said(place, call[1], known.get(macro), _text(arguments[at]) if len(arguments) > at else "")
    for macro, text in re.findall(r'\{ SD_BUS_ERROR_\w+, (\w+), \w+, "([^"]+)" \}', source):
        yield Said(place, "table", known[macro], text)


CODES = {"BUSY": "DebuggerBusy", "FAILED": "CannotAttach", "INCOMPATIBLE": "NoInterpreter"}


def _said_in_script(path):
    """attach_session.py and stack.py."""
    for code, text in re.findall(r'\bFailure\((?:(\w+), )?f?"((?:[^"\\]|\\.)*)"', path.read_text(encoding="utf-8")):
        name = CODES.get(code) if code else "NoStacks"
        yield Said(f"client/{path.name}", "Failure", f"{PREFIX}Client.Error.{name}" if name else None, re.sub(r"\{[^}]*\}", "%", text))


def said():
    """All that the sources say of failures, as far as it is text of their own."""
    known = names()
    found = []
    for folder in ("lib", "daemon", "parent", "client"):
        for path in sorted((ROOT / folder).glob("*.c")):
            found += _said_in(path, known)
    for script in ("attach_session.py", "stack.py"):
        found += _said_in_script(ROOT / "client" / script)
    return [message for message in found if letters(message.text) >= LEAST_LETTERS]
