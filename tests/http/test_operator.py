# SPDX-License-Identifier: Apache-2.0
"""What an operator looks at: health, readiness, figures, one log line a request, the doctor."""
import json
import os
import re
import socket
import subprocess
import threading

import pytest

from certificate import Certificate
from ports import free_port
from wire import Client
from world import BIN, ROOT


def test_health_and_readiness_answer_without_a_credential(world):
    assert world.get("/healthz").text == "ok\n"
    assert world.get("/readyz").text == "ready\n"


def test_metrics_are_prometheus_text(world):
    reply = world.get("/metrics")
    assert reply.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    samples = dict(line.split(" ") for line in reply.text.splitlines() if not line.startswith("#"))
    assert int(samples["calends_http_requests_total"]) >= 1
    assert int(samples["calends_db_connections"]) >= 1
    assert reply.text.count("# TYPE ") == len({name.partition("{")[0] for name in samples})


def test_every_job_tells_how_it_does(world):
    def figures():
        lines = [line for line in world.get("/metrics").text.splitlines() if line.startswith("calends_job_")]
        return {line.split(" ")[0]: float(line.split(" ")[1]) for line in lines}

    for job in ("cluster", "disk", "housekeeping", "account_housekeeping", "last_used"):
        assert world.wait_for(lambda j=job: figures().get(f'calends_job_runs_total{{job="{j}"}}', 0) >= 1), job
        now = figures()
        assert now[f'calends_job_failures_total{{job="{job}"}}'] == 0
        assert now[f'calends_job_last_success_timestamp_seconds{{job="{job}"}}'] > 1.7e9
        assert now[f'calends_job_last_duration_seconds{{job="{job}"}}'] < 60


def test_no_job_is_in_the_middle_where_a_test_holds_them(world):
    """What compares all that is stored stands on this (stored.py): a job that waits for a lock is waited for, too."""
    key, running = world.account().key, []

    def look():
        with world.jobs_held():
            running.append(world.jobs_running())

    with world.holding("LOCK TABLE credential_use", jobs=True) as commit:
        assert world.get("/v1/profile", key=key).status == 200
        assert world.wait_for(lambda: "last_used" in world.jobs_running() and world.waiting())
        thread = threading.Thread(target=look)
        thread.start()
        assert "last_used" in world.jobs_running() and not running
        commit()
        thread.join()
    assert running == [[]]


def test_a_request_is_one_log_line_with_its_id(world):
    reply = world.get("/v1/profile", key=world.account().key)
    log = world.log_of(reply)
    assert log["method"] == "GET" and log["path"] == "/v1/profile" and log["status"] == "200" and log["db"] == "1"


def test_what_stands_in_a_query_is_not_logged(world):
    world.log_of(world.get("/healthz?secret=never-logged"))
    assert not any("never-logged" in line for line in world.lines)


def doctor(world, *options):
    done = subprocess.run([BIN, "doctor", "--json", *world.settings, *options], capture_output=True, text=True, check=False,
        env=world.environment)
    return done.returncode, {c["check"]: c for c in json.loads(done.stdout)["checks"]}


def test_the_doctor_finds_only_what_is_wrong(world):
    status, found = doctor(world, "--listen", f"127.0.0.1:{world.port}")
    # The tests' own cluster runs without fsync, which is what the doctor must say.
    assert status == 1 and {name for name, c in found.items() if c["finding"] == "bad"} == {"durability"}
    assert "fsync" in found["durability"]["text"] and found["reachable"]["finding"] == "good"


def test_the_doctor_says_how_to_mend_a_public_url_without_tls(world):
    status, found = doctor(world, "--public-url", "http://calendar.example.com")
    assert status == 1 and found["public URL"]["finding"] == "bad" and "https" in found["public URL"]["text"]


@pytest.mark.skipif(os.geteuid() != 0, reason="as root alone")
def test_the_doctor_of_root_judges_as_the_user_that_serves(world, open_folder):
    """Root may write into every folder and read every file; the server does not stay root."""
    folder = open_folder / "mail"
    folder.mkdir(mode=0o700)
    open_folder.chmod(0o700)
    mail = ["--mail-folder", folder, "--mail-from", "c@example.org"]
    _, found = doctor(world, *mail)
    assert found["mail"]["finding"] == "bad" and "as the user" in found["mail"]["text"] and "root)" not in found["mail"]["text"], found["mail"]
    open_folder.chmod(0o755)
    folder.chmod(0o777)
    _, found = doctor(world, *mail)
    assert found["mail"]["finding"] == "warning" and "reaches nobody" in found["mail"]["text"], found["mail"]
    made = Certificate(open_folder, "localhost")
    os.chown(made.key, 0, 0)
    _, found = doctor(world, "--tls-cert", made.cert, "--tls-key", made.key, "--public-url", "https://localhost")
    assert found["TLS"]["finding"] == "warning" and "SIGHUP" in found["TLS"]["text"], found["TLS"]


