# SPDX-License-Identifier: Apache-2.0
"""What every surface owes to HTTP: gzip of what is large and has no ETag, HEAD and Allow from the routes."""
import gzip

from dav import NAMESPACES
from davwrite import new_event, put_new

SERVE = ["--rate-limit", "10000"]
ZIPPED = {"Accept-Encoding": "gzip, deflate"}
BODY = f"<D:propfind {NAMESPACES}><D:prop><D:getetag/></D:prop></D:propfind>"


def test_a_large_multistatus_is_zipped_for_who_takes_it(world, owner, dav, cal):  # RFC 9110 §8.4, §12.5.3
    for i in range(30):
        put_new(dav, f"{cal}{i}.ics")
    ask = {"Depth": "1", "Content-Type": "application/xml"}
    plain = world.dav("PROPFIND", cal, BODY, ask, owner)
    zipped = world.dav("PROPFIND", cal, BODY, {**ask, **ZIPPED}, owner)
    assert "Content-Encoding" not in plain.headers and zipped.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(zipped.body) == plain.body and len(zipped.body) < len(plain.body) / 3
    for reply in (plain, zipped):
        assert "ETag" not in reply.headers and "Accept-Encoding" in ", ".join(reply.headers.all("Vary"))
    refused = world.dav("PROPFIND", cal, BODY, {**ask, "Accept-Encoding": "gzip;q=0, *;q=0"}, owner)
    assert "Content-Encoding" not in refused.headers and refused.body == plain.body


def test_a_calendar_with_its_weak_tag_is_zipped(world, owner, dav, cal):  # RFC 9110 §8.8.1: of both representations
    put_new(dav, cal + "a.ics", new_event(None, "20260301T100000Z", *["X-PAD:" + "x" * 60] * 200))
    plain, zipped = world.dav("GET", cal, None, None, owner), world.dav("GET", cal, None, ZIPPED, owner)
    assert zipped.headers["Content-Encoding"] == "gzip" and gzip.decompress(zipped.body) == plain.body
    assert plain.headers["ETag"] == zipped.headers["ETag"] and plain.headers["ETag"].startswith("W/")


def test_what_has_a_strong_etag_is_never_zipped(world, owner, dav, cal):  # RFC 9110 §8.8.3.3: one tag, one representation
    data = new_event(None, "20260301T100000Z", *["X-PAD:" + "x" * 60] * 200)
    tag = put_new(dav, cal + "a.ics", data)
    reply = world.dav("GET", cal + "a.ics", None, ZIPPED, owner)
    assert "Content-Encoding" not in reply.headers and reply.headers["ETag"] == tag and reply.body == data.encode()


def test_head_is_get_without_its_body_on_every_surface(world, owner, dav, cal):  # RFC 9110 §9.3.2
    put_new(dav, cal + "a.ics")
    for target, key in [("/v1/profile", owner.key), ("/v1/calendars", owner.key), (cal + "a.ics", owner), ("/healthz", None),
            ("/sign-in", None), ("/.well-known/oauth-authorization-server", None), ("/.well-known/oauth-protected-resource", None)]:
        got, head = world.get(target, key=key), world.request("HEAD", target, None, None, key)
        assert (head.status, head.body) == (got.status, b"") and got.status == 200, target
        assert head.headers.get("Content-Type") == got.headers.get("Content-Type")
        assert head.headers.get("ETag") == got.headers.get("ETag")


def test_a_method_that_is_not_here_is_told_which_are(world, owner, cal):  # RFC 9110 §15.5.6
    for target, key, allowed in [("/v1/profile", owner.key, "GET"), ("/v1/events", owner.key, "POST"), ("/oauth/token", None, "POST"),
            ("/oauth/authorize", None, "GET"), (cal, owner, "PROPFIND"), (cal + "a.ics", owner, "PUT"), ("/metrics", None, "GET")]:
        reply = world.request("PATCH" if target.startswith("/oauth") or target == "/metrics" else "LOCK", target, None, None, key)
        allow = [m.strip() for m in reply.headers["Allow"].split(",")]
        assert reply.status == 405 and allowed in allow and "OPTIONS" in allow, (target, reply)
        assert ("HEAD" in allow) == ("GET" in allow), allow
        assert not target.startswith("/v1") or reply.json["error"]["code"] == "method_not_allowed", reply
