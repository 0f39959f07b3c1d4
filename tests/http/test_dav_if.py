# SPDX-License-Identifier: Apache-2.0
"""The If header (RFC 4918 §10.4): what is true of the entity tags of objects and, by RFC 6578 §5, of the sync tokens of
calendars; false is 412 before anything is done, and true stays true until the write is done."""
import uuid

import pytest

from dav import D, NAMESPACES, Dav
from davfaults import DEAD, ICAL, XML, consistent, is_done, numbers, signed, to
from davwrite import NO_TAG, mkcalendar, names, new_event, proppatch, props, put_new, update

SERVE = ["--rate-limit", "100000"]
LOCK, OTHER_LOCK = "<urn:uuid:181d4fae-7d8c-11d0-a765-00a0c91e6bf2>", "<urn:uuid:58f202ac-22cf-11d1-b12d-002035b29092>"
FALSE, TRUE = f"({LOCK})", "(Not <DAV:no-lock>)"


def token_of(dav, path):
    return props(dav, path, "<D:sync-token/>").text(D + "sync-token")


def when(dav, *calendars):
    """True as long as none of these changes."""
    return " ".join(f"<{c}> (<{token_of(dav, c)}>)" for c in calendars)


def state(dav, home):
    """All that a write could change: the calendars with their tokens and looks, and what is in them."""
    asked = "<D:sync-token/><D:displayname/><x:y xmlns:x='urn:x'/>"
    found = {m.href: {tag: e.text for tag, e in m.ok.items()} for m in dav.propfind(home, asked, depth=1).responses}
    return found, {c: {m.href: m.text(D + "getetag") for m in dav.sync(c).responses} for c in found if c != home}


@pytest.fixture
def obj(dav, cal):
    path = cal + "a.ics"
    put_new(dav, path, new_event("one"))
    return path


def tag_of(dav, path):
    return dav.request("HEAD", path).headers["ETag"]


# ---- evaluation ----


def test_the_examples_of_the_rfc(dav, cal, obj):
    """RFC 4918 §10.4.6 to §10.4.11; nothing here is ever locked."""
    tag, none = tag_of(dav, obj), cal + "none.ics"
    cases = [
        (f'({LOCK} [{tag}]) (["I am another ETag"])', 412),  # §10.4.6
        (f'({LOCK} ["I am an ETag"]) ([{tag}])', 200),
        (f"(Not {LOCK} {OTHER_LOCK})", 412),  # §10.4.7
        (f"(Not {LOCK} Not {OTHER_LOCK})", 200),
        (f"({LOCK}) (Not <DAV:no-lock>)", 200),  # §10.4.8
        (f'<{obj}> ({LOCK} [W/"A weak ETag"]) (["strong ETag"])', 412),  # §10.4.9
        (f'<{obj}> ({LOCK} [W/"A weak ETag"]) ([{tag}])', 200),
        (f"<http://{dav.netloc}{cal}> ({LOCK})", 412),  # §10.4.10
        (f'<{none}> (["4217"])', 412),  # §10.4.11
        (f'<{none}> (Not ["4217"])', 200),
        (f"<{none}> ([{tag}])", 412),
    ]
    for header, status in cases:
        assert dav.request("GET", obj, If=header).status == status, header


def test_a_list_is_true_if_all_of_it_is_and_the_header_if_one_list_is(dav, cal, obj):  # RFC 4918 §10.4.3
    tag, token = tag_of(dav, obj), token_of(dav, cal)
    cases = [
        (f"([{tag}])", True), (f"(Not [{tag}])", False), (f"([{NO_TAG}])", False), (f"(Not [{NO_TAG}])", True),
        (f"([{tag}] [{NO_TAG}])", False), (f"([{tag}] Not [{NO_TAG}])", True), (f"([{NO_TAG}]) ([{tag}])", True),
        (f"([{NO_TAG}]) (Not [{tag}])", False), (f"<{cal}> (<{token}>)", True), (f"<{cal}> (Not <{token}>)", False),
        (f"<{cal}> (<{token}>) <{obj}> ([{NO_TAG}])", True), (f"<{cal}> (<{token}1>) <{obj}> ([{tag}])", True),
        (f"<{cal}> (<{token}1>) <{obj}> ([{NO_TAG}])", False), (f"<{cal}> (<{token}> [{tag}])", False),
    ]
    for header, holds in cases:
        assert dav.request("GET", obj, If=header).status == (200 if holds else 412), header


