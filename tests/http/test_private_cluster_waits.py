# SPDX-License-Identifier: Apache-2.0
"""The private PostgreSQL stands still, or has no room: everybody waits only so long."""
import contextlib
import os
import pathlib
import re
import signal
import socket
import subprocess
import threading
import time

import pytest

import folders
from cluster import EVENT, Folder, get, put, ready
from patience import Waited, rests
from ports import free_port
from wire import basic
from world import BIN

SECONDS = 50
DEADLINE_MS = 1500
STOP_S = 35
START_S = 60


# ---- a database that stands still ----


def ask_at_once(server, folder, count):
    """(status, Retry-After) of that many requests, each on its own connection; None for one without an answer."""
    answers = [None] * count

    def ask(i):
        client = server.client_connection()
        try:
            reply = client.request("GET", folder.calendar, None, [("Authorization", basic(*folder.login))])
            answers[i] = (reply.status, reply.headers.get("Retry-After"))
        except (OSError, EOFError):
            pass
        client.close()

    threads = [threading.Thread(target=ask, args=(i,)) for i in range(count)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    return answers


def test_a_frozen_database_is_503_in_time_and_needs_no_restart(folder):
    server = folder.server("--deadline-ms", str(DEADLINE_MS), "--rate-limit", "0")
    assert put(server, folder, "kept") == 201, "".join(server.lines[-20:])
    assert all(a and a[0] != 503 for a in ask_at_once(server, folder, 20))  # the pool has connections
    folder.signal_workers(signal.SIGSTOP)
    waited = Waited(server.process.pid)
    answers = ask_at_once(server, folder, 80)
    assert all(answers), answers
    assert {a[0] for a in answers} <= {503, 429}, answers
    assert sum(a[0] == 503 for a in answers) > 10
    assert all(int(a[1]) >= 1 for a in answers)
    assert waited.seconds < 15, answers  # 1.5 s, 0.5 s of grace, 2 s for a lease, not once for each
    assert server.get("/healthz").status == 200
    waited = Waited(server.process.pid)
    assert server.get("/readyz").status == 503
    assert waited.seconds < 10
    folder.signal_workers(signal.SIGCONT)
    assert folder.wait_for(lambda: ready(server))
    assert get(server, folder, "kept") == 200
    late = [line for line in server.get("/metrics").text.splitlines() if line.startswith("calends_db_late_total ")]
    assert int(late[0].split()[1]) >= 1
    server.stop()


def test_a_large_write_into_a_frozen_database_comes_back_too(folder):
    """What does not fit the socket's buffer is not waited for either."""
    server = folder.server("--deadline-ms", str(DEADLINE_MS))
    assert put(server, folder, "kept") == 201, "".join(server.lines[-20:])
    folder.signal_workers(signal.SIGSTOP)
    text = EVENT.format(uid="large").replace("DTSTART", "DESCRIPTION:" + "x" * 900000 + "\r\nDTSTART")
    waited = Waited(server.process.pid)
    reply = server.request("PUT", folder.calendar + "large.ics", text, {"Content-Type": "text/calendar"}, folder.login)
    assert reply.status == 503 and waited.seconds < 15


def test_a_stop_while_the_database_is_frozen_ends_in_time_and_so_does_the_next_start(folder):
    server = folder.server("--drain-ms", "2000", "--deadline-ms", "600000")  # that of a request
    assert put(server, folder, "kept") == 201, "".join(server.lines[-20:])
    folder.signal_workers(signal.SIGSTOP)
    asking = threading.Thread(target=ask_at_once, args=(server, folder, 10))
    asking.start()
    busy = lambda: int(re.search(r"^calends_db_connections_busy (\d+)", server.get("/metrics").text, re.M)[1])
    assert folder.wait_for(lambda: busy() and rests(server.process.pid))
    server.process.send_signal(signal.SIGTERM)
    server.process.wait(STOP_S)
    server.process = None
    asking.join()
    assert folder.wait_for(lambda: not folder.workers())
    again = folder.server()
    assert get(again, folder, "kept") == 200


def test_a_command_with_a_frozen_database_ends_with_a_sentence(folder):
    server = folder.server()
    folder.signal_workers(signal.SIGSTOP)
    done = folder.command("account", "show", "ann@example.org", timeout=60)
    assert done.returncode != 0 and "does not answer" in done.stderr, done.stderr
    folder.signal_workers(signal.SIGCONT)
    assert folder.wait_for(lambda: ready(server))


def has_open(pid, path):
    for n in os.listdir(f"/proc/{pid}/fd"):
        with contextlib.suppress(OSError):  # closed meanwhile
            if os.readlink(f"/proc/{pid}/fd/{n}") == path:
                return True
    return False


def test_a_start_that_waits_heeds_a_signal(folder):
    """It waits for the lock of starts here; a recovery is the same wait."""
    with open(folder.path + "/lock.start", "a", encoding="utf-8") as lock:
        import fcntl
        fcntl.flock(lock, fcntl.LOCK_EX)
        waiting = subprocess.Popen([BIN, "serve", "--listen", f"127.0.0.1:{free_port()}", *folder.settings],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=folder.environment)
        assert folder.wait_for(lambda: has_open(waiting.pid, folder.path + "/lock.start") and rests(waiting.pid))
        time.sleep(0.5)
        assert waiting.poll() is None
        waiting.terminate()
        said, _ = waiting.communicate(timeout=STOP_S)
    assert waiting.returncode == 1 and "starting or stopping" in said


# ---- the disk ----


@pytest.fixture()
def small_disk(stopped_folder):
    path = stopped_folder[0] + "-disk"
    os.makedirs(path, exist_ok=True)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=220m", "calends-test", path], capture_output=True, check=False)
    if mounted.returncode != 0:
        os.rmdir(path)
        pytest.skip(f"no file system can be mounted here: {mounted.stderr.decode()}")
    subprocess.run(["cp", "-a", stopped_folder[0] + "/.", path], check=True)
    made = Folder(path)
    made.login, made.calendar = stopped_folder[1], stopped_folder[2]
    yield made
    for server in made.servers:
        if server.process:
            server.kill()
    made.wait_for(lambda: not made.workers())
    subprocess.run(["umount", path], check=True)
    folders.remove(path)


def fill(folder, leave):
    """Until so many octets are left."""
    st = os.statvfs(folder.path)
    with open(folder.path + "/ballast", "ab") as f:
        try:
            f.write(b"\0" * max(0, st.f_bavail * st.f_frsize - leave))
        except OSError:
            pass


def make_room(folder):
    os.unlink(folder.path + "/ballast")


def test_below_the_mark_nothing_new_is_stored_and_all_else_goes_on(small_disk):
    server = small_disk.server("--disk-low-mib", "24")
    assert put(server, small_disk, "kept") == 201 and put(server, small_disk, "gone") == 201
    fill(small_disk, 20 << 20)
    assert small_disk.wait_for(lambda: put(server, small_disk, "refused") == 507)
    reply = server.request("PUT", small_disk.calendar + "refused.ics", EVENT.format(uid="refused"),
        {"Content-Type": "text/calendar"}, small_disk.login)
    assert (reply.status, b"sufficient-disk-space" in reply.body) == (507, True)
    assert server.request("MKCALENDAR", small_disk.calendar.replace("default", "new"), None, None, small_disk.login).status == 507
    made = server.post("/v1/calendars", '{"name": "Refused"}', {"Content-Type": "application/json"}, small_disk.login[1])
    assert (made.status, made.json["error"]["code"]) == (507, "insufficient_storage"), made
    assert get(server, small_disk, "kept") == 200
    assert server.get("/v1/events", None, small_disk.login[1]).status == 200
    assert server.get("/readyz").status == 200
    assert server.request("DELETE", small_disk.calendar + "gone.ics", None, None, small_disk.login).status == 204
    assert "calends_disk_low 1\n" in server.get("/metrics").text
    make_room(small_disk)
    assert small_disk.wait_for(lambda: put(server, small_disk, "again") in (201, 204))
    server.stop()


def test_a_disk_that_is_full_answers_reads_and_loses_nothing_that_was_acknowledged(small_disk):
    """Whoever filled it; the mark is off, so that PostgreSQL itself meets the end."""
    server = small_disk.server("--disk-low-mib", "0")
    assert put(server, small_disk, "first") == 201
    fill(small_disk, 0)
    statuses = {f"o{n}": put(server, small_disk, f"o{n}") for n in range(60)}
    stored = ["first"] + [name for name, status in statuses.items() if status == 201]
    assert all(get(server, small_disk, name) == 200 for name in stored)
    assert set(statuses.values()) <= {201, 507, 503}, statuses
    os.kill(small_disk.postmaster(), signal.SIGKILL)  # whoever finds it dead is told why it does not come back
    gone = [line for line in server.lines if "event=database_gone" in line]
    assert small_disk.wait_for(lambda: [line for line in server.lines if "event=database_gone" in line and line not in gone])
    assert "disk=full" in [line for line in server.lines if "event=database_gone" in line][-1]
    make_room(small_disk)
    assert small_disk.wait_for(lambda: put(server, small_disk, "after") in (201, 204), 60)
    assert all(get(server, small_disk, name) == 200 for name in stored)
    server.stop()


def test_a_start_on_a_full_disk_says_so(small_disk):
    fill(small_disk, 0)
    done = small_disk.command("account", "show", "ann@example.org")
    if done.returncode != 0:  # there may have been room enough
        assert "The disk is full: free some space and start again." in done.stderr, done.stderr
        assert "did not start: ." not in done.stderr
    make_room(small_disk)
    assert small_disk.command("account", "show", "ann@example.org").returncode == 0


# ---- settings ----


def test_more_connections_than_the_private_cluster_has_are_refused(folder):
    done = subprocess.run([BIN, "serve", "--db-connections", "300", *folder.settings], capture_output=True, text=True,
        timeout=60, check=False)
    assert done.returncode != 0 and "--db-connections 300" in done.stderr and "room for 80" in done.stderr, done.stderr


def test_no_core_dump_holds_keys_whoever_started_the_server(world, postgres, open_folder):
    """Not as root either. What a debugger of the same user could read belongs to root then."""
    run = {"user": postgres.as_user["user"], "group": postgres.as_user["group"], "extra_groups": []} if postgres.as_user else {}
    port, key = free_port(), open_folder / "shared.key"
    key.write_bytes((pathlib.Path(world.folder) / "secret.key").read_bytes())
    if run:
        os.chown(key, run["user"], run["group"])
    key.chmod(0o600)
    server = subprocess.Popen([BIN, "serve", "--listen", f"127.0.0.1:{port}", "--database-url", world.database_url,
        "--data-dir", str(open_folder / "data"), "--secret-key-file", str(key)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **run)
    try:
        assert world.wait_for(lambda: socket.socket().connect_ex(("127.0.0.1", port)) == 0, START_S)
        with open(f"/proc/{server.pid}/limits", encoding="utf-8") as f:
            assert [line.split()[4:6] for line in f if line.startswith("Max core file size")] == [["0", "0"]]
        assert os.stat(f"/proc/{server.pid}/environ").st_uid == 0
    finally:
        server.terminate()
        server.wait(STOP_S)
