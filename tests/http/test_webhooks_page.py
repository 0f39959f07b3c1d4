# SPDX-License-Identifier: Apache-2.0
"""/webhooks: endpoints and what was told to them, by the same operations as /v1/webhook_endpoints."""
import html
import json
import re

import pytest

from hooks import drop_all
from oauth_flow import Browser, Form, is_page
from receiver import Receiver
from rest import Api
from test_confirm import AGED, asks

SIGNED_IN = "owner"
SERVE = ["--rate-limit", "0", "--allow-private-hooks"]
NOBODY = "wbk_" + "0" * 21 + "1"


@pytest.fixture(scope="module")
def owner(world):
    return world.account("dev@platform.example")


@pytest.fixture(scope="module")
def api(world, owner):
    return Api(world, world.key(owner, kind="secret"))


@pytest.fixture
def receiver(world):
    drop_all(world)
    with Receiver() as receiver:
        yield receiver


def form(browser, page="/webhooks/new", action="/webhooks", **changes):
    reply = browser.get(page)
    assert reply.status == 200, reply
    return Form(reply.text, action).with_(**changes)


def text(page):
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]*>", " ", page.partition("<main")[2])))


def make(browser, **changes):
    return browser.post("/webhooks", form(browser, **changes))


def made(world, browser, **changes):
    """Its id and its secret."""
    reply = make(browser, **changes)
    assert reply.status == 200, text(reply.text)
    return re.search(r'href="/webhooks/(wbk_\w+)"', reply.text)[1], world.secret(re.search(r'id="secret"[^>]*>([^<]*)', reply.text)[1])


def send(browser, endpoint, action, **changes):
    """The form with this action on the endpoint's page."""
    path = f"/webhooks/{endpoint}/{action}"
    page = path if action in ("rotate", "delete", "edit") else f"/webhooks/{endpoint}"
    return browser.post(path, form(browser, page, path, **changes))


def test_an_endpoint_is_made_and_its_secret_shown_once(world, api, browser, receiver):
    endpoint, secret = made(world, browser, url=receiver.url, description="Production", all=None, type=["event.created", "booking.created"])
    assert secret.startswith("whsec_")
    row = api("GET", f"/v1/webhook_endpoints/{endpoint}").json
    assert row["url"] == receiver.url and row["events"] == ["event.created", "booking.created"] and row["description"] == "Production"
    page = browser.get(f"/webhooks/{endpoint}")
    assert secret not in page.text and "Production" in text(page.text)
    assert world.wait_for(lambda: "Delivered" in text(browser.get(f"/webhooks/{endpoint}").text)), "the ping"
    assert "Healthy" in text(browser.get("/webhooks").text)


BAD = {
    "no url": ({"url": ""}, "url"),
    "no host": ({"url": "https://"}, "url"),
    "no https": ({"url": "ftp://hooks.example.com/"}, "url"),
    "userinfo": ({"url": "https://a:b@hooks.example.com/"}, "url"),
    "nothing ticked": ({"all": None}, "events"),
    "strange type": ({"all": None, "type": ["event.exploded"]}, "events"),
    "rtl override": ({"description": "a\u202eb"}, "description"),
    "long": ({"description": "x" * 101}, "description"),
}


@pytest.mark.parametrize("changes, field", BAD.values(), ids=BAD)
def test_an_error_stands_at_its_field_and_what_was_sent_is_kept(browser, receiver, changes, field):
    reply = make(browser, **{"url": receiver.url, "description": "Kept <b>", **changes})
    assert 400 <= reply.status < 500, text(reply.text)
    assert re.search(rf'id="{field}-error" role="alert">[^<]+</p>', reply.text), text(reply.text)
    assert reply.text.count("autofocus") == 1 and "whsec_" not in reply.text
    if "description" not in changes:
        assert 'value="Kept &lt;b&gt;"' in reply.text