def test_tags_are_compared_strongly_and_state_tokens_exactly(dav, cal, obj):
    """RFC 4918 §10.4.4: one of both comparisons for tags, an exact match for tokens."""
    tag, token = tag_of(dav, obj), token_of(dav, cal)
    for wrong in (f"[W/{tag}]", f"[{tag.upper()}]", f'["{tag[1:-2]}"]', f"<{token}>"):
        assert dav.request("GET", obj, If=f"({wrong})").status == 412, wrong
    for wrong in (token + "0", token[:-1], token.upper(), token.replace("http://", "https://"), token + "/", token + "?",
                  token.replace("/sync/", "/s%79nc/"), "data:,", "DAV:sync-token"):
        assert dav.request("GET", cal, If=f"(<{wrong}>)").status == 412, wrong
    assert dav.request("GET", cal, If=f"(<{token}>)").status == 200


def test_a_sync_token_is_a_calendars_and_a_tag_an_objects(dav, home, cal, other, obj):
    """RFC 6578 §5: the token is defined on the collection, not on its members."""
    tag, token = tag_of(dav, obj), token_of(dav, cal)
    for place in (obj, other, home, "/dav/", f"{home}none/", cal + "none.ics"):
        assert dav.request("GET", cal, If=f"<{place}> (<{token}>)").status == 412, place
        assert dav.request("GET", cal, If=f"<{place}> (Not <{token}>)").status == 200, place
    for place in (cal, other, other + "a.ics", home, f"{home}none/a.ics"):
        assert dav.request("GET", obj, If=f"<{place}> ([{tag}])").status == 412, place


def test_a_resource_has_many_urls(dav, cal, obj):  # RFC 4918 §8.3
    tag, token = tag_of(dav, obj), token_of(dav, cal)
    for place in (cal, cal[:-1], f"http://{dav.netloc}{cal}", cal.replace("-", "%2D")):
        assert dav.request("GET", obj, If=f"<{place}> (<{token}>)").status == 200, place
    for place in (obj, obj.replace("a.ics", "%61.ics"), f"http://{dav.netloc}{obj}"):
        assert dav.request("GET", cal, If=f"<{place}> ([{tag}])").status == 200, place


def test_what_is_elsewhere_has_no_state(world, dav, cal, obj):
    """RFC 4918 §10.4.4, unmapped URLs: another host, another account, another world, a path of no resource."""
    tag, token = tag_of(dav, obj), token_of(dav, cal)
    ann = world.account("ann@example.org")
    theirs = Dav(world.url, ann.email, ann.key)
    path = f"/dav/calendars/{ann.id}/default/"
    their_token, their_tag = token_of(theirs, path), put_new(theirs, path + "a.ics")
    places = [(f"http://elsewhere.example{cal}", token, f"http://elsewhere.example{obj}", tag),
              (cal.replace("/usr_", "/test-usr_"), token, obj.replace("/usr_", "/test-usr_"), tag),
              (path, their_token, path + "a.ics", their_tag), ("urn:x:y", token, "mailto:a@b", tag),
              ("/elsewhere/", token, cal + "a/b/c", tag), ("http://elsewhere.example", token, "/", tag)]
    for calendar_at, token_there, object_at, tag_there in places:
        for at, condition in ((calendar_at, f"<{token_there}>"), (object_at, f"[{tag_there}]")):
            assert dav.request("GET", obj, If=f"<{at}> ({condition})").status == 412, at
            assert dav.request("GET", obj, If=f"<{at}> (Not {condition})").status == 200, at


def test_tokens_that_syncing_gives_and_that_rest_gives_are_state_tokens(world, owner, dav, cal, obj):  # RFC 6578 §5
    answers = [dav.sync(cal).sync_token, dav.sync(cal, token_of(dav, cal)).sync_token]
    answers += [c["sync_token"] for c in world.get("/v1/calendars", key=owner.key).json["data"]
                if c["caldav_url"].rstrip("/").endswith(cal.rstrip("/"))]
    assert len(answers) == 3 and len(set(answers)) == 1
    assert dav.request("PROPFIND", cal, Depth=0, If=f"(<{answers[0]}>)").status == 207
    cut = dav.sync(cal, limit=1).sync_token
    put_new(dav, cal + "b.ics")
    cut = dav.sync(cal, limit=1).sync_token
    assert cut != token_of(dav, cal)
    assert dav.request("GET", cal, If=f"(<{cut}>)").status == 412, "of a part, not of what is now"


