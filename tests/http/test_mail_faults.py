# SPDX-License-Identifier: Apache-2.0
"""Mail when something goes wrong: a mail server that refuses, is away or speaks in clear, and a server of ours that dies."""
import email
import os
import re
import subprocess
import threading

import pytest

import world as world_module
from certificate import Certificate
from mails import FROM, due_now, forget, meeting, new_port, notify, serve_with, states
from ports import free_port
from rest import Api, assert_error
from smtp_sink import SmtpSink
from world import BIN, WHOLE

SECONDS = 25
KILLS = 20 if WHOLE else 3
PORT = new_port()
SERVE = serve_with(PORT)


@pytest.fixture(scope="module")
def api(world):
    return Api(world, world.key("ann@example.org", kind="secret"))


@pytest.fixture()
def sink():
    with SmtpSink(PORT) as server:
        yield server


@pytest.fixture(autouse=True)
def no_mail(world):
    yield
    forget(world)


def last(world):
    """Attempts, the status and the fault of the one mail there is."""
    [[attempts, status, fault]] = world.sql("SELECT attempts, status, fault FROM mail")
    return int(attempts), int(status or 0), fault


def fails(world, attempts=1):
    assert world.wait_for(lambda: world.sql(f"SELECT FROM mail WHERE attempts >= {attempts} AND lease IS NULL")), world.lines[-5:]
    return last(world)


LATER = [("MAIL", "451 4.3.0 later"), ("RCPT", "450 4.2.1 greylisted"), ("DATA", "452 4.3.1 full"), (".", "451 4.3.0 scanning")]


@pytest.mark.parametrize("command, reply", LATER, ids=[c for c, _ in LATER])
def test_what_is_refused_for_now_is_sent_again(world, api, sink, command, reply):
    """RFC 5321 §4.2.1: 4yz, "the requested action MAY be requested again"."""
    sink.answer = lambda c, mail: reply if c == command else None
    [[begun]] = world.sql("SELECT now()")
    notify(api, meeting(api, "bob@example.org"))
    assert fails(world) == (1, int(reply[:3]), "refused") and states(world) == {"waiting": 1}
    [[soon]] = world.sql(f"SELECT due_at BETWEEN '{begun}'::timestamptz + interval '1 second' AND now() + interval '10 seconds' FROM mail")
    assert soon == "t"
    sink.answer = lambda c, mail: None
    due_now(world)
    assert world.wait_for(lambda: states(world) == {"sent": 1}) and len(sink.got) == 1


@pytest.mark.parametrize("command", ["MAIL", "RCPT", "DATA", "."])
def test_what_is_refused_for_good_is_not_sent_again(world, api, sink, command):
    """RFC 5321 §4.2.1: 5yz, "the SMTP client SHOULD NOT repeat the exact request"."""
    sink.answer = lambda c, mail: "550 5.1.1 nobody here" if c == command else None
    notify(api, meeting(api, "bob@example.org"))
    assert world.wait_for(lambda: states(world) == {"failed": 1})
    assert last(world) == (1, 550, "refused") and world.sql("SELECT count(*) FROM mail_letter") == [["0"]]
    assert world.log_has("event=mail_failed") and world.log_has("550 5.1.1 nobody here")


def test_one_recipient_that_is_refused_leaves_the_others(world, api, sink):
    sink.answer = lambda c, mail: "550 5.1.1 no" if c == "RCPT" and mail.recipient.startswith("bad") else None
    notify(api, meeting(api, "bob@example.org", "bad@example.org", "carol@example.org"))
    assert world.wait_for(lambda: states(world) == {"failed": 1, "sent": 2})
    assert sorted(m.recipient for m in sink.got) == ["bob@example.org", "carol@example.org"]


def test_mail_waits_for_a_server_that_is_away(world, api):
    notify(api, meeting(api, "bob@example.org"))
    assert fails(world) == (1, 0, "connect")
    with SmtpSink(PORT) as sink:
        due_now(world)
        assert world.wait_for(lambda: states(world) == {"sent": 1}) and len(sink.got) == 1


def test_a_server_that_is_none_today_ends_no_mail(world, api, sink):
    """A 554 as greeting is of the server, not of the message (RFC 5321 §3.1)."""
    sink.greeting = "554 5.3.2 not today"
    notify(api, meeting(api, "bob@example.org"))
    assert fails(world)[1:] == (554, "refused") and states(world) == {"waiting": 1}


