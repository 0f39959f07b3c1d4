# SPDX-License-Identifier: Apache-2.0
"""Addresses beyond ASCII: hosts go as A-labels to any server, mailboxes to one that offers SMTPUTF8 (RFC 6531), and nobody is told what did not happen."""
import pytest

from certificate import Certificate
from mails import FROM, forget, meeting, new_port, notify, serve_with, states
from oauth_flow import Browser, Form
from rest import Api
from smtp_sink import SmtpSink

PORT = new_port()
SERVE = serve_with(PORT)
WIDE = "jörg@example.org"


@pytest.fixture()
def sink():
    with SmtpSink(PORT) as server:
        yield server


@pytest.fixture()
def wide_sink():
    with SmtpSink(PORT, utf8=True) as server:
        yield server


@pytest.fixture(scope="module")
def api(world):
    return Api(world, world.key("ann@example.org", kind="secret"))


@pytest.fixture(autouse=True)
def no_mail(world):
    yield
    forget(world)


def monitoring(api, event):
    reply = api("GET", f"/v1/events/{event['id']}/monitoring")
    assert reply.status == 200, reply
    return reply.json["undelivered"]


@pytest.mark.parametrize("address, sent", [("bob@bücher.example", "bob@xn--bcher-kva.example"), ("bob@BÜCHER.example", "bob@xn--bcher-kva.example"),
                                           ("bob@日本語.example", "bob@xn--wgv71a119e.example"), ("bob@faß.example", "bob@xn--fa-hia.example")])
def test_a_host_beyond_ascii_is_reached_through_any_server(world, api, sink, address, sent):
    """RFC 5890 §2.3.2.1, RFC 5321 §2.3.5: no extension is needed, and nothing beyond ASCII is in what goes."""
    event = meeting(api, address)
    assert [r["status"] for r in notify(api, event)["recipients"]] == ["queued"]
    assert world.wait_for(lambda: sink.to(sent)), states(world)
    [mail] = sink.to(sent)
    assert mail.octets.isascii() and f"To: <{sent}>".encode() in mail.octets
    assert any("SMTPUTF8" not in c for c in sink.commands if c.startswith("MAIL")) and monitoring(api, event) == []


def test_a_mailbox_beyond_ascii_goes_where_the_server_offers_it(world, api, wide_sink):
    """RFC 6531 §3.1, §3.4: SMTPUTF8 is said to MAIL; RFC 6532 §3.2: To has it as it is. Those in ASCII do without."""
    event = meeting(api, WIDE, "müller@bücher.example", "bob@example.org")
    assert [r["status"] for r in notify(api, event)["recipients"]] == 3 * ["queued"]
    assert world.wait_for(lambda: states(world) == {"sent": 3}), (states(world), world.lines[-5:])
    by_address = {m.recipient: m for m in wide_sink.got}
    assert set(by_address) == {WIDE, "müller@xn--bcher-kva.example", "bob@example.org"}
    assert f"To: <{WIDE}>".encode() in by_address[WIDE].octets and by_address[WIDE].sender == FROM
    assert by_address["bob@example.org"].octets.isascii() and by_address[WIDE].calendar
    assert sum(c.endswith(" SMTPUTF8") for c in wide_sink.commands if c.startswith("MAIL")) == 2
    assert monitoring(api, event) == []


def test_to_a_server_that_does_not_offer_it_nothing_is_told_and_the_asker_hears_so(world, api, sink):
    """RFC 6531 §3.1 item 8: it must not be sent there. It is given up at once, since the next try would end no otherwise; others get theirs."""
    event = meeting(api, WIDE, "bob@example.org")
    notify(api, event)
    assert world.wait_for(lambda: states(world) == {"sent": 1, "failed": 1}), (states(world), world.lines[-5:])
    assert [m.recipient for m in sink.got] == ["bob@example.org"]
    assert all(c.isascii() for c in sink.commands) and sum(c.startswith("MAIL") for c in sink.commands) == 1
    assert world.log_has("event=mail_failed") and world.log_has("fault=no_smtputf8")
    [told] = monitoring(api, event)
    assert (told["email"], told["reason"], told["reply_status"]) == (WIDE, "no_smtputf8", None) and told["at"]