def test_an_edit_changes_what_it_shows(world, api, browser, receiver):
    endpoint, _ = made(world, browser, url=receiver.url, all=None, type=["event.created"])
    before = api("GET", f"/v1/webhook_endpoints/{endpoint}").json
    assert send(browser, endpoint, "edit").location == f"/webhooks/{endpoint}?done=saved"
    same = api("GET", f"/v1/webhook_endpoints/{endpoint}").json
    assert {**same, "updated_at": 0, "last_success_at": 0} == {**before, "updated_at": 0, "last_success_at": 0}
    assert send(browser, endpoint, "edit", url=receiver.url + "2", description="x", all="1").status == 303
    row = api("GET", f"/v1/webhook_endpoints/{endpoint}").json
    assert (row["url"], row["description"], row["events"]) == (receiver.url + "2", "x", ["*"])


def test_it_is_paused_and_goes_on(world, api, browser, receiver):
    endpoint, _ = made(world, browser, url=receiver.url)
    status = lambda: api("GET", f"/v1/webhook_endpoints/{endpoint}").json["status"]
    assert send(browser, endpoint, "state").location == f"/webhooks/{endpoint}?done=endpoint-paused" and status() == "disabled"
    assert "Paused" in text(browser.get("/webhooks").text)
    refused = browser.post(f"/webhooks/{endpoint}/test", {"csrf": dict(form(browser))["csrf"], "type": "ping"})
    assert refused.status == 409 and 'role="alert"' in refused.text
    assert send(browser, endpoint, "state").location == f"/webhooks/{endpoint}?done=endpoint-resumed" and status() == "enabled"


def test_a_secret_is_replaced_in_overlap(world, browser, receiver):
    endpoint, first = made(world, browser, url=receiver.url)
    reply = send(browser, endpoint, "rotate")
    second = world.secret(re.search(r'id="secret"[^>]*>([^<]*)', reply.text)[1])
    assert second != first and "Signatures of the old one, too" in text(browser.get(f"/webhooks/{endpoint}").text)


def test_a_test_is_sent_looked_at_and_sent_again(world, browser, receiver):
    endpoint, _ = made(world, browser, url=receiver.url)
    assert send(browser, endpoint, "test", type="event.created").location == f"/webhooks/{endpoint}?done=sent"
    find = lambda: re.findall(rf'href="/webhooks/{endpoint}/deliveries/(whd_\w+)"><code>event.created<', browser.get(f"/webhooks/{endpoint}").text)
    [delivery] = world.wait_for(find)
    path = f"/webhooks/{endpoint}/deliveries/{delivery}"
    assert world.wait_for(lambda: "Delivered" in text(browser.get(path).text))
    page = browser.get(path)
    body = json.loads(html.unescape(re.search(r"<pre[^>]*><code>(.*?)</code>", page.text, re.S)[1]))
    assert body["type"] == "event.created" and "Try 1" in text(page.text) and "200" in text(page.text)
    sent = html.unescape(re.search(r"Headers of the request</summary><pre[^>]*><code>(.*?)</code>", page.text, re.S)[1])
    [hook] = receiver.of("event.created")
    assert all(f"{name}: {hook.headers[name.lower()]}\n" in sent for name in ("webhook-id", "webhook-signature", "Calends-Signature", "User-Agent"))
    assert browser.post(path + "/replay", form(browser, path, path + "/replay")).location == f"/webhooks/{endpoint}?done=sent"
    assert world.wait_for(lambda: len(find()) == 2)
    assert send(browser, endpoint, "test", type="event.exploded").status == 400


def test_what_a_receiver_answers_is_never_markup(world, browser, receiver):
    endpoint, _ = made(world, browser, url="http://127.0.0.1:1/nobody", description="<script>alert(1)</script>")
    delivery = world.wait_for(lambda: re.findall(r"deliveries/(whd_\w+)", browser.get(f"/webhooks/{endpoint}").text))[0]
    path = f"/webhooks/{endpoint}/deliveries/{delivery}"
    assert world.wait_for(lambda: "Nobody took the connection." in text(browser.get(path).text))
    world.sql("UPDATE webhook_attempt SET body = decode('3c7363726970743effc300073c2f7363726970743e', 'hex')")
    for page in (path, f"/webhooks/{endpoint}", "/webhooks"):
        assert "<script>alert" not in browser.get(page).text and "<script>\ufffd" not in browser.get(page).text
    assert "&lt;script&gt;????&lt;/script&gt;" in browser.get(path).text
    assert "Failing" in text(browser.get(f"/webhooks/{endpoint}").text)


