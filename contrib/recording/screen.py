# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a terminal shows that is written to line by line: characters with their colours. Cursor movements but for CR and BS are
left out, as are all other sequences."""

import re
import unicodedata
from typing import NamedTuple

SEQUENCE = re.compile(r"\x1b(?:\[([0-9;?]*)([@-~])|\][^\a\x1b]*(?:\a|\x1b\\)|[@-Z\\^_=>])")


class Style(NamedTuple):
    color: int = -1  # 0 to 255; -1: the terminal's own
    bold: bool = False
    dim: bool = False


class Cell(NamedTuple):
    text: str
    style: Style
    moment: int


def width(character):
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


class Screen:
    def __init__(self, columns):
        self.columns = columns
        self.rows = [[]]
        self.moment = 0  # each cell remembers at which it was written
        self.style = Style()
        self.column = 0
        self.rest = ""  # a sequence that is not complete yet

    def feed(self, text):
        text, self.rest = self.rest + text, ""
        while text:
            if text[0] != "\x1b":
                self.put(text[0])
                text = text[1:]
            elif found := SEQUENCE.match(text):
                self.sequence(found.group(1), found.group(2))
                text = text[found.end():]
            else:
                self.rest, text = text, ""

    def put(self, character):
        if character == "\n":
            self.rows.append([])
            self.column = 0
        elif character == "\r":
            self.column = 0
        elif character == "\b":
            self.column = max(0, self.column - 1)
        elif character == "\t":
            for _ in range(8 - self.column % 8):
                self.put(" ")
        elif character >= " " and not unicodedata.combining(character) and character != "\ufe0f":
            self.write(character)

    def write(self, character):
        if self.column + width(character) > self.columns:
            self.put("\n")
        row = self.rows[-1]
        row += [Cell(" ", Style(), self.moment)] * (self.column - len(row))
        # The second column of a wide character is an empty cell.
        row[self.column:self.column + width(character)] = [Cell(character, self.style, self.moment)] + \
            [Cell("", self.style, self.moment)] * (width(character) - 1)
        self.column += width(character)

    def sequence(self, parameters, final):
        if final == "K":
            del self.rows[-1][self.column:]
        elif final == "m":
            self.set_style([int(number or 0) for number in parameters.split(";")])

    def set_style(self, numbers):
        while numbers:
            number = numbers.pop(0)
            if number == 38 and numbers[:1] == [5]:
                self.style = self.style._replace(color=numbers[1])
                del numbers[:2]
            elif number in (0, 1, 2, 22, 39) or 30 <= number <= 37 or 90 <= number <= 97:
                self.style = {
                    0: Style(), 1: self.style._replace(bold=True), 2: self.style._replace(dim=True),
                    22: self.style._replace(bold=False, dim=False), 39: self.style._replace(color=-1),
                }.get(number) or self.style._replace(color=number - 30 if number < 90 else number - 82)

    def line(self, number):
        """A row's text."""
        return "".join(cell.text for cell in self.rows[number])

    def lines(self):
        return [self.line(number).rstrip() for number in range(len(self.rows))]