def test_a_token_ends_with_any_change_in_its_calendar(dav, cal, other, obj):
    for change in (lambda: dav.put(obj, new_event("one", summary="Other")), lambda: put_new(dav, cal + "b.ics"),
                   lambda: dav.request("MOVE", cal + "b.ics", Destination=other + "b.ics"), lambda: dav.request("DELETE", obj)):
        header = when(dav, cal)
        assert dav.request("PROPFIND", cal, Depth=0, If=header).status == 207
        change()
        assert dav.request("PROPFIND", cal, Depth=0, If=header).status == 412
    header = when(dav, cal)
    proppatch(dav, cal, "<D:displayname>Other</D:displayname>")
    assert dav.request("PROPFIND", cal, Depth=0, If=header).status == 207, "the content is the same"


def test_a_calendar_made_anew_has_another_token(dav, fresh):
    mkcalendar(dav, fresh)
    header = when(dav, fresh)
    assert dav.request("DELETE", fresh, If=header).status == 204
    mkcalendar(dav, fresh)
    assert dav.put(fresh + "a.ics", new_event(), If=header).status == 412


# ---- RFC 6578 §5.1, §5.2 ----


def test_put_only_if_the_calendar_did_not_change(dav, cal):  # RFC 6578 §5.1
    header = when(dav, cal)
    answer = dav.put(cal + "new.ics", new_event(), If=header)
    assert answer.status == 201 and answer.headers["ETag"]
    answer = dav.put(cal + "newer.ics", new_event(), If=header)
    assert answer.status == 412 and "If header" in answer.text
    assert names(dav, cal) == {"new.ics"}
    assert dav.put(cal + "newer.ics", new_event(), If=when(dav, cal)).status == 201


def test_mkcol_only_if_a_calendar_did_not_change(dav, cal, fresh):  # RFC 6578 §5.2
    stale = when(dav, cal)
    put_new(dav, cal + "a.ics")
    body = f"<D:mkcol {NAMESPACES}><D:set><D:prop><D:resourcetype><D:collection/><C:calendar/></D:resourcetype></D:prop></D:set></D:mkcol>"
    assert dav.request("MKCOL", fresh, body, Content_Type="application/xml", If=stale).status == 412
    assert dav.propfind(fresh, "<D:resourcetype/>").status == 404
    assert dav.request("MKCOL", fresh, body, Content_Type="application/xml", If=when(dav, cal)).status == 201


# ---- every method ----

