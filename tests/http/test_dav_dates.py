# SPDX-License-Identifier: Apache-2.0
"""If-Modified-Since and If-Unmodified-Since (RFC 9110 §13.1.3, §13.1.4) with every method that they apply to, and which
header counts when several are sent (§13.2.2)."""
import email.utils
import uuid

import pytest

from dav import D
from davwrite import NO_TAG, mkcalendar, new_event, proppatch, props, put_new

SERVE = ["--rate-limit", "100000"]
OLD, FUTURE = "Thu, 01 Jan 2015 00:00:00 GMT", "Fri, 01 Jan 2100 00:00:00 GMT"
OLD_FORMS = (OLD, "Thursday, 01-Jan-15 00:00:00 GMT", "Thu Jan  1 00:00:00 2015")  # RFC 9110 §5.6.7: a server takes all three
NO_DATES = ("", "yesterday", "2015-01-01T00:00:00Z", "Thu, 01 Jan 2015 00:00:00", "Thu, 41 Jan 2015 00:00:00 GMT",
            "Thu, 01 Jan 2015 00:00:00 GMT, Thu, 01 Jan 2015 00:00:00 GMT", "0")


@pytest.fixture
def obj(dav, cal):
    path = cal + "a.ics"
    put_new(dav, path, new_event("one"))
    return path


def modified(dav, path):
    return dav.request("HEAD", path).headers["Last-Modified"]


def earlier(text, seconds):
    at = email.utils.parsedate_to_datetime(text).timestamp()
    return email.utils.formatdate(at - seconds, usegmt=True)


def writes(dav, cal, obj):
    """Each writing method on something that is there, with the status of its success."""
    to = {"Destination": cal + "b.ics"}
    return {
        "PUT": (lambda **h: dav.put(obj, new_event("one", summary="two"), **h), 204),
        "PROPPATCH": (lambda **h: proppatch(dav, obj, "<x:a xmlns:x='urn:x'>1</x:a>", **h), 207),
        "COPY": (lambda **h: dav.request("COPY", obj, Destination=f"{cal}{uuid.uuid4()}.ics", **h), None),
        "MOVE": (lambda **h: dav.request("MOVE", obj, **to, **h), 201),
        "DELETE": (lambda **h: dav.request("DELETE", obj, **h), 204),
    }


def everything(dav, cal):
    return {m.href: m.text(D + "getetag") for m in dav.sync(cal).responses}, dav.sync(cal).sync_token


def test_what_changed_since_is_not_written(dav, cal, obj):
    """RFC 9110 §13.1.4: If-Unmodified-Since with an old date is 412, in each of the three forms of a date."""
    before = everything(dav, cal)
    for method, (run, _) in writes(dav, cal, obj).items():
        for date in OLD_FORMS + (earlier(modified(dav, obj), 1),):
            answer = run(If_Unmodified_Since=date)
            assert answer.status == 412, (method, date, answer)
    assert everything(dav, cal) == before
    assert props(dav, obj, "<x:a xmlns:x='urn:x'/>").missing, "nothing of a refused PROPPATCH is kept"
    for method in ("GET", "HEAD"):
        assert dav.request(method, obj, If_Unmodified_Since=OLD).status == 412


def test_what_did_not_change_since_is_written(dav, cal):
    """The date that was told, and any later one, holds; COPY of the same UID in one calendar is refused for its UID."""
    for date in (None, FUTURE):
        for method in ("PUT", "PROPPATCH", "MOVE", "DELETE"):
            path = f"{cal}{uuid.uuid4()}.ics"
            put_new(dav, path, new_event("one"))
            run, status = writes(dav, cal, path)[method]
            assert run(If_Unmodified_Since=date or modified(dav, path)).status == status, method
            for left in everything(dav, cal)[0]:
                assert dav.request("DELETE", left).status == 204
    path = cal + "a.ics"
    put_new(dav, path, new_event("one"))
    for method in ("GET", "HEAD"):
        assert dav.request(method, path, If_Unmodified_Since=modified(dav, path)).status == 200
        assert dav.request(method, path, If_Unmodified_Since=FUTURE).status == 200


