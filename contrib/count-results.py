#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""count-results.py FOLDER: add up what `contrib/test` left there, and print it as its last line.

FOLDER holds, for each part of the run, PART.status (its exit status) and, for parts that are test suites, PART.xml (JUnit's
format, as meson and pytest write it); where meson has run it, PART.json (its log, which alone tells of programs that did not come to
their end). Each test case counts, and each program that failed without a failed case; a part that failed without either counts as one
failure. Skipped tests count as failures when CI is set. The exit status is 1 when anything failed, or no test passed.
"""

import json
import os
import sys
from pathlib import Path
from xml.etree import ElementTree

LINES = 8  # of what a test said
FINE = ("OK", "EXPECTEDFAIL", "SKIP")  # to meson


def cases(path):
    """Yield (name, outcome, text) for each test case of a file."""
    for case in ElementTree.parse(path).iter("testcase"):
        outcome, text = "passed", ""
        for child in case:
            if child.tag in ("failure", "error", "skipped"):
                outcome = "skipped" if child.tag == "skipped" else "failed"
                text = child.get("message") or (child.text or "").strip()
        yield f"{case.get('classname')}::{case.get('name')}", outcome, text


def programs(path, failed):
    """The same for programs that have failed; failed: names of cases that are told already."""
    for line in path.read_text(encoding="utf-8").splitlines():
        program = json.loads(line)
        name = program["name"]
        if program["result"] not in FINE and not any(f"{name}::" in case for case in failed):
            said = "\n".join((program.get("stdout", "") + program.get("stderr", "")).splitlines()[1 - LINES:])
            yield name, "failed", f"{program['result']} after {program['duration']:.0f} s\n{said}"


def found(results):
    """What is known of a part's tests."""
    tests = list(cases(results)) if results.exists() else []
    log = results.with_suffix(".json")
    if log.exists():
        tests += programs(log, [name for name, outcome, _ in tests if outcome == "failed"])
    return tests


def show(part, name, outcome, text):
    """The first lines of what is said of a test."""
    lines = [line[:200] for line in text.splitlines()[:LINES]] or [""]
    print(f"{outcome.upper()} [{part}] {name}: {lines[0]}", *lines[1:], sep="\n    ")


def main():
    folder = Path(sys.argv[1])
    passed = failed = 0
    skips_fail = os.environ.get("CI", "") not in ("", "0", "false")
    for status in sorted(folder.glob("*.status")):
        part = status.stem
        failed_before = failed
        results = status.with_suffix(".xml")
        try:
            tests = found(results)
        except (ElementTree.ParseError, ValueError) as error:
            tests = [(part, "failed", f"its results cannot be read: {error}")]
        for name, outcome, text in tests:
            if outcome == "passed":
                passed += 1
                continue
            if outcome == "failed" or skips_fail:
                failed += 1
            show(part, name, outcome, text)
        if status.read_text().strip() != "0" and failed == failed_before:
            failed += 1
            print(f"FAILED [{part}] ended with status {status.read_text().strip()}")
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed or not passed else 0)


main()