def test_deleting_names_what_goes(world, api, browser, receiver):
    endpoint, _ = made(world, browser, url=receiver.url)
    assert "What was not sent yet is not sent." in text(browser.get(f"/webhooks/{endpoint}/delete").text)
    assert send(browser, endpoint, "delete").location == "/webhooks?done=endpoint-deleted"
    assert browser.get(f"/webhooks/{endpoint}").status == 404 and api("GET", f"/v1/webhook_endpoints/{endpoint}").status == 404


def test_test_mode_is_apart(world, browser, receiver):
    endpoint, _ = made(world, browser, url=receiver.url, mode="test")
    assert endpoint in browser.get("/webhooks?mode=test").text and endpoint not in browser.get("/webhooks").text
    assert "Test" in text(browser.get(f"/webhooks/{endpoint}").text)
    assert send(browser, endpoint, "delete").location.endswith("mode=test")


def test_endpoints_of_others_are_not_there(world, api, browser, receiver):
    endpoint, _ = made(world, browser, url=receiver.url)
    delivery = world.wait_for(lambda: re.findall(r"deliveries/(whd_\w+)", browser.get(f"/webhooks/{endpoint}").text))[0]
    other, _ = made(world, browser, url=receiver.url)
    stranger = Browser(world)
    stranger.sign_in(world.account("stranger@example.org"))
    csrf = dict(form(stranger))["csrf"]
    for name in (endpoint, NOBODY, "wbk_", "x"):
        for path in ("", "/edit", "/rotate", "/delete", f"/deliveries/{delivery}"):
            assert is_page(stranger.get(f"/webhooks/{name}{path}"), 404), (name, path)
        for path in ("/edit", "/rotate", "/delete", "/state", "/test", f"/deliveries/{delivery}/replay"):
            assert is_page(stranger.post(f"/webhooks/{name}{path}", {"csrf": csrf, "type": "ping"}), 404), (name, path)
    for path in (f"/webhooks/{other}/deliveries/{delivery}", f"/webhooks/{endpoint}/deliveries/whd_{'0' * 21}1", f"/webhooks/{endpoint}/deliveries/x"):
        assert is_page(browser.get(path), 404), path
    assert api("GET", f"/v1/webhook_endpoints/{endpoint}").json["status"] == "enabled"


def test_a_form_of_another_page_does_nothing(world, api, browser, receiver):
    endpoint, _ = made(world, browser, url=receiver.url)
    for path in ("", f"/{endpoint}/edit", f"/{endpoint}/rotate", f"/{endpoint}/delete", f"/{endpoint}/state", f"/{endpoint}/test"):
        for csrf in (None, "", "0" * 64):
            assert is_page(browser.post("/webhooks" + path, {"url": receiver.url, "all": "1", "csrf": csrf}), 403), path
    assert api("GET", f"/v1/webhook_endpoints/{endpoint}").json["status"] == "enabled"


def test_deliveries_are_shown_page_by_page(world, browser, receiver):
    endpoint, _ = made(world, browser, url=receiver.url)
    world.sql(
        """INSERT INTO webhook_delivery (account_id, endpoint_id, event_id, state, next_attempt_at) SELECT account_id, id, uuid_v7(), 3, NULL
           FROM webhook_endpoint, generate_series(1, 59)""")
    seen, page = [], f"/webhooks/{endpoint}"
    while page:
        reply = browser.get(page).text
        seen += re.findall(r'deliveries/(whd_\w+)"', reply)
        older = re.search(r'href="([^"]*before=[^"#]*)', reply)
        page = older and html.unescape(older[1])
    assert len(seen) == len(set(seen)) == 60 and seen == sorted(seen, reverse=True)


def test_who_makes_secrets_proved_lately_that_it_is_them(world, owner, receiver):
    late = Browser(world)
    late.sign_in(owner)
    endpoint, _ = made(world, late, url=receiver.url)
    rotate, new = form(late, f"/webhooks/{endpoint}/rotate", f"/webhooks/{endpoint}/rotate"), form(late, url=receiver.url)
    world.sql(AGED)
    assert asks(late.post(f"/webhooks/{endpoint}/rotate", rotate)) and asks(late.post("/webhooks", new))
    world.sql("UPDATE session SET proven_at = now()")
