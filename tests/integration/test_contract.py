# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the programs export is what the files in include/ document, member by member."""

import json
import re
from xml.etree import ElementTree

import pytest
from support import contract, sdbus, wait
from support.session import DAEMON, INCLUDE, JOB, JOBS, MANAGER, MANAGER_PATH, NAME, PARENT, PREFIX, job_path

INTERFACES = [MANAGER, JOB, "org.helicopter1.Registry", "org.helicopter1.Parent"]
INTROSPECTABLE = "org.freedesktop.DBus.Introspectable"


def introspect(session, path):
    """Introspection data over the bus and over the private socket, which must agree but for what only one of them has."""
    with session.bus() as bus, session.peer() as peer:
        return (contract.introspected(bus.call(path, INTROSPECTABLE, "Introspect")),
                contract.introspected(peer.call(path, INTROSPECTABLE, "Introspect")))


def test_manager(session):
    on_bus, on_peer = introspect(session, MANAGER_PATH)
    assert on_bus[MANAGER] == contract.documented(MANAGER)
    assert on_peer[MANAGER] == contract.documented(MANAGER)
    assert "org.freedesktop.DBus.ObjectManager" in on_bus
    assert "org.freedesktop.DBus.ObjectManager" in on_peer


def test_registry_is_on_the_private_socket_only(session):
    on_bus, on_peer = introspect(session, MANAGER_PATH)
    assert on_peer["org.helicopter1.Registry"] == contract.documented("org.helicopter1.Registry")
    assert "org.helicopter1.Registry" not in on_bus


def test_job(session):
    session.run_counter("count")
    on_bus, on_peer = introspect(session, job_path("count"))
    assert on_bus[JOB] == contract.documented(JOB)
    assert on_peer[JOB] == contract.documented(JOB)


def comments(interface):
    """{member: the comment in front of it, or None}"""
    parser = ElementTree.XMLParser(target=ElementTree.TreeBuilder(insert_comments=True))
    root = ElementTree.parse(INCLUDE / f"{interface}.xml", parser).getroot().find("interface")
    found, comment = {}, None
    for child in root:
        if child.tag is ElementTree.Comment:
            comment = child.text
        else:
            found[child.get("name")], comment = comment, None
    return found


@pytest.mark.parametrize("interface", INTERFACES)
def test_each_member_is_documented(interface):
    for name, comment in comments(interface).items():
        assert comment and comment.strip().endswith("."), name


@pytest.mark.parametrize("interface", INTERFACES)
def test_each_member_is_in_the_man_page(interface):
    page = (PREFIX / "share/man/man5/org.helicopter1.5").read_text()
    assert f".SH {interface}" in page
    section = page.partition(f".SH {interface}\n")[2].partition("\n.SH ")[0]
    for kind, name in contract.documented(interface):
        separator = ":" if kind == "property" else "("
        assert f"\n.B {name}{separator}" in section, f"{kind} {name}"


def test_each_error_is_in_the_man_page():
    page = (PREFIX / "share/man/man5/org.helicopter1.5").read_text()
    for name in re.findall(r'"(org\.helicopter1\.Error\.\w+)"', (INCLUDE / "error.h").read_text()):
        assert name in page


def test_version(session):
    """As the program has it, and the same on both transports."""
    version = wait.run(DAEMON, "--version").stdout.split()[1]
    for connection in (session.bus(), session.peer()):
        with connection:
            assert connection.call(MANAGER_PATH, "org.freedesktop.DBus.Properties", "Get", "ss", MANAGER, "Version") == version


def test_parent(bare_session):
    """A listener in the daemon's place asks the parent that comes to register."""
    with bare_session.listen() as listener, bare_session.process(PARENT, JOBS / "counter.py", bare_session.folder / "count") as parent:
        accepted, _ = listener.accept()
        with sdbus.Connection(server=accepted) as connection:
            registrations = connection.signals("type='method_call',member='Register'", taken=True)
            connection.process(lambda: registrations, "the parent registers")
            xml = connection.call("/org/helicopter1/parent", INTROSPECTABLE, "Introspect")
        parent.terminate()
    found = contract.introspected(xml)
    assert found["org.helicopter1.Parent"] == contract.documented("org.helicopter1.Parent")


def test_busctl_shows_it_all(session):
    session.run_counter("count")
    tree = session.busctl("tree", "--list", NAME).stdout.split()
    assert MANAGER_PATH in tree and job_path("count") in tree
    shown = session.busctl("introspect", NAME, MANAGER_PATH).stdout
    for kind, name in contract.documented(MANAGER):
        assert name in shown, f"{kind} {name}"


@pytest.mark.parametrize("name", ["a", "0day", "with.dots_and-dashes", "A" * 64])
def test_job_object_is_the_encoded_name(session, name):
    session.run_counter(name)
    reply = session.busctl("call", NAME, MANAGER_PATH, MANAGER, "GetJob", "s", name)
    assert json.loads(reply.stdout)["data"] == [job_path(name)]
    assert session.get_property(job_path(name), JOB, "Name") == name


def test_object_manager(session):
    session.run_counter("count")
    reply = session.busctl("call", NAME, MANAGER_PATH, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects")
    objects = json.loads(reply.stdout)["data"][0]
    properties = objects[job_path("count")][JOB]
    documented = {name for kind, name in contract.documented(JOB) if kind == "property"}
    assert set(properties) == documented
    assert properties["State"]["data"] == "running"
