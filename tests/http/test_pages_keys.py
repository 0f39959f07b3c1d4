# SPDX-License-Identifier: Apache-2.0
"""The pages of keys: made once, rotated, revoked, restricted."""
import html.parser
import re

import pytest

from oauth_flow import Form, is_page
from test_pages import submit

SERVE = ["--signup", "open"]


@pytest.fixture(scope="module")
def user(world):
    return world.account("user@calends.example", name="Uma User")


def text_of(page):
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]*>", " ", page)))


def create_key(world, browser, **fields):
    reply = submit(browser, "/keys/new", "/keys", **fields)
    assert reply.status == 200, reply
    assert reply.headers["Cache-Control"] == "no-store"
    return world.secret(re.search(r'id="secret"[^>]*>([^<]+)<', reply.text).group(1))


def row_of(browser, name):
    return next(a for a in re.findall("<tr.*?</tr>", browser.get("/keys").text, re.S) if f"<bdi>{name}</bdi>" in a)


def detail_of(browser, name):
    """The page of the key of this name."""
    return browser.get(re.search(r'href="(/keys/key_\w+)"', row_of(browser, name)).group(1)).text


def test_a_key_is_shown_once_and_works(world, user, browser):
    key = create_key(world, browser, name="Thunderbird", kind="account")
    assert re.fullmatch("cp_[0-9a-f]{64}", key)
    assert world.get("/v1/profile", key=key).status == 200
    listed = browser.get("/keys").text
    assert key not in listed and key[:9] in listed
    assert "never" in text_of(row_of(browser, "Thunderbird")) or "just now" in text_of(row_of(browser, "Thunderbird"))


def test_a_key_that_is_rotated_dies_at_once(world, browser):
    old = create_key(world, browser, name="To rotate", kind="secret", mode="test")
    action = re.search(r'href="(/keys/key_\w+/rotate)"', row_of(browser, "To rotate")).group(1)
    assert old not in browser.get(action).text
    page = submit(browser, action, action)
    new = world.secret(re.search(r'id="secret"[^>]*>([^<]+)<', page.text).group(1))
    assert new.startswith("sk_test_") and new != old
    assert world.get("/v1/profile", key=old).status == 401
    assert world.get("/v1/profile", key=new).status == 200


def test_a_key_that_is_revoked_dies_at_once_and_is_shown_as_dead(world, browser):
    key = create_key(world, browser, name="To revoke", kind="account")
    action = re.search(r'href="(/keys/key_\w+/revoke)"', row_of(browser, "To revoke")).group(1)
    done = submit(browser, action, action)
    assert (done.status, done.location) == (303, "/keys?done=revoked")
    assert world.get("/v1/profile", key=key).status == 401
    row = row_of(browser, "To revoke")
    assert "Revoked" in row and "/revoke" not in row
    assert "stopped working" in browser.get(done.location).text
    assert is_page(browser.get(action), 409)


def test_a_restricted_key_may_do_what_was_ticked(world, browser):
    assert is_page(submit(browser, "/keys/new", "/keys", name="R", kind="restricted"), 400)
    assert is_page(submit(browser, "/keys/new", "/keys", name="R", kind="restricted", scope="owner"), 400)
    key = create_key(world, browser, name="Reader", kind="restricted", scope=["profile:read", "calendars:read"])
    assert world.get("/v1/profile", key=key).status == 200
    assert world.get("/v1/events", key=key).status == 403
    assert "calendars:read" in detail_of(browser, "Reader")


def calendar_ids(page, label, mode):
    """The ids of the form's calendars of this mode, by name."""
    rows = re.findall(r'<div class="tick (of-\w+)"><input type="checkbox" id="(cal_\w+)".*?<bdi>(.*?)</bdi>', page, re.S)
    return next(i for of, i, name in rows if of == "of-" + mode and name == label)


