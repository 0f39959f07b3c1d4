# SPDX-License-Identifier: Apache-2.0
"""What an operator looks at: health, readiness, figures, one log line a request, the doctor."""
import json
import subprocess

from world import BIN


def test_health_and_readiness_answer_without_a_credential(world):
    assert world.get("/healthz").text == "ok\n"
    assert world.get("/readyz").text == "ready\n"


def test_metrics_are_prometheus_text(world):
    reply = world.get("/metrics")
    assert reply.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    samples = dict(line.split(" ") for line in reply.text.splitlines() if not line.startswith("#"))
    assert int(samples["calends_http_requests_total"]) >= 1
    assert int(samples["calends_db_connections"]) >= 1
    assert reply.text.count("# TYPE ") == len(samples)


def test_a_request_is_one_log_line_with_its_id(world):
    reply = world.get("/v1/profile?secret=never-logged", key=world.account().key)
    log = world.log_of(reply)
    assert log["method"] == "GET" and log["path"] == "/v1/profile" and log["status"] == "200" and log["db"] == "1"
    assert not any("never-logged" in line for line in world.lines)


def test_the_doctor_finds_nothing_bad_beside_a_running_server(world):
    checks = {c["check"]: c["finding"] for c in world.cli("doctor", "--listen", f"127.0.0.1:{world.port}")["checks"]}
    assert "bad" not in checks.values() or checks == {**checks, "durability": "bad"}, checks
    assert checks["database"] == "good" and checks["time zones"] == "good" and checks["reachable"] == "good"


def test_the_doctor_says_how_to_mend_a_public_url_without_tls(world):
    done = subprocess.run([BIN, "doctor", "--json", *world.settings, "--public-url", "http://calendar.example.com"],
        capture_output=True, text=True, check=False, env=world.environment)
    found = {c["check"]: c for c in json.loads(done.stdout)["checks"]}
    assert done.returncode == 1 and found["public URL"]["finding"] == "bad" and "https" in found["public URL"]["text"]
