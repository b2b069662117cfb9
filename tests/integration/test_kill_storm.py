# SPDX-License-Identifier: LGPL-2.1-or-later
"""The daemon is killed hundreds of times at random instants, while jobs are started, traced, waited for and stopped."""

import operator
import os

import pytest
from support import process, storm, wait

KILLS = int(os.environ.get("HELICOPTER_STORM", "300"))
SECONDS = max(50, KILLS // 5)


def files(session):
    """All that lies in the runtime folder, ended jobs left out."""
    found = []
    for folder, _, names in os.walk(session.socket.parent):
        found += [os.path.relpath(os.path.join(folder, name), session.socket.parent) for name in names]
    return sorted(name for name in found if not name.startswith("ended/"))


@pytest.mark.deadline(SECONDS + 4 * wait.SECONDS)
def test_kill_storm(bare_session):
    session, daemons = bare_session, []
    daemons += storm.start_daemon(session)
    counters = [session.run_counter(f"count{number}") for number in range(3)]
    pids = [(job.PID, job.ParentPID, job.StartTimestamp) for job in counters]
    pdb = session.attach("count2")
    storm.kill_serving(session)  # so that the first daemon, too, is one that jobs came back to
    daemons += storm.start_daemon(session)
    assert len(session.list()) == 3

    def held():
        return process.descriptors(storm.serving(session)), [process.descriptors(parent) for _, parent, _ in pids]

    def all_doze():
        return all(process.dozes(parent, storm.serving(session)) for _, parent, _ in pids)

    # A connection that dozes has a descriptor more, on both sides.
    wait.until(all_doze, "the connections of all parents doze")
    descriptors = held()
    before = files(session)

    weather = storm.Storm(session, counters[:2] + counters[:1])
    killed = weather.run(KILLS, lambda: storm.kill_serving(session), lambda: daemons.extend(storm.start_daemon(session)), SECONDS)
    print(f"killed {killed} times; {weather.done}; {len(weather.forgotten)} jobs were forgotten")
    assert killed > KILLS / 3, killed
    # What takes several answers of one daemon (to stop, to restart, to forget all) may not fit into the lives that they have on a slow machine.
    assert {"start", "grant", "wait", "list"} <= set(weather.done), weather.done

    # Jobs: none was hurt, all are known, and what has ended is told.
    assert pdb.number("counter") > 0, "the debugger noticed nothing"
    weather.check_jobs()
    weather.check_leases()
    assert [(job.PID, job.ParentPID, job.StartTimestamp) for job in counters] == pids
    assert weather.waited, "some were waited for"

    # What is left: a new daemon finds nothing but what there was.
    names = {job.name for job in counters}
    wait.until(lambda: weather.clear() or set(session.list()) == names, lambda: f"no other job is left: {session.list()}")
    storm.kill_serving(session)
    daemons += storm.start_daemon(session)
    assert set(session.list()) == names
    assert files(session) == before
    assert os.listdir(session.socket.parent / "ended") == []
    daemon = storm.serving(session)

    def is_no_more():
        (of_daemon, of_parents), (daemon_before, parents_before) = held(), descriptors
        return of_daemon <= daemon_before and all(map(operator.le, of_parents, parents_before))

    # There may have been more: the debugger had just been let in.
    wait.until(all_doze, "the connections of all parents doze")
    wait.until(is_no_more, lambda: f"no more descriptors are held than before: {held()}, {descriptors}")
    assert process.zombies(daemon, *(parent for _, parent, _ in pids)) == []
    pdb.quit()
    ours = {daemon} | {pid for pair in pids for pid in pair[:2]}
    wait.until(lambda: {pid for pid, _ in session.processes()} == ours, lambda: f"no other process is left: {session.processes()}")
    for started in daemons:
        assert started.pid == daemon or started.wait(wait.SECONDS) is not None
