# SPDX-License-Identifier: LGPL-2.1-or-later
"""python3 -m bench [OPTION…] [FIGURE…]: measure, print the table. See contrib/bench."""

import argparse
import gc
import json
import sys

from bench import figures, machine, report  # noqa: F401 - figures registers them
from bench.place import Place
from bench.quiet import Quiet
from bench.sample import FIGURES, measure


def parse():
    parser = argparse.ArgumentParser(prog="contrib/bench", description="Measure helicopter and its peers side by side.")
    parser.add_argument("figures", nargs="*", metavar="FIGURE", help="what to measure: " + ", ".join(FIGURES) + " (default: all)")
    parser.add_argument("--runs", type=int, default=15, help="how often each is measured (default: %(default)s)")
    parser.add_argument("--jobs", default="10,100,1000", help="how many jobs to start, in turn (default: %(default)s)")
    parser.add_argument("--idle", type=float, default=60, metavar="SECONDS", help="how long to look at idle processes (default: %(default)s)")
    parser.add_argument("--python", default="python3.14", help="the interpreter of the jobs (default: %(default)s)")
    parser.add_argument("--patience", type=float, default=5, metavar="SECONDS",
                        help="how long to wait before each run for the machine to be idle (default: %(default)s)")
    parser.add_argument("--json", metavar="FILE", help="also write everything there")
    options = parser.parse_args()
    unknown = [name for name in options.figures if name not in FIGURES]
    if unknown:
        parser.error(f"there is no figure {unknown[0]}; there are: {', '.join(FIGURES)}")
    return options


def run(options, place, quiet):
    """[(figure, values)], printed as they come."""
    measured = []
    for name in options.figures or FIGURES:
        wanted = FIGURES[name].at(place)
        values = measure(wanted, place, options.runs, lambda text: print(f"bench: {text}", file=sys.stderr, flush=True), quiet.wait)
        if values:
            measured.append((wanted, values))
            print(report.figure_text(wanted, values), end="\n\n", flush=True)
    return measured


def main():
    options = parse()
    gc.disable()  # it would be part of what is measured
    place = Place(options.python, options.idle, [int(number) for number in options.jobs.split(",")])
    try:
        about = machine.about(place, options.runs)
        print(report.about_text(about), end="\n\n", flush=True)
        quiet = Quiet(options.patience)
        measured = run(options, place, quiet)
        about["quiet"] = quiet.text()
        print(about["quiet"])
    finally:
        place.close()
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump({"about": about, "figures": [report.figure_json(wanted, values) for wanted, values in measured]}, file, indent=1)
    for text in report.missed(measured):
        print(f"MISSED: {text}")


if __name__ == "__main__":
    main()