@pytest.mark.parametrize("header", ["Forwarded", "X-Forwarded-For", "Via"])
def test_metrics_are_not_told_through_a_proxy_that_is_not_named(world, header):
    assert world.get("/metrics", {header: "198.51.100.7"}).status == 404


def test_metrics_are_told_to_callers_of_this_machine_s_loopback_alone(world):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        try:
            s.connect(("192.0.2.1", 9))  # sends nothing, and tells which address this machine has in its network
        except OSError:
            pytest.skip("this machine has loopback alone")
        [own, _] = s.getsockname()
    for source, status in (("127.0.0.1", b"200"), (own, b"404")):
        with socket.create_connection(("127.0.0.1", world.port), 10, (source, 0)) as s:
            s.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            assert s.recv(12) == b"HTTP/1.1 " + status, source


def test_a_port_in_use_is_said_with_its_address(world):
    address = f"127.0.0.1:{world.port}"
    done = subprocess.run([BIN, "serve", "--listen", address, *world.settings], capture_output=True, text=True, check=False,
        env=world.environment, timeout=60)
    assert done.returncode != 0
    assert f"Cannot listen on {address}" in done.stderr and "Address already in use" in done.stderr, done.stderr


def connects(port):
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) == 0


def test_a_log_that_is_cut_goes_on_at_its_beginning(world, tmp_path):
    """logrotate's copytruncate, of a log that the shell opened without >>."""
    port, log = free_port(), tmp_path / "log"

    def asked():
        return world.wait_for(lambda: connects(port)) and Client("127.0.0.1", port).request("GET", "/healthz").status == 200

    with open(log, "wb") as file:
        server = subprocess.Popen([BIN, "serve", "--listen", f"127.0.0.1:{port}", *world.settings], stdout=subprocess.DEVNULL, stderr=file,
            env=world.environment)
    try:
        assert asked() and world.wait_for(lambda: b"path=/healthz" in log.read_bytes())
        os.truncate(log, 0)
        assert asked() and world.wait_for(lambda: b"path=/healthz" in log.read_bytes())
        assert b"\0" not in log.read_bytes()
    finally:
        server.terminate()
        server.wait(40)


def test_a_setting_that_is_wrong_changes_nothing(world, tmp_path):
    """It is told before a database is made, or a newer schema brought to one that an older server still serves."""
    (tmp_path / "none.pem").write_bytes(b"")
    port = free_port()
    for wrong in (["--mail-folder", "/nowhere/at/all", "--mail-from", "c@example.org"], ["--mtls-ca", tmp_path / "none.pem"],
                  ["--secret-key-file", tmp_path / "none.pem"], ["--secret-key-file", tmp_path / "none" / "secret.key"], ["--listen", f"127.0.0.1:{world.port}"], ["--listen", "192.0.2.1:8080"],
                  ["--demo", "--demo-listen", f"127.0.0.1:{world.port}"],
                  ["--tls-cert", tmp_path / "none.pem", "--tls-key", tmp_path / "none.pem"], ["--smtp-url", "http://x", "--mail-from", "c@example.org"]):
        folder = tmp_path / "data"
        where = [] if wrong[0] == "--listen" else ["--listen", f"127.0.0.1:{port}"]
        done = subprocess.run([BIN, "serve", "--data-dir", folder, *where, *wrong], capture_output=True, text=True,
            check=False, env=world.environment, timeout=60)
        told = "its folder: No such file or directory" if "secret.key" in str(wrong[1]) else {"--tls-cert": "none.pem", "--mtls-ca": "none.pem", "--secret-key-file": "must hold exactly 32 octets", "--listen": f"--listen: Cannot listen on {wrong[1]}",
                "--demo": "--demo-listen: Cannot listen on"}.get(wrong[0], wrong[0])
        assert done.returncode == 1 and told in done.stderr, done.stderr
        assert "database_made" not in done.stdout + done.stderr and not folder.exists(), wrong


def test_what_the_server_can_is_told_for_all_of_it(world):
    """RFC 9110 §9.3.7: OPTIONS * is about the server, not about one of its pages."""
    reply = world.raw(b"OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    head = (reply if isinstance(reply, bytes) else reply.octets).decode()
    assert head.startswith("HTTP/1.1 200 "), head
    [allow] = [line.partition(": ")[2].split(", ") for line in head.splitlines() if line.startswith("Allow: ")]
    assert len(allow) == len(set(allow)) and {"OPTIONS", "GET", "HEAD", "POST", "PATCH", "DELETE", "PUT", "PROPFIND", "REPORT", "MKCALENDAR"} <= set(allow)
    assert world.wait_for(lambda: any("method=OPTIONS path=* status=200" in line for line in world.lines))


@pytest.mark.parametrize("words", [["version"], ["--version"]])
def test_the_version_is_that_of_the_project(words):
    with open(os.path.join(ROOT, "CMakeLists.txt"), encoding="utf-8") as project:
        version = re.search(r"project\(calends VERSION ([0-9.]+)", project.read()).group(1)
    assert subprocess.run([BIN, *words], capture_output=True, text=True, check=True).stdout == f"calends {version}\n"
