# SPDX-License-Identifier: Apache-2.0
"""What holds for every form of every page: where an error stands and what has the focus then. WCAG 2.2 §3.3.1, §3.3.3."""
import html.parser
import itertools
import pathlib
import re

import pytest

from booking import Booking, soon
from oauth_flow import App, Browser, Form, at_once, is_page
from world import ROOT

SERVE = ["--signup", "open", "--rate-limit", "0", "--write-rate", "0", "--allow-private-hooks"]
TEMPLATES = {path.stem: path.read_text() for path in sorted(pathlib.Path(ROOT, "web/templates").glob("*.html"))}
ERRORS = sorted({(name, bad) for name, text in TEMPLATES.items() if "<form" in text for bad in re.findall(r"{{#(bad_\w+)}}", text)})
WITHOUT_ERROR = {  # field → why nothing can be wrong with it alone
    "new_password_again": "what is wrong with it is told at the new password",
    "username": "for password managers, not sent by people",
    "confirm_user": "for password managers, not sent by people",
}
CONTROLS = ("input", "select", "textarea", "fieldset")


def with_error(name, bad):
    """The template as it is when this field is wrong: its partials in it, and everything that may be left out."""
    text = TEMPLATES[name]
    while partials := set(re.findall(r"{{>(\w+)}}", text)):
        for partial in partials:
            text = text.replace("{{>%s}}" % partial, "" if partial in ("top", "bottom") else TEMPLATES[partial])
    text = re.sub(r"(?s){{(#taken|#choice|\^has_presets)}}.*?{{/(taken|choice|has_presets)}}", "", text)  # what stands in its place
    for other in set(re.findall(r"{{[#^](bad\w*|now_\w+|at_field|alert)}}", text)):
        here = other in (bad, "at_field", "alert", "bad" if bad == "bad_param" else "")
        text = re.sub(r"(?s){{%s%s}}.*?{{/%s}}" % (r"\^" if here else "#", other, other), "", text)
    return re.sub(r"{{[^}]*}}", "x", re.sub(r"{{[#^/][^}]*}}", "", text))


