# SPDX-License-Identifier: LGPL-2.1-or-later
"""contrib/count-results.py: whatever has failed is counted, and named."""

import json
from pathlib import Path

import pytest
from support import wait

SCRIPT = Path(__file__).parents[2] / "contrib/count-results.py"

PASSED = '<testcase classname="suite" name="good"/>'
FAILED = '<testcase classname="suite" name="bad"><failure message="no prompt, but:&#10;Killed"/></testcase>'
SKIPPED = '<testcase classname="suite" name="skip"><skipped message="no kernel"/></testcase>'


@pytest.fixture
def count(tmp_path):
    """Have the results of a part counted: (exit status, lines)."""

    def count(status, *cases, programs=(), ci="1"):
        (tmp_path / "part.status").write_text(f"{status}\n")
        (tmp_path / "part.xml").write_text(f"<testsuites>{''.join(cases)}</testsuites>")
        (tmp_path / "part.json").write_text("".join(json.dumps(program) + "\n" for program in programs))
        done = wait.run(SCRIPT, tmp_path, check=False, env={"PATH": "/usr/bin:/bin", "CI": ci})
        return done.returncode, done.stdout.splitlines()

    return count


def program(result):
    """As meson's log has it: not all versions have more."""
    return {"name": "suite", "result": result, "duration": 60.2, "stdout": "1..2\nok 1 - good\n"}


def test_all_is_well(count):
    assert count(0, PASSED, PASSED, programs=[program("OK")]) == (0, ["2 passed, 0 failed"])


def test_failure_is_told(count):
    code, lines = count(1, PASSED, FAILED, programs=[program("FAIL")])
    assert code == 1
    assert lines == ["FAILED [part] suite::bad: no prompt, but:", "    Killed", "1 passed, 1 failed"]


def test_program_that_did_not_end(count):
    """meson's JUnit file has only the cases before that."""
    code, lines = count(1, PASSED, programs=[program("TIMEOUT")])
    assert code == 1
    assert lines == ["FAILED [part] suite: TIMEOUT after 60 s", "    1..2", "    ok 1 - good", "1 passed, 1 failed"]


def test_failure_without_a_test(count):
    assert count(2, PASSED) == (1, ["FAILED [part] ended with status 2", "1 passed, 1 failed"])


@pytest.mark.parametrize(("ci", "expected"), [("1", (1, "1 passed, 1 failed")), ("", (0, "1 passed, 0 failed"))])
def test_skipped(count, ci, expected):
    code, lines = count(0, PASSED, SKIPPED, ci=ci)
    assert (code, lines[-1]) == expected


def test_nothing_passed(count):
    assert count(0) == (1, ["0 passed, 0 failed"])