XML_TYPE = {"Content_Type": "application/xml"}
ASK = "<D:propfind xmlns:D='DAV:'><D:prop><D:getetag/></D:prop></D:propfind>"
SYNC = f"<D:sync-collection {NAMESPACES}><D:sync-token/><D:sync-level>1</D:sync-level><D:prop><D:getetag/></D:prop></D:sync-collection>"
LOOKS = update("<D:displayname>Changed</D:displayname>")
CALENDAR_TYPE = ("<D:set><D:prop><D:resourcetype><D:collection/><C:calendar/></D:resourcetype></D:prop></D:set>")
METHODS = {  # name: (method, path, body, headers, status)
    "GET": ("GET", "{cal}a.ics", None, {}, 200),
    "HEAD": ("HEAD", "{cal}a.ics", None, {}, 200),
    "GET of a calendar": ("GET", "{cal}", None, {}, 200),
    "PROPFIND of an object": ("PROPFIND", "{cal}a.ics", ASK, {"Depth": 0}, 207),
    "PROPFIND of a calendar": ("PROPFIND", "{cal}", ASK, {"Depth": 1}, 207),
    "PROPFIND of the home": ("PROPFIND", "{home}", ASK, {"Depth": 1}, 207),
    "PROPFIND of the root": ("PROPFIND", "/dav/", ASK, {"Depth": 0}, 207),
    "PROPFIND of the principals by their other path": ("PROPFIND", "/principals/", ASK, {"Depth": 0}, 207),
    "REPORT": ("REPORT", "{cal}", SYNC, XML_TYPE, 207),
    "ACL": ("ACL", "{cal}", "<D:acl xmlns:D='DAV:'/>", XML_TYPE, 200),
    "PUT of a new object": ("PUT", "{cal}new.ics", new_event(), {"Content_Type": "text/calendar"}, 201),
    "PUT of a change": ("PUT", "{cal}a.ics", new_event("one", summary="Other"), {"Content_Type": "text/calendar"}, 204),
    "DELETE": ("DELETE", "{cal}a.ics", None, {}, 204),
    "DELETE of a calendar": ("DELETE", "{cal}", None, {}, 204),
    "MOVE": ("MOVE", "{cal}a.ics", None, {"Destination": "{other}a.ics"}, 201),
    "MOVE inside": ("MOVE", "{cal}a.ics", None, {"Destination": "{cal}b.ics"}, 201),
    "MOVE of a calendar": ("MOVE", "{cal}", None, {"Destination": "{fresh}"}, 201),
    "MOVE of a calendar over another": ("MOVE", "{cal}", None, {"Destination": "{other}"}, 204),
    "COPY": ("COPY", "{cal}a.ics", None, {"Destination": "{other}a.ics"}, 201),
    "COPY of a calendar": ("COPY", "{cal}", None, {"Destination": "{fresh}"}, 201),
    "PROPPATCH of a calendar": ("PROPPATCH", "{cal}", LOOKS, XML_TYPE, 207),
    "PROPPATCH of an object": ("PROPPATCH", "{cal}a.ics", update(DEAD), XML_TYPE, 207),
    "PROPPATCH of the home": ("PROPPATCH", "{home}", update(f"<x:y xmlns:x='urn:x'>{uuid.uuid4()}</x:y>"), XML_TYPE, 207),
    "MKCALENDAR": ("MKCALENDAR", "{fresh}", None, {}, 201),
    "MKCOL": ("MKCOL", "{fresh}", f"<D:mkcol {NAMESPACES}>{CALENDAR_TYPE}</D:mkcol>", XML_TYPE, 201),
}


@pytest.mark.parametrize("name", METHODS)
def test_every_method_is_conditional(dav, home, cal, other, fresh, obj, name):
    """RFC 4918 §10.4.1, §10.4.3: false is 412 and nothing is done; true is as if the header was not there."""
    method, path, body, headers, status = METHODS[name]
    places = {"home": home, "cal": cal, "other": other, "fresh": fresh}
    path, headers = path.format(**places), {k: str(v).format(**places) for k, v in headers.items()}
    put_new(dav, other + "x.ics")
    stale, stale_tag = when(dav, cal), tag_of(dav, obj)
    dav.put(obj, new_event("one", summary="Changed"))
    before = state(dav, home)
    for false in (FALSE, stale, f"<{other}> (<{token_of(dav, cal)}>)", f"<{obj}> ([{stale_tag}])", f"<{cal}> (Not <{token_of(dav, cal)}>)"):
        refused = dav.request(method, path, body, If=false, **headers)
        assert refused.status == 412, (false, refused)
        assert method == "HEAD" or refused.headers["Request-Id"] in refused.text
    assert state(dav, home) == before
    for malformed in ("", "()", f"{TRUE}, {TRUE}", "nonsense"):
        assert dav.request(method, path, body, If=malformed, **headers).status == 400, malformed
    assert state(dav, home) == before
    true = f"{when(dav, cal, other)} <{obj}> ([{tag_of(dav, obj)}])"
    assert dav.request(method, path, body, If=true, **headers).status == status


def test_the_header_is_judged_beside_if_match(dav, cal, obj):  # each of both must hold
    tag, now = tag_of(dav, obj), when(dav, cal)
    other_data = new_event("one", summary="Other")
    assert dav.put(obj, other_data, If=now, If_Match=NO_TAG).status == 412
    assert dav.put(obj, other_data, If=FALSE, If_Match=tag).status == 412
    assert dav.put(obj, other_data, If=now, If_None_Match="*").status == 412
    assert tag_of(dav, obj) == tag and when(dav, cal) == now
    assert dav.put(obj, other_data, If=now, If_Match=tag).status == 204
    tag = tag_of(dav, obj)
    assert dav.request("GET", obj, If=TRUE, If_None_Match=tag).status == 304
    assert dav.request("GET", obj, If=FALSE, If_None_Match=tag).status == 412


