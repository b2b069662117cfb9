#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""record-session.py [--folder FOLDER] picture | PAGE: play a session with helicopter on this machine, in a folder (by default one that is made).

  picture  recording/picture.session; prints SVG
  PAGE     the sessions of a page, such as docs/tour.md; prints the page with what has come now

At the end all jobs of the user are ended, with the daemon.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from recording.page import update
from recording.picture import picture
from recording.shell import Failure, Shell, furnish, play, steps

SESSION = Path(__file__).resolve().parent / "recording/picture.session"


def record_picture(shell):
    for prompt, typed, expected, interrupted in steps(SESSION.read_text(encoding="utf-8").splitlines()):
        play(shell, prompt, typed, len(expected) if interrupted else 0)
    del shell.screen.rows[-1]  # the prompt after the last one
    return picture(shell.screen, "A terminal: a job is started, a value in it is changed with pdb, and it goes on")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder")
    parser.add_argument("what")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        folder = options.folder or made
        furnish(folder)
        shell = Shell(folder)
        try:
            print(record_picture(shell) if options.what == "picture" else update(shell, Path(options.what).read_text(encoding="utf-8")), end="")
        finally:
            shell.close()
            subprocess.run(["helicopter-client", "terminate"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)


if __name__ == "__main__":
    try:
        main()
    except (Failure, OSError, subprocess.SubprocessError) as failure:
        sys.exit(f"record-session: {failure}")