def test_a_read_is_not_modified_at_any_later_date(dav, cal, obj):
    """RFC 9110 §13.1.3: not only at the very date that was told."""
    last = modified(dav, obj)
    for method in ("GET", "HEAD"):
        for date in (last, FUTURE, earlier(last, -86400)):
            answer = dav.request(method, obj, If_Modified_Since=date)
            assert answer.status == 304 and answer.headers["Last-Modified"] == last, date
        for date in OLD_FORMS + (earlier(last, 1),):
            assert dav.request(method, obj, If_Modified_Since=date).status == 200, date


def test_if_modified_since_is_of_reads_alone(dav, cal, obj):
    """RFC 9110 §13.1.3: MUST be ignored unless the method is GET or HEAD."""
    for method in ("PUT", "PROPPATCH", "MOVE"):
        run, status = writes(dav, cal, obj)[method]
        assert run(If_Modified_Since=FUTURE).status == status, method
        if method == "MOVE":
            assert dav.request("MOVE", cal + "b.ics", Destination=obj, If_Modified_Since=FUTURE).status == 201
    assert dav.propfind(obj, "<D:getetag/>", If_Modified_Since=FUTURE).status == 207
    assert dav.request("DELETE", obj, If_Modified_Since=FUTURE).status == 204


def test_what_is_no_date_is_ignored(dav, cal, obj):
    """RFC 9110 §13.1.3, §13.1.4: MUST ignore what is not a valid HTTP-date."""
    for text in NO_DATES:
        assert dav.request("GET", obj, If_Modified_Since=text).status == 200, text
        assert dav.request("GET", obj, If_Unmodified_Since=text).status == 200, text
        assert proppatch(dav, obj, "<x:a xmlns:x='urn:x'>1</x:a>", If_Unmodified_Since=text).status == 207, text


def test_entity_tags_count_before_dates(dav, cal, obj):
    """RFC 9110 §13.2.2: a date is not looked at where the tags of the same kind are there; both kinds must hold."""
    tag = dav.request("HEAD", obj).headers["ETag"]
    cases = [
        ({"If_Match": tag, "If_Unmodified_Since": OLD}, 200),  # step 1, not 2
        ({"If_Match": "*", "If_Unmodified_Since": OLD}, 200),
        ({"If_Match": NO_TAG, "If_Unmodified_Since": FUTURE}, 412),
        ({"If_None_Match": NO_TAG, "If_Modified_Since": FUTURE}, 200),  # step 3, not 4
        ({"If_None_Match": tag, "If_Modified_Since": OLD}, 304),
        ({"If_None_Match": tag, "If_Unmodified_Since": OLD}, 412),  # step 2 before 3
        ({"If_None_Match": NO_TAG, "If_Unmodified_Since": OLD}, 412),
        ({"If_Modified_Since": FUTURE, "If_Unmodified_Since": OLD}, 412),
        ({"If_Modified_Since": FUTURE, "If_Unmodified_Since": FUTURE}, 304),
        ({"If_Match": tag, "If_None_Match": tag}, 304),
    ]
    for headers, status in cases:
        for method in ("GET", "HEAD"):
            assert dav.request(method, obj, **headers).status == status, headers
    writes_ = [
        ({"If_Match": tag, "If_Unmodified_Since": OLD}, 207),
        ({"If_Match": "*", "If_Unmodified_Since": OLD}, 207),
        ({"If_Match": NO_TAG, "If_Unmodified_Since": FUTURE}, 412),
        ({"If_None_Match": NO_TAG, "If_Unmodified_Since": FUTURE}, 207),
        ({"If_None_Match": NO_TAG, "If_Unmodified_Since": OLD}, 412),
        ({"If_None_Match": tag, "If_Unmodified_Since": FUTURE}, 412),
        ({"If_None_Match": "*"}, 412),
    ]
    for headers, status in writes_:
        assert proppatch(dav, obj, "<x:a xmlns:x='urn:x'>1</x:a>", **headers).status == status, headers


