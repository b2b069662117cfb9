#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""bus-page.py VERSION ERROR_H HEAD FILE.xml…: write org.helicopter1(5), made from the introspection XML: each interface, its members
and what the comments in front of them say; the errors, from the header that names them; and HEAD, which is the page's beginning."""

import re
import sys
from pathlib import Path
from xml.etree import ElementTree

EMITS = "org.freedesktop.DBus.Property.EmitsChangedSignal"
TOLD = {"true": "each change is told", "false": "changes are not told", "const": "never changes", "invalidates": "changes are told without the value"}


def escape(text):
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq")
    return re.sub(r"^\.", r"\\&.", text, flags=re.MULTILINE)


def flow(comment):
    """A comment as a paragraph. Lines that begin with a word and a colon begin a new one."""
    words = " ".join(line.strip() for line in comment.strip().splitlines())
    return re.sub(r" (Errors|options|result): ", r"\n.br\n\1: ", escape(words))


def arguments(member, direction):
    return ", ".join(f"{arg.get('type')} {arg.get('name')}" for arg in member if arg.tag == "arg" and arg.get("direction", direction) == direction)


def headline(member):
    name = member.get("name")
    if member.tag == "property":
        note = {note.get("name"): note.get("value") for note in member}.get(EMITS, "true")
        return f"{name}: {member.get('type')} ({TOLD[note]})"
    if member.tag == "signal":
        return f"{name}({arguments(member, 'out')})"
    result = arguments(member, "out")
    return f"{name}({arguments(member, 'in')})" + (f" -> {result}" if result else "")


def members(parent):
    """(comment or None, element) of each child that is an element."""
    comment = None
    for child in parent:
        if child.tag is ElementTree.Comment:
            comment = child.text
        else:
            yield comment, child
            comment = None


def interface_page(path):
    parser = ElementTree.XMLParser(target=ElementTree.TreeBuilder(insert_comments=True))
    for comment, interface in members(ElementTree.parse(path, parser).getroot()):
        yield f".SH {interface.get('name')}\n{flow(comment or '')}"
        for kind, title in (("method", "Methods"), ("signal", "Signals"), ("property", "Properties")):
            found = [(text, member) for text, member in members(interface) if member.tag == kind]
            if found:
                yield f".SS {title}"
            for text, member in found:
                yield f".TP\n.B {escape(headline(member))}\n{flow(text) if text else escape('As of the same name above.')}"


def errors(path):
    names = re.findall(r'"(org\.helicopter1\.Error\.\w+)"', Path(path).read_text(encoding="utf-8"))
    yield ".SH ERRORS"
    yield "\n.br\n".join(escape(name) for name in names)


def main():
    version, error_header, head, *files = sys.argv[1:]
    print(f'.TH org.helicopter1 5 "" "helicopter {version}"')
    print(Path(head).read_text(encoding="utf-8").strip())
    for path in files:
        print("\n".join(interface_page(path)))
    print("\n".join(errors(error_header)))
    print('.SH SEE ALSO\n.BR busctl (1),\n.BR ptrace (2),\n.BR prctl (2)')


main()
