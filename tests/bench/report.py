# SPDX-License-Identifier: LGPL-2.1-or-later
"""What was measured, as text and as JSON."""

from bench.summary import judge, summarise


def number(value):
    """Three digits that count, and all before the point."""
    if value == 0:
        return "0"
    if abs(value) < 0.001:
        return f"{value:.1e}"
    digits = 3
    size = abs(value)
    while size >= 1 and digits > 0:
        size /= 10
        digits -= 1
    while 0 < size < 0.1 and digits < 6 and abs(value) < 1:
        size *= 10
        digits += 1
    return f"{value:.{digits}f}"


def columns(rows):
    """Rows of words, the first column to the left and the others to the right."""
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    return ["  ".join(word.ljust(width) if at == 0 else word.rjust(width) for at, (word, width) in enumerate(zip(row, widths, strict=True))).rstrip()
            for row in rows]


def case_row(case, values):
    of = summarise(values)
    return [f"  {case}", number(of.median), f"{number(of.low)} … {number(of.high)}", number(of.p99), str(of.count)]


def result_row(result):
    span = f"{number(result.span[0])} … {number(result.span[1])}" if result.span else ""
    return [f"  {result.text}", number(result.value), span, f"≤ {number(result.limit)}", "met" if result.met else "MISSED"]


def results(wanted, values):
    """What became of the bounds that could be measured."""
    return [result for bound in wanted.bounds if (result := judge(bound, values))]


def not_measured(wanted, values):
    """[(bound's text, why it was not)], of the others."""
    return [(bound.text(), next((f"needs {wanted.needs[case]}" for case in (bound.case, bound.against) if case in wanted.needs and case not in values), ""))
            for bound in wanted.bounds if not judge(bound, values)]


def figure_text(wanted, values):
    """A figure: its cases, and what was to be reached."""
    rows = [[f"{wanted.title} [{wanted.unit}]", "median", "quartiles", "p99", "n"]]
    rows += [case_row(case, own) for case, own in values.items()]
    lines = columns(rows)
    if found := results(wanted, values):
        lines += columns([["  to reach", "is", "chance", "limit", ""]] + [result_row(result) for result in found])
    lines += [f"  not measured: {text}" + (f" ({why})" if why else "") for text, why in not_measured(wanted, values)]
    if wanted.note:
        lines.append(f"  {wanted.note}")
    return "\n".join(lines)


def about_text(about):
    return "\n".join(columns([[f"{key}: {value}"] for key, value in about.items()]))


def figure_json(wanted, values):
    return {
        "name": wanted.name,
        "title": wanted.title,
        "unit": wanted.unit,
        "cases": {case: vars(summarise(own)) | {"values": own} for case, own in values.items()},
        "results": [vars(result) for result in results(wanted, values)],
        "not_measured": [{"text": text, "why": why} for text, why in not_measured(wanted, values)],
    }


def missed(measured):
    """What was not reached, of [(figure, values)]."""
    return [result.text for wanted, values in measured for result in results(wanted, values) if not result.met]