def test_what_a_server_refuses_is_told_and_told_no_more_once_it_is_taken(world, api, sink):
    """Of another world and another event nothing is said."""
    event, other = meeting(api, "bob@example.org"), meeting(api, "bob@example.org", title="Other")
    sink.answer = lambda command, mail: "550 5.1.1 nobody here" if command == "RCPT" else None
    notify(api, event)
    assert world.wait_for(lambda: monitoring(api, event))
    assert [(u["email"], u["reason"], u["reply_status"]) for u in monitoring(api, event)] == [("bob@example.org", "refused", 550)]
    assert monitoring(api, other) == []
    sink.answer = lambda command, mail: None
    notify(api, event)
    assert world.wait_for(lambda: monitoring(api, event) == [])


def test_what_is_offered_before_starttls_does_not_count(world, api):
    """RFC 3207 §4.2: a server that offers SMTPUTF8 in TLS alone gets it, with a login too; one that offers it nowhere gets nothing."""
    certificate = Certificate(world.folder, "127.0.0.1", name="smtp")
    for utf8, login, state in ((True, None, "sent"), (True, ("ann", "secret"), "sent"), (False, ("ann", "secret"), "failed")):
        with SmtpSink(PORT, certificate=certificate, must_tls=True, utf8=utf8, login=login) as sink:
            url = f"smtp://ann:secret@127.0.0.1:{PORT}" if login else f"smtp://127.0.0.1:{PORT}"
            world.restart("--smtp-url", url, "--smtp-tls", "required", "--smtp-ca", certificate.cert)
            notify(api, meeting(api, WIDE))
            assert world.wait_for(lambda: states(world) == {state: 1}), (utf8, states(world), world.lines[-3:])
            assert [m.recipient for m in sink.got] == ([WIDE] if utf8 else []) and all(m.encrypted for m in sink.got)
            assert utf8 or not any(c.startswith("MAIL") for c in sink.commands)
            forget(world)
    world.restart()


@pytest.mark.parametrize("address", ["jö rg@example.org", "j\u00adörg@example.org", "\u202ejörg@example.org", "j\u2028ö@example.org", "ö..ö@example.org",
                                     "bob@bü_cher.example", "bob@-ü.example", "bob@ü..example", "ö" * 33 + "@example.org"])
def test_what_looks_like_another_address_is_none(world, api, sink, address):
    """Nothing invisible, no blank, no host that is none (RFC 5892, UTS 46)."""
    event = api("POST", "/v1/events", {"title": "x", "start_time": "2026-12-01T09:00:00Z", "end_time": "2026-12-01T10:00:00Z",
                                       "attendees": [{"email": address}]})
    if event.status == 201:
        assert [r["status"] for r in notify(api, event.json)["recipients"]] == ["unreachable"]
    else:
        assert event.status == 400
    assert states(world) == {}


def test_an_accounts_own_address_has_its_host_in_ascii_and_its_mailbox_too(world, sink):
    """All that an account hangs on comes by mail, through servers that nobody here knows: another is refused at the door, with the reason."""
    made = world.account("ida@bücher.example")
    assert made.fields["email"] == "ida@xn--bcher-kva.example"
    for written in ("ida@bücher.example", "Ida@BÜCHER.example", "ida@xn--bcher-kva.example"):  # one address, however it is written
        browser, page = Browser(world), "/sign-in"
        reply = browser.post(page, Form(browser.get(page).text, page).with_(email=written, password=made.password))
        assert reply.status == 303, (written, reply)
        assert "ida@xn--bcher-kva.example" in browser.get("/account").text
    with pytest.raises(Exception, match="before the @|Before the @"):
        world.account(WIDE)


def test_an_answer_goes_to_where_ascii_alone_is_read(world, sink):
    """Reply-To of the organizer, whose host is one beyond ASCII."""
    api = Api(world, world.key("eve@bücher.example", kind="secret"))
    notify(api, meeting(api, "bob@example.org"))
    assert world.wait_for(lambda: sink.to("bob@example.org"))
    assert sink.to("bob@example.org")[0].message["Reply-To"].addresses[0].addr_spec == "eve@xn--bcher-kva.example"
