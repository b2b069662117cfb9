# SPDX-License-Identifier: LGPL-2.1-or-later
"""The catalog explains each journal entry. What is written to a real journal is in tests/session/test_policy.py."""

import re

from support import wait
from support.session import INCLUDE, PREFIX

SOURCE = INCLUDE.parents[1]
CATALOG = PREFIX / "lib/systemd/catalog/helicopter.catalog"


def entry_ids():
    """{name: id} of include/helicopter/audit-id.h."""
    found = re.findall(r"#define AUDIT_(\w+) SD_ID128_MAKE\(([^)]*)\)", (INCLUDE / "audit-id.h").read_text())
    return {name: re.sub(r"[, ]", "", digits) for name, digits in found}


def test_catalog_is_one_that_the_journal_takes(bare_session):
    root = bare_session.folder / "root"
    (root / "usr/lib/systemd/catalog").mkdir(parents=True)
    (root / "var/lib/systemd/catalog").mkdir(parents=True)
    (root / "usr/lib/systemd/catalog/helicopter.catalog").write_text(CATALOG.read_text())
    done = wait.run("journalctl", "--update-catalog", f"--root={root}")
    assert done.stderr == "", done.stderr
    listed = wait.run("journalctl", "--list-catalog", f"--root={root}").stdout
    assert {line.split()[0] for line in listed.splitlines()} == set(entry_ids().values())


def test_catalog_names_the_fields_that_there_are():
    """Each field that an entry may have, and no other."""
    written = set(re.findall(r"HELICOPTER_\w+(?==)", (SOURCE / "daemon/audit.c").read_text()))
    text = CATALOG.read_text()
    assert set(re.findall(r"@(\w+)@", text)) == written
    for entry in text.split("\n-- ")[1:]:
        common = {"HELICOPTER_JOB", "HELICOPTER_UNIT", "HELICOPTER_TARGET_PID", "HELICOPTER_TRACER_PID", "HELICOPTER_TRACER_UID",
                  "HELICOPTER_TRACER_EXE", "HELICOPTER_SECONDS"}
        assert common <= set(re.findall(r"@(\w+)@", entry)), entry.splitlines()[0]