def test_a_refusal_after_a_true_header_is_the_same_as_ever(dav, home, cal, other, obj):
    now = when(dav, cal, other)
    cases = [("PUT", cal + "b.ics", "BEGIN:nonsense", {"Content_Type": "text/calendar"}, 403),
             ("PUT", cal + "b.ics", new_event("one"), {"Content_Type": "text/calendar"}, 403), ("DELETE", cal + "none.ics", None, {}, 404),
             ("MOVE", obj, None, {"Destination": f"{home}none/a.ics"}, 409), ("MKCALENDAR", cal, None, {}, 403), ("PUT", home, None, {}, 403),
             ("MOVE", cal, None, {"Destination": other, "Overwrite": "F"}, 412), ("MKCOL", cal, None, {}, 405), ("LOCK", obj, None, {}, 405),
             ("PROPPATCH", cal, update("<D:resourcetype/><D:displayname>x</D:displayname>"), XML_TYPE, 207)]
    before = state(dav, home)
    for method, path, body, headers, status in cases:
        assert dav.request(method, path, body, If=now, **headers).status == status, method
    assert state(dav, home) == before and when(dav, cal, other) == now


def test_a_connection_and_its_session_serve_on_after_a_refusal(dav, cal, obj):
    for _ in range(30):  # more than the database connections of the pool
        assert dav.put(obj, new_event("one", summary=str(_)), If=f"<{cal}> (<{token_of(dav, cal)}0>)").status == 412
        assert dav.request("GET", obj).status == 200
    assert dav.put(obj, new_event("one", summary="last"), If=when(dav, cal)).status == 204


# ---- malformed ----


@pytest.mark.parametrize("value", [
    "", " ", "()", "(<a:b>", "<a:b>", "[\"a\"]", "(a:b)", "(<a b>)", "([a])", "([ \"a\"])", "(Not)", "(Not Not <a:b>)", "(<a:b>), (<c:d>)",
    "(<a:b>) </x> (<c:d>)", "</x>", "</x> </y> (<a:b>)", "(<a:b>) x", "(</path>)", "<//x/y> (<a:b>)", "</%> (<a:b>)", "</a/../b> (<a:b>)",
    "(<a:b>)" * 51, "</x> (<a:b>)" * 11, "(" + "<a:b>" * 101 + ")", "(" * 5000])
def test_what_is_no_if_header_is_400_and_told(dav, obj, value):  # RFC 4918 §10.4.2
    answer = dav.request("DELETE", obj, If=value)
    assert answer.status == 400 and "If header" in answer.text
    assert dav.request("GET", obj).status == 200


def test_two_if_headers_are_malformed(world, owner, obj):  # RFC 4918 §10.4.2: one instance alone
    reply = world.dav("DELETE", obj, None, [("If", TRUE), ("If", TRUE)], owner)
    assert reply.status == 400 and "one header" in reply.text
    assert world.dav("GET", obj, None, None, owner).status == 200


def test_many_conditions_are_taken(dav, cal, obj):
    now, tag = token_of(dav, cal), tag_of(dav, obj)
    header = "".join(f"<{cal}n{i}.ics> ([{tag}])" for i in range(9)) + f"<{cal}> " + f"(<{now}0>)" * 40 + f"(<{now}>)"
    assert dav.put(obj, new_event("one", summary="Other"), If=header).status == 204
    assert dav.put(obj, new_event("one", summary="Again"), If=header).status == 412


# ---- who asks ----


@pytest.fixture(scope="module")
def limited(world, owner, dav):
    def make(scope, *calendars):
        name = str(uuid.uuid4())
        key = world.key(owner, kind="restricted", scope=scope, name=name)
        if calendars:
            ids = [props(dav, c, "<D:resource-id/>").hrefs(D + "resource-id")[0].removeprefix("urn:uuid:") for c in calendars]
            listed = ", ".join(f"'{i}'" for i in ids)
            world.sql(f"UPDATE api_key SET calendars = ARRAY[{listed}]::uuid[] WHERE name = '{name}'")
        return Dav(world.url, owner.email, key)

    return make