def test_every_method_is_conditional_on_its_tags(dav, cal, obj):
    """RFC 9110 §13.1.1, §13.1.2 name no methods, so that PROPPATCH, ACL and the makers of calendars
    judge the tags as PUT does."""
    tag = dav.request("HEAD", obj).headers["ETag"]
    acl = "<D:acl xmlns:D='DAV:'/>"
    for run in (lambda **h: proppatch(dav, obj, "<x:a xmlns:x='urn:x'>1</x:a>", **h),
                lambda **h: dav.request("ACL", obj, acl, Content_Type="application/xml", **h)):
        for headers in ({"If_Match": NO_TAG}, {"If_None_Match": "*"}, {"If_None_Match": tag}, {"If_None_Match": f"W/{tag}"}):
            assert run(**headers).status == 412, headers
        for headers in ({"If_Match": tag}, {"If_Match": "*"}, {"If_None_Match": NO_TAG}):
            assert run(**headers).status in (200, 207), headers
        assert run(If_Match='"non').status == 400


def test_a_calendar_is_changed_on_its_tags(dav, cal):
    """Its tag is weak: If-Match holds with * alone, If-None-Match compares weakly (RFC 9110 §8.8.3.2). It has no
    Last-Modified: If-Unmodified-Since MUST be ignored (§13.1.4)."""
    tag = dav.request("HEAD", cal).headers["ETag"]
    run = lambda **h: proppatch(dav, cal, "<D:displayname>x</D:displayname>", **h)
    for headers in ({"If_Match": tag}, {"If_Match": NO_TAG}, {"If_None_Match": "*"}, {"If_None_Match": tag}):
        assert run(**headers).status == 412, headers
    assert run(If_Match="*").status == 207
    assert run(If_None_Match=NO_TAG, If_Unmodified_Since=OLD).status == 207
    assert dav.request("GET", cal, If_Modified_Since=FUTURE).status == 200
    assert dav.request("DELETE", cal, If_Unmodified_Since=OLD).status == 204


def test_what_is_not_there_has_no_date(dav, cal, home):
    """RFC 9110 §13.1.4; a tag of what is not there matches nothing (§13.1.1)."""
    assert dav.put(cal + "new.ics", new_event(), If_Unmodified_Since=OLD).status == 201
    path = f"{home}{uuid.uuid4()}/"
    assert mkcalendar(dav, path, "", If_Match="*").status == 412
    assert mkcalendar(dav, path, "", If_None_Match="*", If_Unmodified_Since=OLD).status == 201
    assert dav.request("DELETE", path).status == 204
    for method in ("DELETE", "PROPPATCH", "MOVE", "COPY", "GET"):  # RFC 9110 §13.2.1: 404 as without conditions
        body = "<D:propertyupdate xmlns:D='DAV:'><D:set><D:prop><D:a/></D:prop></D:set></D:propertyupdate>"
        sent = {"body": body, "Content_Type": "application/xml"} if method == "PROPPATCH" else {}
        for headers in ({"If_Match": NO_TAG}, {"If_Unmodified_Since": OLD}, {"If_None_Match": NO_TAG}):
            answer = dav.request(method, cal + "none.ics", Destination=cal + "x.ics", **sent, **headers)
            assert answer.status == 404, (method, headers, answer)


def test_without_a_date_a_write_is_still_one_round_trip(world, dav, cal, obj):
    """The conditions on dates are judged in a transaction; who sends none does not pay for it."""
    for run in (lambda: dav.put(obj, new_event("one", summary="z")), lambda: dav.request("DELETE", obj)):
        answer = run()
        assert int(world.log_of(answer.headers["Request-Id"])["db"]) == 2, answer  # the key, and the write
