# SPDX-License-Identifier: LGPL-2.1-or-later
"""Introspection data, in a form that can be compared."""

from xml.etree import ElementTree

from support.session import INCLUDE

EMITS_CHANGED = "org.freedesktop.DBus.Property.EmitsChangedSignal"


def _annotations(element):
    return {note.get("name"): note.get("value") for note in element.findall("annotation")}


def _arguments(element, default):
    return [(arg.get("name"), arg.get("type"), arg.get("direction", default)) for arg in element.findall("arg")]


def members(interface):
    """{(kind, name): all that is said about it} of an <interface>."""
    found = {}
    for method in interface.findall("method"):
        found["method", method.get("name")] = _arguments(method, "in"), _annotations(method)
    for signal in interface.findall("signal"):
        found["signal", signal.get("name")] = _arguments(signal, "out"), _annotations(signal)
    for item in interface.findall("property"):
        annotations = {EMITS_CHANGED: "true"} | _annotations(item)
        found["property", item.get("name")] = item.get("type"), item.get("access"), annotations
    return found


def documented(name):
    """The members of an interface, as its file in include/ has them."""
    return members(ElementTree.parse(INCLUDE / f"{name}.xml").find("interface"))


def introspected(xml):
    """{interface's name: its members} of introspection data."""
    return {interface.get("name"): members(interface) for interface in ElementTree.fromstring(xml).findall("interface")}


def nodes(xml):
    return {node.get("name") for node in ElementTree.fromstring(xml).findall("node")}
