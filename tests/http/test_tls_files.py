# SPDX-License-Identifier: Apache-2.0
"""The files that TLS comes from: what a start refuses, how a certificate is renewed, what the doctor says of it."""
import json
import os
import signal
import socket
import ssl
import subprocess
import threading
import time

import pytest
from certificate import Certificate
from ports import free_port
from wire import Client
from world import BIN

TLS = True
SERVE = ["--threads", "8"]


def test_the_whole_program_speaks_tls(world):
    reply = world.get("/v1/profile", key=world.account().key)
    assert reply.status == 200 and "max-age" in reply.headers["Strict-Transport-Security"]
    cookies = world.get("/sign-in").headers.all("Set-Cookie")
    assert cookies and all(c.startswith("__Host-") and "; Secure" in c for c in cookies)
    metadata = world.get("/.well-known/oauth-authorization-server").json
    assert metadata["issuer"] == world.url and world.url.startswith("https://")
    assert world.log_has("event=listening") and world.log_has("tls=yes")


def test_the_public_url_follows_from_the_certificate(world):
    done = subprocess.run([BIN, "doctor", "--json", *world.settings, "--listen", f"127.0.0.1:{world.port}"], capture_output=True, text=True,
        check=False, env=world.environment)
    found = {c["check"]: c for c in json.loads(done.stdout)["checks"]}
    assert found["public URL"]["text"] == world.url and found["TLS"]["finding"] == "good", found


def peer_of(world, trusted):
    """The certificate that a new connection is shown, checked against `trusted`."""
    with socket.create_connection(("127.0.0.1", world.port), 10) as s, \
            trusted.context().wrap_socket(s, server_hostname="127.0.0.1") as t:
        return dict(pair for rdn in t.getpeercert()["subject"] for pair in rdn)["commonName"]


def hup(world):
    world.process.send_signal(signal.SIGHUP)


def test_hup_takes_a_renewed_certificate_for_new_connections(world):
    open_before = world.client_connection()
    assert open_before.request("GET", "/healthz").status == 200
    socket_before = open_before.socket
    Certificate(world.folder, "127.0.0.1", name="renewed").over(world.certificate)
    hup(world)
    assert world.log_has("event=tls_reloaded") and world.log_has("CN=renewed.calends.example")
    assert peer_of(world, world.certificate) == "renewed.calends.example"
    assert open_before.request("GET", "/healthz").status == 200 and open_before.socket is socket_before
    world.http.close()
    world.http.context = world.certificate.context()
    assert world.get("/healthz").status == 200


def garbage(world, other):
    with open(world.certificate.cert, "w", encoding="ascii") as f:
        f.write("no certificate\n")


def gone(world, other):
    os.remove(world.certificate.key)


def of_another(world, other):
    os.replace(other.key, world.certificate.key)


@pytest.mark.parametrize("spoil,told", [(garbage, "server.pem"), (gone, "server.key"), (of_another, "server.key")])
def test_a_bad_file_at_hup_leaves_the_old_certificate(world, spoil, told):
    saved = [(path, open(path, "rb").read()) for path in (world.certificate.cert, world.certificate.key)]
    trusted, before = world.certificate.context(), len(world.lines)
    try:
        spoil(world, Certificate(world.folder, "127.0.0.1", name="other"))
        hup(world)
        assert world.wait_for(lambda: any("event=tls_not_reloaded" in line for line in world.lines[before:]))
        [line] = [line for line in world.lines[before:] if "tls_not_reloaded" in line]
        assert "level=error" in line and told in line
        with socket.create_connection(("127.0.0.1", world.port), 10) as s, trusted.wrap_socket(s, server_hostname="127.0.0.1"):
            pass
    finally:
        for path, octets in saved:
            with open(path, "wb") as f:
                f.write(octets)
            os.chmod(path, 0o600)
        world.certificate.give_to_the_server()
    hup(world)
    assert world.wait_for(lambda: any("event=tls_reloaded" in line for line in world.lines[before:]))


@pytest.mark.skipif(os.geteuid() != 0, reason="who is not root becomes nobody else")
def test_a_key_that_cannot_be_read_again_is_told_at_the_start(world):
    """Root reads it and then becomes another user: the first renewal would be the first to say so."""
    assert not any("tls_file_unreadable_at_hup" in line for line in world.lines)
    before = len(world.lines)
    os.chown(world.certificate.key, 0, 0)
    try:
        world.restart()
        assert world.wait_for(lambda: any("level=warn event=tls_file_unreadable_at_hup" in line and "server.key" in line for line in world.lines[before:]))
    finally:
        world.certificate.give_to_the_server()


def test_hundreds_of_requests_live_through_renewals(world):
    def ask():
        client = Client("127.0.0.1", world.port, context=world.certificate.context())
        for _ in range(15):
            statuses_seen.append(client.request("GET", "/healthz").status)
            client.close()

    statuses_seen = []
    threads = [threading.Thread(target=ask) for _ in range(8)]
    for t in threads:
        t.start()
    while any(t.is_alive() for t in threads):
        hup(world)
        time.sleep(0.02)
    assert statuses_seen == [200] * 120