class Fields(html.parser.HTMLParser):
    """Of a page: its controls, in order, and the errors of fields, each with what stands before it and around it."""

    def __init__(self, page):
        super().__init__()
        self.controls, self.errors, self._around = [], [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        a = dict(attrs)
        if tag in CONTROLS:
            self.controls.append({"tag": tag, "in": list(self._around), **a})
        if tag == "fieldset":
            self._around.append(self.controls[-1])
        if "field-error" in a.get("class", "").split() and "hidden" not in a:
            self.errors.append((a, len(self.controls)))

    def handle_endtag(self, tag):
        if tag == "fieldset":
            self._around.pop()


def judge(page):
    """The one error of the page: below what it is about, which names it and is marked, with the focus there. Returns that control."""
    fields = Fields(page)
    [(error, place)] = fields.errors
    assert error.get("role") == "alert" and error.get("id"), error
    about = [c for c in fields.controls if error["id"] in c.get("aria-describedby", "").split()]
    assert about and all(fields.controls.index(c) < place for c in about), f"{error['id']} is no error of anything above it"
    assert all(c["tag"] == "fieldset" or c.get("aria-invalid") == "true" for c in about), about
    focus = [c for c in fields.controls if "autofocus" in c]
    assert focus and all(c in about or any(f in about for f in c["in"]) for c in focus), (error["id"], focus)
    assert 'id="alert"' not in page, "it is told above the form, too"
    return focus[0]


@pytest.mark.parametrize("name, bad", ERRORS)
def test_an_error_stands_under_its_field_with_the_focus_there(name, bad):
    judge(with_error(name, bad))


@pytest.mark.parametrize("name", [name for name, text in TEMPLATES.items() if 'method="post"' in text])
def test_every_field_that_people_fill_in_has_a_place_for_its_error(name):
    for form in re.findall(r'(?s)<form[^>]*method="post".*?</form>', TEMPLATES[name]):
        for tag, attributes in re.findall(r"<(input|textarea)\b(.*?)>", form):
            kind = (re.search(r' type="(\w+)"', attributes) or [0, "text"])[1]
            if kind in ("hidden", "checkbox", "radio", "color"):
                continue
            field = re.search(r' name="([^"]+)"', attributes)[1]
            assert field in WITHOUT_ERROR or re.search(r'{{#bad\w*}}[^{]*aria-invalid="true"', attributes), (name, field)
        assert "bad_" not in form or 'aria-describedby="alert"' not in form, name


# ---- the same of the answers ----


SCOPE = "profile:read events:read calendars:read"


class Places:
    """One of everything that has a form."""

    def __init__(self, world):
        self.world, self.owner = world, world.account("forms@example.org", plan="pro")
        self.browser, self.stranger = Browser(world), Browser(world)
        self.browser.sign_in(self.owner)
        self.api = Booking(world, world.key(self.owner, kind="secret"))
        self.calendar = self.api.calendar()["id"]
        self.event = self.api.event(calendar_id=self.calendar, recurrence={"rule": "FREQ=WEEKLY;COUNT=4"})["id"]
        calendar = f"calendar_id={self.calendar}&from=2026-11-01T00:00:00Z&to=2027-01-01T00:00:00Z"
        self.instance = self.api("GET", f"/v1/events?{calendar}").json["data"][1]["id"]
        self.app, self.changed = self.new_app(), self.new_app()  # of two, so that the order of tests is nothing
        self.connection = self.connected(self.app)
        self.key = self.api("GET", "/v1/api_keys").json["data"][0]["id"]
        self.hook = self.api("POST", "/v1/webhook_endpoints", {"url": "http://127.0.0.1:9/", "events": ["*"]}).json["id"]
        self.page = self.api.page(title="Call", calendar_id=self.calendar, busy_calendar_ids=[self.calendar])["id"]

    def new_app(self):
        return App(self.world, owner=self.owner.email, type="public", scope=SCOPE)

    def connected(self, app):
        return app.connect(self.browser, scope=SCOPE)["connected_account_id"]

    def booking(self):
        made = self.api.booked(self.api("GET", f"/v1/booking_pages/{self.page}").json, soon(3, 9))
        return made["manage_url"].removeprefix(self.world.url)

    def consent(self):
        return self.app.ask(self.browser, scope=SCOPE).location


@pytest.fixture(scope="module")
def places(world):
    return Places(world)


NO_CALENDAR = "cal_" + "0" * 21 + "1"
BAD_NAME = "\u202egro.elpmaxe"
WRONG = {  # form → its page, where it goes, what is sent in it, the id that has the focus then
    "sign in": ("/sign-in", "/sign-in", {"email": "forms@example.org", "password": "not the password"}, "password"),
    "sign in, as nobody": ("/sign-in", "/sign-in", {"email": "", "password": "not the password"}, "email"),
    "sign up without a name": ("/sign-up", "/sign-up", {"name": "", "email": "new@example.org", "password": "correct horse battery"}, "name"),
    "sign up with what is taken": ("/sign-up", "/sign-up", {"name": "N", "email": "forms@example.org", "password": "correct horse battery"}, "email"),
    "sign up with a short password": ("/sign-up", "/sign-up", {"name": "N", "email": "new@example.org", "password": "short"}, "password"),
    "new calendar": ("/calendars/new", "/calendars", {"name": BAD_NAME}, "name"),
    "calendar": ("/calendars/{calendar}/edit", None, {"name": ""}, "name"),
    "import without a file": ("/calendars/import", None, {}, "file"),
    "new key": ("/keys/new", "/keys", {"name": "", "kind": "secret"}, "name"),
    "new key of no kind": ("/keys/new", "/keys", {"name": "K", "kind": "none"}, "kind-account"),
    "new key without a scope": ("/keys/new", "/keys", {"name": "K", "kind": "restricted"}, "s-calendars:read"),
    "new key for no calendar": ("/keys/new", "/keys", {"name": "K", "kind": "restricted", "scope": "events:read", "calendars": "some"}, "cal_"),
    "new key for what calendars": ("/keys/new", "/keys", {"name": "K", "kind": "restricted", "scope": "events:read", "calendars": "few"}, "cal-all"),
    "new key for wrong addresses": ("/keys/new", "/keys", {"name": "K", "kind": "secret", "allowed_ips": "here"}, "allowed_ips"),
    "new key at what rate": ("/keys/new", "/keys", {"name": "K", "kind": "secret", "rate_limit": "0"}, "rate_limit"),
    "new key until when": ("/keys/new", "/keys", {"name": "K", "kind": "secret", "expires": "soon"}, "expires"),
    "key": ("/keys/{key}", None, {"name": ""}, "name"),
    "key until when": ("/keys/{key}", None, {"name": "K", "expires": "soon"}, "expires"),
    "device": ("/setup/thunderbird", None, {"name": ""}, "name"),
    "device's code": ("/device", None, {"user_code": "BBBB-BBBB"}, "user_code"),
    "new app": ("/apps/new", "/apps", {"name": "", "redirect_uris": "https://a.example/cb", "scope": "events:read"}, "name"),
    "new app of what type": ("/apps/new", "/apps", {"name": "A", "type": "open"}, "type-confidential"),
    "new app without a scope": ("/apps/new", "/apps", {"name": "A", "redirect_uris": "https://a.example/cb"}, "s-calendars:read"),
    "app": ("/apps/{client}/edit", None, {"redirect_uris": "ftp://a.example/"}, "redirect_uris"),
    "new endpoint": ("/webhooks/new", "/webhooks", {"url": ""}, "url"),
    "new endpoint of nothing": ("/webhooks/new", "/webhooks", {"url": "http://127.0.0.1:9/", "all": None}, "all"),
    "endpoint": ("/webhooks/{hook}/edit", None, {"description": BAD_NAME}, "description"),
    "connected app that may nothing": ("/connected-accounts/{connection}", None, {"scope": None}, "s-calendars:read"),
    "connected app in no calendar": ("/connected-accounts/{connection}", None, {"calendars": "some", "calendar": None}, "cal_"),
    "connected app in what calendars": ("/connected-accounts/{connection}", None, {"calendars": "few"}, "cal-some"),
    "connected app until when": ("/connected-accounts/{connection}", None, {"until": "soon"}, "until"),
    "consent to nothing": ("{consent}", "/consent", {"decision": "allow", "access": "custom", "scope": None}, "s-calendars:read"),
    "consent in no calendar": ("{consent}", "/consent", {"decision": "allow", "calendars": "some", "calendar": None}, "cal_"),
    "consent until when": ("{consent}", "/consent", {"decision": "allow", "lifetime": "soon"}, "lifetime"),
    "new event": ("/calendar/new", None, {"title": ""}, "title"),
    "event": ("/calendar/events/{event}/edit", None, {"end_date": "2020-01-01"}, "end_time"),
    "event of what in its series": ("/calendar/events/{instance}/edit", None, {"title": "T", "scope": "none"}, "scope-this"),
    "event to delete, what in its series": ("/calendar/events/{instance}/delete", None, {"scope": "none"}, "scope-this"),
    "new booking page": ("/booking-pages/new", "/booking-pages", {"title": ""}, "title"),
    "booking page": ("/booking-pages/{page}/edit", None, {"title": "P", "timezone": "Nowhere"}, "timezone"),
    "booking to cancel": ("{booking}/cancel", None, {"reason": "x" * 2000}, "reason"),
    "profile": ("/account", None, {"name": ""}, "name"),
    "profile's zone": ("/account", None, {"tz": "Nowhere"}, "tz"),
    "new address": ("/account", "/account/email", {"email": "nonsense"}, "new-email"),
    "new password": ("/account", "/account/password", {"current_password": "not it", "new_password": "a fresh one", "new_password_again": "a fresh one"}, "current"),
    "operation to try": ("/docs/reference/getCalendar/try", None, {"p.calendar": ""}, "p.calendar"),
    "headers of a try": ("/docs/reference/createCalendar/try", None, {"idempotency_key": "ä"}, "idempotency_key"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_with_a_form_is_told_at_its_field(places, name):
    page, action, sent, focus = WRONG[name]
    made = {"consent": places.consent, "booking": places.booking}
    for part in re.findall(r"{(\w+)}", page):
        value = made[part]() if part in made else places.app.id if part == "client" else getattr(places, part)
        page = page.replace("{%s}" % part, value)
    browser = places.stranger if page.startswith("/sign-") else places.browser
    shown = browser.get(page)
    assert shown.status == 200, shown
    action = action or page
    fields = Form(shown.text, action).with_(**sent)
    reply = browser.post_files(action, fields, []) if "import" in name else browser.post(action, fields)
    assert is_page(reply, reply.status) and 400 <= reply.status < 410, reply
    assert judge(reply.text)["id"].startswith(focus)
    assert "autofocus" not in shown.text or len([c for c in Fields(shown.text).controls if "autofocus" in c]) == 1


# ---- changed elsewhere meanwhile ----


def in_window(places):
    """Another window of the same browser, with a connection of its own."""
    browser = Browser(places.world)
    browser.cookies = dict(places.browser.cookies)
    return browser


EDITS = {  # form → its page, where it goes, a field that is changed elsewhere, and one that is changed here
    "calendar": (lambda p: f"/calendars/{p.calendar}/edit", None, ("name", "Theirs"), ("color", "#0b7a75")),
    "endpoint": (lambda p: f"/webhooks/{p.hook}/edit", None, ("description", "Theirs"), ("url", "http://127.0.0.1:9/mine")),
    "app": (lambda p: f"/apps/{p.changed.id}/edit", None, ("name", "Theirs"), ("redirect_uris", "https://mine.example/cb")),
    "app's scopes": (lambda p: f"/apps/{p.changed.id}/edit", None, ("scope", ["profile:read", "events:write"]), ("name", "Mine")),
    "profile": (lambda p: "/account", "/account", ("name", "Theirs"), ("tz", "Asia/Kathmandu")),
}


def values_of(page, action, field):
    return sorted(v for k, v in Form(page, action).fields if k == field)


@pytest.mark.parametrize("name", EDITS)
def test_what_was_changed_elsewhere_is_not_overwritten(places, name):
    """Changes of different fields both stay; of the same one the form tells what is stored, keeps what was sent, and overwrites when it is sent again."""
    path, action, (field, theirs), (other, mine) = EDITS[name]
    at, browser = path(places), places.browser
    action = action or at
    stale, other_window = Form(browser.get(at).text, action), Form(browser.get(at).text, action)
    assert browser.post(action, other_window.with_(**{field: theirs})).status == 303
    assert browser.post(action, stale.with_(**{other: mine})).status == 303  # what it left alone is as it was changed elsewhere
    page = browser.get(at).text
    assert values_of(page, action, field) == sorted([theirs] if isinstance(theirs, str) else theirs)
    assert values_of(page, action, other) == [mine]

    own = ["profile:read"] if field == "scope" else "Mine" * 3
    refused = browser.post(action, other_window.with_(**{field: own}))
    assert is_page(refused, 412) and "changed elsewhere while you did" in refused.text
    [told] = re.findall(r'<p class="caution stale">.*?</p>', refused.text)
    assert "Theirs" in told or name == "app's scopes", told
    assert values_of(refused.text, action, field) == ([own] if isinstance(own, str) else own)
    assert values_of(browser.get(at).text, action, field) == sorted([theirs] if isinstance(theirs, str) else theirs)
    assert browser.post(action, Form(refused.text, action).with_()).status == 303
    assert values_of(browser.get(at).text, action, field) == ([own] if isinstance(own, str) else own)


def test_the_calendars_of_a_connected_app_that_were_changed_elsewhere(places):
    """Its scopes become fewer in each of two windows; its calendars are those of one."""
    at, browser = f"/connected-accounts/{places.connected(places.new_app())}", places.browser
    choir = places.api("POST", "/v1/calendars", {"name": "Choir"}).json["id"]
    first, second, third = (Form(browser.get(at).text, at) for _ in range(3))
    assert browser.post(at, first.with_(calendars="some", calendar=[choir])).status == 303
    assert browser.post(at, second.with_(scope=["profile:read", "events:read"])).status == 303
    page = browser.get(at).text
    assert values_of(page, at, "calendar") == [choir] and values_of(page, at, "scope") == ["events:read", "profile:read"]
    refused = browser.post(at, third.with_(calendars="some", calendar=[places.calendar]))
    assert is_page(refused, 412) and "Choir" in re.search(r'<p class="caution stale">.*?</p>', refused.text)[0]
    assert values_of(refused.text, at, "calendar") == [places.calendar] and values_of(browser.get(at).text, at, "calendar") == [choir]
    assert browser.post(at, Form(refused.text, at).with_()).status == 303
    assert values_of(browser.get(at).text, at, "calendar") == [places.calendar]


def test_the_name_of_a_key_that_was_changed_elsewhere(places):
    at = f"/keys/{places.key}"
    first, second = (Form(places.browser.get(at).text, at) for _ in range(2))
    assert places.browser.post(at, first.with_(name="Theirs")).status == 303
    refused = places.browser.post(at, second.with_(name="Mine"))
    assert is_page(refused, 412) and "Theirs" in refused.text and values_of(refused.text, at, "name") == ["Mine"]
    assert places.browser.post(at, Form(refused.text, at).with_()).status == 303


def test_of_forms_that_come_at_once_none_overwrites_another(places):
    at = f"/webhooks/{places.hook}/edit"
    form = Form(places.browser.get(at).text, at)
    names = itertools.count()
    replies = at_once(places.world, 6, lambda _: in_window(places).post(at, form.with_(description=f"Of {next(names)}")))
    assert sorted(r.status for r in replies) == [303] + 5 * [412]