def test_a_server_that_breaks_off_gets_it_again(world, api, sink):
    def drop(command, mail):
        mail.peer.close()
        raise ConnectionError

    sink.answer = lambda c, mail: drop(c, mail) if c == "." else None
    notify(api, meeting(api, "bob@example.org"))
    assert fails(world)[0] == 1 and states(world) == {"waiting": 1}


def test_mail_is_given_up_after_three_days_or_twenty_five_tries(world, api, sink):
    sink.answer = lambda c, mail: "451 4.3.0 later" if c == "RCPT" else None
    notify(api, meeting(api, "bob@example.org"))
    fails(world)
    world.sql("UPDATE mail SET created_at = now() - interval '72 hours'")
    due_now(world)
    assert world.wait_for(lambda: states(world) == {"failed": 1})
    forget(world)
    notify(api, meeting(api, "bob@example.org"))
    fails(world)
    world.sql("UPDATE mail SET attempts = 25")
    due_now(world)
    assert world.wait_for(lambda: states(world) == {"failed": 1}) and world.sql("SELECT count(*) FROM mail_letter") == [["0"]]


def test_nothing_goes_out_in_the_name_of_a_deactivated_account(world):
    zoe = world.account("zoe@example.org")
    api = Api(world, world.key(zoe, kind="secret"))
    notify(api, meeting(api, "bob@example.org"))
    fails(world)
    world.cli("account", "deactivate", "zoe@example.org")
    with SmtpSink(PORT) as sink:
        due_now(world)
        assert world.wait_for(lambda: states(world) == {"dropped": 1}) and not sink.got


def test_a_server_that_is_killed_loses_nothing_and_repeats_only_what_was_under_way(world, api, sink):
    told = []
    for turn in range(KILLS):
        for n in range(10):
            told.append(f"p{turn}-{n}@example.org")
            notify(api, meeting(api, told[-1]))
        world.kill()
        world.start()
        due_now(world)
    assert world.wait_for(lambda: states(world) == {"sent": len(told)}), states(world)
    assert {m.recipient for m in sink.got} == set(told)
    assert len(sink.got) - len(told) <= 8 * KILLS, "eight are under way at most"
    ids = {}
    for mail in sink.got:
        ids.setdefault(mail.recipient, set()).add(mail.message["Message-ID"])
    assert all(len(i) == 1 for i in ids.values()), "a repetition has the same Message-ID"


def test_two_servers_send_each_mail_once(world, api, sink):
    both = threading.Event()
    sink.answer = lambda c, mail: (both.wait(60), None)[1] if c == "." else None
    people = [f"twice{n}@example.org" for n in range(99)]
    servers = [world, world.second]
    try:
        notify(api, meeting(api, *people))
        assert world.wait_for(lambda: world.sql("SELECT FROM mail WHERE lease IS NOT NULL OFFSET 8")), "eight are under way at most of one server"
        both.set()
        assert world.wait_for(lambda: states(world) == {"sent": 99}), states(world)
        assert sorted(m.recipient for m in sink.got) == sorted(people)
        tries = [line for s in servers for line in s.get("/metrics").text.splitlines() if line.startswith("calends_mail_tries_total ")]
        assert all(int(line.split()[1]) > 0 for line in tries) and len(tries) == 2, tries
    finally:
        world.second.stop()
        world._second = None


def test_an_event_that_is_not_mailed_leaves_no_mail(world, api):
    """What tells and what is told of are one transaction; a statement that fails undoes both."""
    event = meeting(api, "bob@example.org")
    world.sql("ALTER TABLE mail ADD CONSTRAINT broken CHECK (recipient <> 'bob@example.org') NOT VALID")
    try:
        assert api("POST", f"/v1/events/{event['id']}/notify_attendees").status >= 500
    finally:
        world.sql("ALTER TABLE mail DROP CONSTRAINT broken")
    assert states(world) == {} and world.sql("SELECT count(*) FROM mail_letter") == [["0"]]


# ---- other settings: each of these starts the server anew, so they come last ----


def serve(world, *options):
    world.stop()
    world.options = [*options, "--mail-from", FROM]
    world.start()