def knows(client, path, condition):
    """Both ways round: what is not known is no state, and Not of it is true."""
    allowed = [client.put(path, new_event("probe", summary=str(uuid.uuid4())), If=h).status for h in (condition, condition.replace("(", "(Not "))]
    assert sorted(s // 100 for s in allowed) == [2, 4] and 412 in allowed
    return allowed[1] == 412


def test_what_a_credential_may_not_read_it_may_not_probe(dav, cal, other, obj, limited):
    """Tags are for events:read; sync tokens for whoever could read them, by PROPFIND or by sync-collection."""
    for scope, tags, tokens in (("events:write", False, False), ("events:write calendars:read", False, True),
                                ("events:write events:read", True, True), ("events:write profile:read calendars:write", False, False)):
        client = limited(scope)
        assert knows(client, other + "probe.ics", f"<{obj}> ([{tag_of(dav, obj)}])") == tags, scope
        assert knows(client, other + "probe.ics", when(dav, cal)) == tokens, scope


def test_a_credential_of_single_calendars_knows_nothing_of_the_others(dav, cal, other, obj, limited):
    client = limited("calendars:read events:read events:write", other)
    put_new(dav, other + "b.ics")
    assert not knows(client, other + "probe.ics", f"<{obj}> ([{tag_of(dav, obj)}])")
    assert not knows(client, other + "probe.ics", when(dav, cal))
    assert knows(client, other + "probe.ics", f"<{other}b.ics> ([{tag_of(dav, other + 'b.ics')}])")
    assert client.put(cal + "c.ics", new_event(), If=when(dav, cal)).status == 412


def test_who_may_not_is_refused_before_the_header_is_judged(world, dav, cal, obj, limited):
    """RFC 4918 §8.5: authorization comes before conditions."""
    reader = limited("calendars:read events:read")
    for header in (FALSE, TRUE, "nonsense"):
        assert Dav(world.url).request("DELETE", obj, If=header).status == 401
        assert reader.request("DELETE", obj, If=header).status == 403
        assert dav.request("DELETE", "/dav/calendars/usr_0000000000000000000002/a/b.ics", If=header).status == 403
    assert dav.request("OPTIONS", obj, If=FALSE).status == 200
    lister = limited("calendars:read")
    assert lister.request("PROPFIND", cal, Depth=0, If=FALSE).status == 412
    assert lister.request("PROPFIND", cal, Depth=1, If=FALSE).status == 403
    assert lister.report(cal, SYNC, If=FALSE).status == 403


# ---- under the lock ----


# ---- cost and failure ----


def test_a_request_without_the_header_costs_nothing_more(world, dav, cal, obj):
    def cost(answer):
        assert answer.status < 300
        return int(world.log_of(answer.headers["Request-Id"])["db"])

    def put(number, **headers):
        return cost(dav.put(obj, new_event("one", summary=str(number)), **headers))

    assert (put(1), put(2, If=TRUE)) == (2, 2)
    assert put(3, If=when(dav, cal)) == 5  # the key, the locks with BEGIN, what is asked, the write, COMMIT
    assert [cost(dav.request("GET", obj, If=h)) for h in (None, TRUE, when(dav, cal))] == [1, 1, 3]


def with_if(dav, request, *calendars):
    method, target, body, headers = request
    return method, target, body, [*headers, ("If", when(dav, *calendars))]


def of(request, *calendars):
    """The request is made first, since it may change what it is about."""
    return lambda p: with_if(p.dav, request(p), *(getattr(p, c) for c in calendars))


FAILING = {
    "PUT": of(lambda p: ("PUT", f"{p.cal}new{next(numbers)}.ics", new_event(), [ICAL]), "cal"),
    "DELETE": of(lambda p: ("DELETE", p.object(), None, []), "cal"),
    "MOVE": of(lambda p: ("MOVE", p.object(), None, to(f"{p.other}moved{next(numbers)}.ics")), "other", "cal"),
    "MKCALENDAR": of(lambda p: ("MKCALENDAR", p.fresh(), None, []), "cal"),
    "MOVE of a calendar": of(lambda p: ("MOVE", p.filled(), None, to(p.fresh())), "other"),
    "PROPPATCH of an object": of(lambda p: ("PROPPATCH", p.object(), update(DEAD), [XML]), "cal"),
    "GET": of(lambda p: ("GET", p.obj, None, []), "cal", "other"),
}


@pytest.mark.parametrize("name", FAILING)
def test_a_conditional_request_survives_any_failure(world, owner, faults, place, name):
    """BEGIN, the locks, what is asked, the write, COMMIT: none fails and is called done."""
    reply = faults.each(lambda: signed(owner, FAILING[name](place)), is_done)
    assert reply.status in (200, 201, 204, 207) and consistent(world)
