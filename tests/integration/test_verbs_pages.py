# SPDX-License-Identifier: LGPL-2.1-or-later
"""The man pages say what the programs say of themselves."""

import json
import re
from pathlib import Path

import pytest
from support import wait
from support.session import DAEMON, PARENT, PREFIX

MAN = Path(__file__).parents[2] / "man"


def options_of_help(text):
    """The options of a --help, as ("-j", "--job=NAME")."""
    return {tuple(filter(None, found)) for found in re.findall(r"^  (?:(-\w), )?(--[\w-]+(?:=[\w=]+)?)", text, re.MULTILINE)}


def options_of_page(text):
    """Those of a man page's source: *-j*, *--job*=NAME."""
    return {tuple(filter(None, found)) for found in re.findall(r"^(?:(-\w), )?(--[\w-]+(?:=[\w=]+)?)$", text.replace("*", ""), re.MULTILINE)}


def verbs_of_page():
    """The sections of the verbs: {usage: text}."""
    text = (MAN / "helicopter-client.1.scd").read_text()
    verbs = text.partition("\n# VERBS\n")[2].partition("\n# JSON\n")[0]
    return dict(section.split("\n", 1) for section in verbs.split("\n## ")[1:])


def test_page_has_all_verbs_and_options(session):
    documented = verbs_of_page()
    listed = [line.split("\t")[0] for line in session.client("complete", "--", "").stdout.splitlines()]
    assert {usage.split()[0] for usage in documented} == set(listed) - {"help"}
    for usage, text in documented.items():
        shown = session.client(usage.split()[0], "--help").stdout
        assert shown.splitlines()[0] == f"Usage: helicopter-client {usage}"
        assert options_of_page(text) == options_of_help(shown) - {("-h", "--help")}, usage


@pytest.mark.parametrize(("program", "page"), [(PARENT, "helicopter-parent.1.scd"), (DAEMON, "helicopterd.8.scd")])
def test_pages_of_the_others(session, program, page):
    shown = wait.run(program, "--help", env=session.env).stdout
    lines = shown.splitlines()
    assert len(lines) <= 23 and max(map(len, lines)) < 80, "it fits a screen"
    assert "[OPTION…]" in lines[1]
    assert options_of_page((MAN / page).read_text()) == options_of_help(shown)


def keys(found):
    """All keys, at whatever depth."""
    if isinstance(found, dict):
        return set(found) | {key for value in found.values() for key in keys(value)}
    return {key for value in found for key in keys(value)} if isinstance(found, list) else set()


def test_json_keys_are_documented(session):
    session.run_counter("count")
    text = (MAN / "helicopter-client.1.scd").read_text().partition("\n# JSON\n")[2].partition("\n# ")[0]
    for words in (["list"], ["list", "-l"], ["status"], ["ps"], ["stack"], ["doctor"], ["version"]):
        found = json.loads(session.client(*words, "--json", check=False).stdout)
        assert all(re.search(rf"\b{key}\b", text) for key in keys(found)), words


@pytest.mark.parametrize("page", ["man1/helicopter-client.1", "man1/helicopter-parent.1", "man8/helicopterd.8"])
def test_pages_are_installed_and_well_formed(session, page):
    done = wait.run("man", "--warnings", "-l", PREFIX / "share/man" / page, env=session.env | {"MANWIDTH": "100"})
    assert done.stderr == ""
    assert "SEE ALSO" in done.stdout