def sent_with(world, api, *options):
    """What became of one mail of a server with these options: "sent", or its fault."""
    serve(world, *options)
    forget(world)
    notify(api, meeting(api, "bob@example.org"))
    return fails(world)[2] or "sent"


def test_starttls_is_demanded_and_spoken(world, api):
    """RFC 3207; a server without it is told nothing."""
    certificate = Certificate(world.folder, "127.0.0.1", name="smtp")
    url = f"smtp://127.0.0.1:{PORT}"
    trusted = ("--smtp-tls", "required", "--smtp-ca", certificate.cert)
    with SmtpSink(PORT) as plain:
        assert sent_with(world, api, "--smtp-url", url, *trusted) == "no_starttls"
        assert not plain.got and not any(c.startswith("MAIL") for c in plain.commands)
    with SmtpSink(PORT, certificate=certificate, must_tls=True) as sink:
        assert sent_with(world, api, "--smtp-url", url, *trusted) == "sent"
        assert [m.encrypted for m in sink.got] == [True]
        assert sent_with(world, api, "--smtp-url", url, "--smtp-tls", "required") == "tls", "its certificate is nobody's"
        assert sent_with(world, api, "--smtp-url", url) == "login", "530: STARTTLS first; nothing is given up for that"
        assert states(world) == {"waiting": 1} and len(sink.got) == 1


@pytest.mark.skipif(subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False).returncode != 0,
                    reason="this user makes no mount namespaces")
def test_authorities_of_a_setting_are_in_place_of_all_of_the_systems(world, api, tmp_path, monkeypatch):
    """Of those in the system's folder, too, which libcurl looks through beside a file."""
    ours, other = Certificate(world.folder, "127.0.0.1", name="smtp"), Certificate(world.folder, "127.0.0.1", name="other")
    name = subprocess.run(["openssl", "x509", "-hash", "-noout", "-in", ours.cert], capture_output=True, text=True, check=True).stdout.strip()
    system = os.path.join(world.folder, "system")
    os.mkdir(system)
    os.symlink(ours.cert, f"{system}/{name}.0")
    monkeypatch.setattr(world_module, "WRAP", ["unshare", "--mount", "sh", "-c", 'mount --bind "$0" /etc/ssl/certs && exec "$@"', system])
    with SmtpSink(PORT, certificate=ours, must_tls=True) as sink:
        assert sent_with(world, api, "--smtp-url", f"smtp://127.0.0.1:{PORT}", "--smtp-tls", "required", "--smtp-ca", other.cert) == "tls"
        assert not sink.got


def test_a_user_logs_in_with_a_password_of_a_file(world, api, tmp_path):
    world.secret("p@ss wörd")
    file = tmp_path / "password"
    file.write_text("p@ss wörd\nmore\n", encoding="utf-8")
    with SmtpSink(PORT, login=("ann@relay", "p@ss wörd")) as sink:
        assert sent_with(world, api, "--smtp-url", f"smtp://ann%40relay@127.0.0.1:{PORT}", "--smtp-password-file", str(file)) == "sent"
        assert len(sink.got) == 1
        assert sent_with(world, api, "--smtp-url", f"smtp://ann%40relay:wrong%20one@127.0.0.1:{PORT}") == "login"
        assert states(world) == {"waiting": 1}, "the operator mends it, and mail goes"


def test_a_folder_takes_mail_in_place_of_a_server(world, api):
    folder = os.path.join(world.folder, "mail")
    os.mkdir(folder)
    os.chmod(folder, 0o777)  # a server that root started is another user
    serve(world, "--mail-folder", folder)
    notify(api, meeting(api, "bob@example.org", "carol@example.org"))
    assert world.wait_for(lambda: states(world) == {"sent": 2})
    names = sorted(os.listdir(folder))
    assert len(names) == 2 and all(n.endswith(".eml") for n in names)
    mails = []
    for name in names:
        with open(os.path.join(folder, name), "rb") as f:
            mails.append(email.message_from_binary_file(f))
    assert sorted(m["To"] for m in mails) == ["<bob@example.org>", "<carol@example.org>"]


