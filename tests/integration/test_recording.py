# SPDX-License-Identifier: LGPL-2.1-or-later
"""The README's picture and the sessions in docs/: what they show is played again."""

import re
import sys
import xml.etree.ElementTree
from pathlib import Path

import pytest
from support import wait

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "contrib"))

from recording import page, picture, screen, shell  # noqa: E402

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def terminal(session):
    """A shell in the home folder, in which the examples are."""
    shell.furnish(session.env["HOME"])
    opened = shell.Shell(session.env["HOME"], env=session.env, seconds=wait.SECONDS)
    yield opened
    opened.close()


def seen(svg):
    """The lines that a picture shows."""
    rows = {}
    for text in xml.etree.ElementTree.fromstring(svg).iter(f"{SVG}text"):
        rows.setdefault(int(text.get("y")), []).append((float(text.get("x")), text.text))
    return [" ".join(" ".join(text for _, text in sorted(row)).split()) for _, row in sorted(rows.items())]


def typed(lines):
    """What was typed in a session, with the prompts before it."""
    return [line for line in lines if re.match(r"\$ .|\(Pdb\) .", line)]


def test_picture(session):
    """The script makes the picture that is in docs/, but for the numbers."""
    svg = wait.run(ROOT / "contrib/record-session.py", "picture", env=session.env, timeout=4 * wait.SECONDS).stdout
    script = (ROOT / "contrib/recording/picture.session").read_text().splitlines()
    kept = (ROOT / "docs/session.svg").read_text()
    for lines in (seen(svg), seen(kept)):
        assert typed(lines) == typed(script)
        assert "Debugger detached, job train still running" in lines
        assert any(line.startswith("train running ") and "~/train.py:" in line for line in lines)
        assert "> /home/you/train.py" in "\n".join(lines)
    assert "Permission granted" in kept, "it was recorded under Yama"
    assert str(session.folder) not in svg


@pytest.mark.parametrize("name", ["tour", "recipes"])
def test_page(terminal, name):
    page.check(terminal, (ROOT / f"docs/{name}.md").read_text())


def test_page_that_is_wrong(terminal):
    """Such a page is found out."""
    with pytest.raises(shell.Failure, match="the page has\nthree"):
        page.check(terminal, "```console\n$ echo one two\n…two\n$ echo two\nthree\n```\n")
    with pytest.raises(shell.Failure, match="is for"):
        page.check(terminal, "```console\n$ true\n(Pdb) p 1\n```\n")


def test_page_is_written_anew(terminal):
    """With what comes; what was left out of it stays out, and pids are those of now."""
    text = "before\n```console\n$ echo 7 a; echo '12345  bcd'\n3 a\n44     b…\n$ echo --pid 44\n--pid 44\n```\nafter\n"
    new = page.update(terminal, text)
    assert new == text.replace("3 a", "7 a").replace("44     b", "12345  b").replace("--pid 44", "--pid 12345")
    page.check(terminal, new)


def test_what_comes_in_parts(terminal):
    """The prompt is seen, the folder is replaced, wherever a read has ended."""
    for text, whole in ((shell.MARK + "$ ", shell.MARK), (f"{terminal.folder}/x", terminal.folder)):
        for cut in range(1, len(whole)):
            terminal.screen.feed("\r\n")
            terminal.prompted = False
            terminal.show(text[:cut])
            terminal.show(text[cut:])
            assert terminal.at("$ ") if whole == shell.MARK else terminal.prompt() == "/home/you/x"


def test_screen():
    shown = screen.Screen(20)
    shown.feed("a\x1b[1;31mred\x1b[0m\x1b]133;A\a ✅x\r\nab\b\bcd\tE\x1b[")
    shown.feed("K\n" + 25 * "w")
    assert shown.lines() == ["ared ✅x", "cd      E", 20 * "w", 5 * "w"]
    assert shown.rows[0][1].style == screen.Style(color=1, bold=True)
    svg = picture.picture(shown, "a < b")
    assert seen(svg)[0] == "a red ✅ x"
    assert f"fill: {picture.PALETTE[1]}" in svg