def test_a_restricted_key_is_for_the_calendars_that_were_ticked(world, user, browser):
    for name, mode in (("Choir", "live"), ("Attic", "live"), ("Trial", "test")):
        assert submit(browser, f"/calendars/new?mode={mode}", "/calendars", name=name, mode=mode).status == 303
    page = browser.get("/keys/new").text
    choir, attic, trial = calendar_ids(page, "Choir", "live"), calendar_ids(page, "Attic", "live"), calendar_ids(page, "Trial", "test")
    asked = {"name": "Of some", "kind": "restricted", "scope": "calendars:read", "calendars": "some"}
    key = create_key(world, browser, calendar=[choir, attic, trial], **asked)
    assert {c["id"] for c in world.get("/v1/calendars", key=key).json["data"]} == {choir, attic}
    shown = text_of(detail_of(browser, "Of some"))
    assert "Only in Choir , Attic" in shown or "Only in Choir, Attic" in shown or "Only in Attic, Choir" in shown, shown
    found = world.dav("PROPFIND", f"/dav/calendars/{user.id}/", None, {"Depth": "1"}, (user.email, key))
    assert found.status == 207 and b"Choir" in found.body and b"default" not in found.body  # CalDAV alike
    key = create_key(world, browser, calendar=[choir, trial], mode="test", **asked | {"name": "Of the other world"})
    assert [c["id"] for c in world.get("/v1/calendars", key=key).json["data"]] == [trial]


@pytest.mark.parametrize("calendar, mode, said", [
    ([], "live", "at least one calendar"), (["cal_0355WHuCFfRpMfB53mC9Z6"], "live", "no such calendar"),
    (["evil"], "live", "no such calendar"), ("live", "test", "with test data")])
def test_calendars_that_make_no_sense_are_said_beside_them_and_ticks_stay(world, browser, calendar, mode, said):
    first = re.findall(r'of-live"><input type="checkbox" id="(cal_\w+)"', browser.get("/keys/new").text)[0]
    ticked = [first] if calendar == "live" else calendar
    before = world.sql("SELECT count(*) FROM api_key")
    reply = submit(browser, "/keys/new", "/keys", name="Some", kind="restricted", scope="events:read", mode=mode, calendars="some",
        calendar=ticked)
    assert is_page(reply, 400) and said in reply.text
    assert 'id="calendar-error"' in reply.text and re.search(r'id="cal-some"[^>]* checked', reply.text)
    if calendar == "live":
        assert re.search(rf'id="{first}"[^>]* checked', reply.text)
    assert is_page(submit(browser, "/keys/new", "/keys", name="Some", kind="restricted", scope="events:read", calendars="none"), 400)
    assert world.sql("SELECT count(*) FROM api_key") == before


def test_the_page_tells_of_keys_that_nobody_used_for_30_days(world, user, browser):
    key = world.key(user, kind="restricted", scope="events:read", name="Forgotten")
    assert "30 days" not in row_of(browser, "Forgotten")
    world.sql(f"UPDATE api_key SET created_at = now() - interval '31 days' WHERE id = (SELECT id FROM api_key WHERE name = 'Forgotten')")
    assert "Not used for 30 days" in row_of(browser, "Forgotten")
    assert "One key was not used for 30 days." in text_of(browser.get("/keys").text)


@pytest.mark.parametrize("changes", [{"name": ""}, {"name": "x" * 101}, {"name": "a\u202eb"}, {"name": "a\nb"}, {"kind": "root"}, {"kind": None}, {"mode": "test"}])
def test_a_key_that_makes_no_sense_is_not_made(world, browser, changes):
    before = world.sql("SELECT count(*) FROM api_key")
    reply = submit(browser, "/keys/new", "/keys", **{"name": "Sense", "kind": "account", **changes})
    assert is_page(reply, 400)
    assert world.sql("SELECT count(*) FROM api_key") == before


def test_names_are_text(world, browser):
    create_key(world, browser, name="<script>alert('\"&")
    page = browser.get("/keys").text
    assert "<script>alert" not in page and "&lt;script&gt;alert(&#39;&quot;&amp;" in page


def test_nobody_reaches_the_keys_of_another(world, browser):
    other = world.key("other@calends.example")
    for what in ("rotate", "revoke"):
        action = f"/keys/{other.id}/{what}"
        assert is_page(browser.get(action), 404)
        token = Form(browser.get("/keys/new").text, "/keys").with_()[0][1]
        assert is_page(browser.post(action, [("csrf", token)]), 404)
    assert world.get("/v1/profile", key=other).status == 200
