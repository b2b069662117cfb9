#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""count-results.py FOLDER: add up what `contrib/test` left there, and print it as its last line.

FOLDER holds, for each part of the run, PART.status (its exit status) and, for parts that are test suites, PART.xml (JUnit's
format, as meson and pytest write it). Each test case counts; a part that failed without a failed test to show for it counts as one
failure. Skipped tests count as failures when CI is set. The exit status is 1 when anything failed, or no test passed.
"""

import os
import sys
from pathlib import Path
from xml.etree import ElementTree


def cases(path):
    """Yield (name, outcome, text) for each test case of a file."""
    for case in ElementTree.parse(path).iter("testcase"):
        outcome, text = "passed", ""
        for child in case:
            if child.tag in ("failure", "error", "skipped"):
                outcome = "skipped" if child.tag == "skipped" else "failed"
                text = child.get("message") or (child.text or "").strip()
        yield f"{case.get('classname')}::{case.get('name')}", outcome, text


def main():
    folder = Path(sys.argv[1])
    passed = failed = 0
    skips_fail = os.environ.get("CI", "") not in ("", "0", "false")
    for status in sorted(folder.glob("*.status")):
        part = status.stem
        failed_before = failed
        results = status.with_suffix(".xml")
        try:
            found = list(cases(results)) if results.exists() else []
        except ElementTree.ParseError as error:
            found = [(part, "failed", f"its results cannot be read: {error}")]
        for name, outcome, text in found:
            if outcome == "passed":
                passed += 1
                continue
            if outcome == "failed" or skips_fail:
                failed += 1
            print(f"{outcome.upper()} [{part}] {name}: {(text.splitlines() or [''])[0]}")
        if status.read_text().strip() != "0" and failed == failed_before:
            failed += 1
            print(f"FAILED [{part}] ended with status {status.read_text().strip()}")
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed or not passed else 0)


main()
