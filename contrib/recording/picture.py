# SPDX-License-Identifier: LGPL-2.1-or-later
"""A screen as SVG. What was written at the same moment appears together, one moment after the other; in the end all of it stays. Where
nothing moves (an image viewer, prefers-reduced-motion) all of it is there from the beginning."""

from itertools import groupby
from xml.sax.saxutils import escape

WIDTH, HEIGHT, MARGIN = 8.4, 19, 16  # of a character, of a line, around all
READING, TYPING, LONGEST = 0.9, 0.04, 2.5  # seconds: before something is typed, a character, at most

# The eight colours, and the bright ones.
PALETTE = ("#3b4252 #e06c75 #98c379 #e5c07b #61afef #c678dd #56b6c2 #d7dae0 "
           "#7f848e #ff7b86 #b5e890 #ffd68a #7cc4ff #e39bff #7fe0ec #ffffff").split()
PAPER, INK = "#1e2127", "#d7dae0"

HEAD = """\
<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}"
 role="img" xml:space="preserve">
<title>{title}</title>
<style>
text {{ font: 14px ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; fill: {ink}; white-space: pre; }}
@media (prefers-reduced-motion: no-preference) {{ g {{ animation: appear 1ms both; }} }}
@keyframes appear {{ from {{ opacity: 0; }} to {{ opacity: 1; }} }}
</style>
<rect width="100%" height="100%" rx="8" fill="{paper}"/>
"""


def color(number):
    """An indexed colour as SVG has it: the palette, the cube, the greys."""
    if number < 16:
        return PALETTE[number]
    if number >= 232:
        return "#" + 3 * f"{8 + 10 * (number - 232):02x}"
    number -= 16
    levels = (0, 95, 135, 175, 215, 255)
    return "#" + "".join(f"{levels[number // step % 6]:02x}" for step in (36, 6, 1))


def attributes(style):
    found = ""
    if style.color >= 0:
        found += f' style="fill: {color(style.color)}"'
    if style.bold:
        found += ' font-weight="bold"'
    if style.dim:
        found += ' opacity="0.6"'
    return found


def run(cells, column, row):
    """Cells of one style as a text that is exactly as wide as they are."""
    text = "".join(cell.text for cell in cells)
    left = len(text) - len(text.lstrip(" "))
    if not text.strip():
        return ""
    wide = len(cells) - left - (len(text) - len(text.rstrip(" ")))
    return (f'<text x="{MARGIN + WIDTH * (column + left):.1f}" y="{MARGIN + HEIGHT * row + 14}" textLength="{WIDTH * wide:.1f}" '
            f'lengthAdjust="spacingAndGlyphs"{attributes(cells[0].style)}>{escape(text.strip(" "))}</text>\n')


def moments(screen):
    """What is seen from each moment on: {moment: (number of characters, SVG)}."""
    found = {}
    for row, cells in enumerate(screen.rows):
        column = 0
        # What is no ASCII may come from another font: it is put where it belongs.
        for (moment, _, _), some in groupby(cells, lambda cell: (cell.moment, cell.style, cell.text.isascii())):
            some = list(some)
            length, svg = found.get(moment, (0, ""))
            found[moment] = length + len(some), svg + run(some, column, row)
            column += len(some)
    return sorted(found.items())


def picture(screen, title):
    svg = HEAD.format(width=2 * MARGIN + WIDTH * screen.columns, height=2 * MARGIN + HEIGHT * len(screen.rows), title=escape(title), ink=INK,
                      paper=PAPER)
    begin = 0.0
    for number, (length, texts) in moments(screen):
        if number % 2:  # typed
            begin += READING
        svg += f'<g style="animation-delay: {begin:.2f}s">\n{texts}</g>\n'
        begin += min(LONGEST, TYPING * length) if number % 2 else 0
    return svg + "</svg>\n"