def start(world, *options):
    done = subprocess.run([BIN, "serve", "--listen", f"127.0.0.1:{free_port()}", "--database-url", world.database_url, "--data-dir", world.folder,
        *options], capture_output=True, text=True, check=False, env=world.environment, timeout=60)
    return done.returncode, done.stderr


@pytest.fixture
def files(tmp_path):
    return Certificate(str(tmp_path), "127.0.0.1")


def test_a_start_says_what_is_wrong_with_the_files(world, files, tmp_path):
    other = Certificate(str(tmp_path), "127.0.0.1", name="other")
    weak = Certificate(str(tmp_path), "127.0.0.1", name="weak", bits=1024)
    locked, open_key, empty = tmp_path / "locked.key", tmp_path / "open.key", tmp_path / "empty.pem"
    subprocess.run(["openssl", "pkey", "-in", files.key, "-aes256", "-passout", "pass:x", "-out", locked], check=True)
    open_key.write_bytes(open(files.key, "rb").read())
    open_key.chmod(0o620)
    empty.write_bytes(b"")
    broken = tmp_path / "broken.pem"
    broken.write_bytes(open(files.cert, "rb").read() + b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    for cert, key, told in [
        (files.cert, None, "--tls-key is missing"),
        (None, files.key, "--tls-cert is missing"),
        (tmp_path / "absent.pem", files.key, "absent.pem cannot be opened: No such file"),
        (files.cert, tmp_path / "absent.key", "absent.key cannot be opened: No such file"),
        (tmp_path, files.key, "is no file"),
        (files.key, files.key, "holds no certificate in PEM"),
        (empty, files.key, "holds no certificate in PEM"),
        (broken, files.key, "A certificate after the first"),
        (files.cert, files.cert, "holds no private key in PEM"),
        (files.cert, locked, "it has a passphrase"),
        (files.cert, open_key, "can be written by others"),
        (files.cert, other.key, "is not that of the certificate"),
        (weak.cert, weak.key, "cannot be used"),
    ]:
        options = [w for name, path in (("--tls-cert", cert), ("--tls-key", key)) if path for w in (name, str(path))]
        status, said = start(world, *options)
        assert status != 0 and told in said, (told, said)


@pytest.mark.parametrize("listen", ["127.0.0.1:1s", "127.0.0.1:1r", "127.0.0.1:1,127.0.0.1:2s"])
def test_addresses_have_no_endings(world, files, listen):
    status, said = start(world, "--listen", listen, "--public-url", "https://calends.example", "--tls-cert", files.cert, "--tls-key", files.key)
    assert status != 0 and "give ADDRESS:PORT" in said, said


def doctor_on_tls(world, certificate, public_url):
    done = subprocess.run([BIN, "doctor", "--json", "--database-url", world.database_url, "--data-dir", world.folder, "--public-url", public_url,
        "--tls-cert", certificate.cert, "--tls-key", certificate.key], capture_output=True, text=True, check=False, env=world.environment)
    [found] = [c for c in json.loads(done.stdout)["checks"] if c["check"] == "TLS"]
    return found["finding"], found["text"]


def test_the_doctor_judges_the_certificate(world):
    folder = world.folder + "/judged"  # which the server's own user can enter
    named = Certificate(folder, "calendar.example.org")
    for days, url, finding, told in [
        (30, "https://calendar.example.org", "good", "valid until"),
        (30, "https://other.example.org", "warning", "is not for other.example.org"),
        (30, "http://calendar.example.org", "warning", "set --public-url https://"),
        (10, "https://calendar.example.org", "warning", "renew it"),
        (-1, "https://calendar.example.org", "bad", "expired at"),
    ]:
        made = named if days == 30 else Certificate(folder, "calendar.example.org", days, name=f"d{days}")
        assert (doctor_on_tls(world, made, url)[0], told in doctor_on_tls(world, made, url)[1]) == (finding, True), (days, url)
    os.remove(named.key)
    assert doctor_on_tls(world, named, "https://calendar.example.org")[0] == "bad"


def test_an_expired_certificate_is_served_with_a_warning(world, tmp_path):
    Certificate(str(tmp_path), "127.0.0.1", days=-1, name="old").over(world.certificate)
    before = len(world.lines)
    hup(world)
    assert world.wait_for(lambda: any("tls_certificate_not_valid_now" in line and "level=warn" in line for line in world.lines[before:]))
    with socket.create_connection(("127.0.0.1", world.port), 10) as s, pytest.raises(ssl.SSLCertVerificationError, match="expired"):
        world.certificate.context().wrap_socket(s, server_hostname="127.0.0.1")
    assert world.log_has("event=tls_refused")