@pytest.mark.skipif(os.geteuid() != 0, reason="who is not root becomes nobody else")
def test_what_root_alone_may_use_is_refused_before_mail_waits_for_it(world, tmp_path):
    """A server that root starts becomes another user: every mail would wait for a folder into which that one may not write."""
    folder, ca = tmp_path / "mail", tmp_path / "ca.pem"
    folder.mkdir(0o700)
    ca.write_text("")
    ca.chmod(0o600)
    os.chmod(tmp_path, 0o711)
    for options, name in ((["--mail-folder", folder], "--mail-folder"), (["--smtp-url", "smtp://mail.example.org", "--smtp-ca", ca], "--smtp-ca")):
        done = subprocess.run([BIN, "serve", "--listen", f"127.0.0.1:{free_port()}", *world.settings, *options, "--mail-from", FROM], capture_output=True,
                              text=True, check=False, env=world.environment, timeout=60)
        assert done.returncode == 1 and name in done.stderr and re.search(r"user (calends|nobody)\b", done.stderr), done.stderr


def test_without_a_mail_server_nobody_is_said_to_be_told(world, api):
    event = meeting(api, "bob@example.org")
    serve(world)
    error = assert_error(api("POST", f"/v1/events/{event['id']}/notify_attendees"), 503, "mail_not_configured", type_="api_error")
    assert "--smtp-url" in error["message"] and states(world) == {}
    test = Api(world, world.key("ann@example.org", kind="secret", mode="test"))
    assert notify(test, meeting(test, "bob@example.org"))["recipients"][0]["status"] == "delivered"


WRONG = [
    (["--smtp-url", "smtp://mail.example.org"], "--mail-from"),
    (["--smtp-url", "smtp://mail.example.org", "--mail-from", "nobody"], "--mail-from"),
    (["--smtp-url", "http://mail.example.org", "--mail-from", FROM], "smtp://"),
    (["--smtp-url", "smtp://mail.example.org/path", "--mail-from", FROM], "smtp://"),
    (["--smtp-url", "smtp://a:b%0d@mail.example.org", "--mail-from", FROM], "%40"),
    (["--smtp-url", "smtp://mail.example.org", "--mail-folder", "/tmp", "--mail-from", FROM], "not to both"),
    (["--mail-folder", "/nowhere/at/all", "--mail-from", FROM], "No such file"),
    (["--smtp-url", "smtp://mail.example.org", "--smtp-password-file", "/etc/hostname", "--mail-from", FROM], "user"),
    (["--smtp-url", "smtp://u@mail.example.org", "--smtp-password-file", "/nowhere", "--mail-from", FROM], "No such file"),
    (["--smtp-url", "smtp://u:p@mail.example.org", "--smtp-tls", "off", "--mail-from", FROM], "in clear"),
    (["--smtp-url", "smtp://u:p@127.example.org", "--smtp-tls", "off", "--mail-from", FROM], "in clear"),
    (["--smtp-url", "smtp://mail.example.org", "--smtp-ca", "/nowhere", "--mail-from", FROM], "No such file"),
]


@pytest.mark.parametrize("options, words", WRONG, ids=range(len(WRONG)))
def test_settings_that_cannot_be_are_refused_at_start_and_by_the_doctor(world, options, words):
    done = subprocess.run([BIN, "doctor", "--json", *world.settings, *options], capture_output=True, text=True, check=False, env=world.environment)
    [mail] = [line for line in done.stdout.replace("},{", "},\n{").splitlines() if '"check":"mail"' in line]
    assert '"bad"' in mail and words in mail and "b%0d" not in mail
    if options is WRONG[0][0]:
        done = subprocess.run([BIN, "serve", "--listen", "127.0.0.1:1", *world.settings, *options], capture_output=True, text=True,
                              check=False, env=world.environment)
        assert done.returncode == 1 and words in done.stderr


def test_the_doctor_tells_where_mail_goes(world):
    def doctor(*options):
        done = subprocess.run([BIN, "doctor", *world.settings, *options], capture_output=True, text=True, check=False, env=world.environment)
        return next(line for line in done.stdout.splitlines() if " mail " in line)

    assert doctor().startswith("good") and "--smtp-url" in doctor()
    here = ("--smtp-url", f"smtp://u:hush-hush@127.0.0.1:{PORT}", "--mail-from", FROM)
    assert doctor(*here).startswith("warning") and "nothing listens" in doctor(*here)
    with SmtpSink(PORT):
        assert doctor(*here).startswith("good") and "hush" not in doctor(*here)
    assert doctor("--mail-folder", "/tmp", "--mail-from", FROM).startswith("warning")
