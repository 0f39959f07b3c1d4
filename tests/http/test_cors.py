# SPDX-License-Identifier: Apache-2.0
"""Which pages of other origins may call: those that a key or an app is for (docs/adr/0025; Fetch standard §3.2)."""
import json

import pytest

SERVE = ["--rate-limit", "10000", "--brand", "Acme"]
JSON = {"Content-Type": "application/json"}
LISTED, ELSEWHERE, APP = "https://shop.example", "https://other.example", "https://spa.example:8443"
# each surface that a page may call, a method of it, and a header that the page sends
SURFACES = [("/v1/events", "POST", "idempotency-key"), ("/v1/profile", "GET", "authorization"), ("/v1/api_keys", "GET", "authorization"),
    ("/api/v1/hosted-calendars", "POST", "idempotency-key"), ("/mcp", "POST", "mcp-protocol-version"), ("/oauth/token", "POST", "content-type"),
    ("/oauth/revoke", "POST", "content-type"), ("/dav/", "PROPFIND", "depth"), ("/dav/calendars/usr_x/default/x.ics", "PUT", "if-none-match")]


@pytest.fixture(scope="module")
def secret(world, ann):
    return world.key(ann, kind="secret")


@pytest.fixture(scope="module", autouse=True)
def known(world, ann):
    """One origin by a key, one by an app; and apps on this computer."""
    world.client(ann, redirect_uri=[APP + "/cb", "http://127.0.0.1/cb", "com.example.app:/cb"])
    return world.key(ann, kind="restricted", scope="events:read calendars:read", allow_origin=LISTED)


def preflight(world, origin, target="/v1/events", method="POST", header="authorization"):
    return world.request("OPTIONS", target, None, {"Origin": origin, "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": header})


def cors(reply):
    return {n.lower(): v for n, v in reply.headers.pairs if n.lower().startswith("access-control-")}


def may_read(reply, origin):
    """This one by name, which caches must know."""
    assert "access-control-allow-credentials" not in cors(reply)
    return cors(reply).get("access-control-allow-origin") == origin and "Origin" in ", ".join(reply.headers.all("Vary"))


@pytest.mark.parametrize("target,method,header", SURFACES)
@pytest.mark.parametrize("origin", [LISTED, APP])
def test_a_preflight_is_answered_on_every_surface(world, target, method, header, origin):
    reply = preflight(world, origin, target, method, header)
    assert reply.status == 204 and may_read(reply, origin), reply
    assert method in reply.headers["Access-Control-Allow-Methods"].split(", ")
    assert header in reply.headers["Access-Control-Allow-Headers"].lower().split(", ")


@pytest.mark.parametrize("target,method,header", SURFACES)
@pytest.mark.parametrize("origin", [ELSEWHERE, "null", "https://shop.example.evil", "http://shop.example", "https://shop.example/", "junk",
    "https://" + "x" * 400 + ".example", APP[:-5], "chrome-extension://abc"])
def test_a_preflight_of_another_origin_is_told_how_it_is_made_known(world, target, method, header, origin):
    reply = preflight(world, origin, target, method, header)
    assert reply.status == 403 and not cors(reply), reply
    assert "allowed_origins" in reply.text and "redirect URI" in reply.text
    assert "Origin" in ", ".join(reply.headers.all("Vary"))


@pytest.mark.parametrize("target", ["/oauth/authorize", "/sign-in", "/keys", "/consent", "/"])
def test_pages_that_a_cookie_opens_have_no_cors_for_anybody(world, target):  # OAuth 2.1 §3.1; A35
    for reply in (preflight(world, LISTED, target), world.get(target, {"Origin": LISTED})):
        assert not cors(reply), target


@pytest.mark.parametrize("target", ["/.well-known/oauth-authorization-server", "/.well-known/oauth-protected-resource", "/openapi.json"])
def test_what_is_the_same_for_everybody_any_page_may_read(world, target):
    for origin in (LISTED, ELSEWHERE, "null"):
        assert world.get(target, {"Origin": origin}).headers["Access-Control-Allow-Origin"] == "*"
        assert preflight(world, origin, target, "GET", "mcp-protocol-version").headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize("port", ["", ":5173", ":8080"])
def test_an_app_on_this_computer_may_have_any_port(world, port):  # OAuth 2.1 §8.4.2
    assert may_read(preflight(world, "http://127.0.0.1" + port), "http://127.0.0.1" + port)
    assert preflight(world, "http://localhost" + port).status == 403 and preflight(world, "https://127.0.0.1" + port).status == 403


def test_the_request_itself_is_judged_by_its_key(world, ann, known):
    """The key lists one origin: another, though known by an app, is 403, and may read how to mend it."""
    good = world.get("/v1/events", {"Origin": LISTED}, known)
    assert good.status == 200 and may_read(good, LISTED)
    exposed = good.headers["Access-Control-Expose-Headers"].split(", ")
    assert {"Request-Id", "ETag", "Retry-After", "X-RateLimit-Remaining", "Idempotent-Replayed", "Acme-Idempotent-Replay"} <= set(exposed)
    for origin, readable in ((APP, True), (ELSEWHERE, False)):
        reply = world.get("/v1/events", {"Origin": origin}, known)
        error = reply.json["error"]
        assert reply.status == 403 and error["code"] == "origin_not_allowed" and error["param"] == "Origin"
        assert origin in error["message"] and known.id in error["message"] and "allowed_origins" in error["message"]
        assert may_read(reply, origin) == readable and bool(cors(reply)) == readable
    none = world.get("/v1/events", key=known).json["error"]
    assert none["code"] == "origin_not_allowed" and "Origin" in none["message"]


def test_the_same_on_caldav(world, ann, known):
    for origin, status in ((LISTED, 207), (APP, 403), (ELSEWHERE, 403)):
        reply = world.dav("PROPFIND", "/dav/", None, {"Depth": "0", "Origin": origin}, (ann.email, known))
        assert reply.status == status and bool(cors(reply)) == (origin != ELSEWHERE), origin
    assert {"DAV", "ETag", "Location", "Content-Location", "Preference-Applied"} <= set(world.dav("PROPFIND", "/dav/", None,
        {"Depth": "0", "Origin": LISTED}, (ann.email, known)).headers["Access-Control-Expose-Headers"].split(", "))


def test_a_page_may_read_why_it_was_refused(world):
    for key in (None, "rk_live_nonsense"):
        reply = world.get("/v1/profile", {"Origin": LISTED}, key)
        assert reply.status == 401 and may_read(reply, LISTED) and "WWW-Authenticate" in reply.headers
    assert may_read(world.get("/v1/profile", {"Origin": LISTED}, world.key(kind="account")), LISTED)


def test_a_page_may_read_that_it_asks_too_much(world, ann):
    key = world.key(ann, kind="restricted", scope="calendars:read", allow_origin=LISTED, key_rate=1)
    replies = [world.get("/v1/calendars", {"Origin": LISTED}, key) for _ in range(10)]
    assert 429 in {r.status for r in replies} and all(may_read(r, LISTED) for r in replies)


def test_a_secret_key_in_any_page_is_refused(world, secret):
    reply = world.get("/v1/profile", {"Origin": LISTED}, secret)
    assert reply.json["error"]["code"] == "secret_key_in_browser" and may_read(reply, LISTED)


def change(world, secret, key, body, method="PATCH"):
    reply = world.request(method, "/v1/api_keys/" + key["id"], body and json.dumps(body), JSON if body else {}, secret)
    assert reply.status == 200, reply


def test_an_origin_is_known_as_long_as_a_live_key_lists_it(world, secret):
    origin = "https://short.example"
    new = {"name": "x", "kind": "restricted", "scopes": ["events:read"], "allowed_origins": [origin, "HTTPS://SHORT.example:443"]}
    def make(**more):
        return world.post("/v1/api_keys", json.dumps({**new, **more}), JSON, secret).json
    def is_known():
        return preflight(world, origin).status == 204
    assert not is_known()
    one, two = make(), make()
    assert is_known() and is_known()
    change(world, secret, one, {"allowed_origins": [LISTED]})
    assert is_known(), "the other has it still"
    change(world, secret, two, None, "DELETE")
    assert not is_known()
    change(world, secret, one, {"allowed_origins": [origin]})
    assert is_known()
    world.post(f"/v1/api_keys/{one['id']}/rotate", key=secret)
    assert is_known()
    world.sql(f"UPDATE api_key SET expires_at = now() - interval '1 s' WHERE allowed_origins = '{{{origin}}}' AND revoked_at IS NULL")
    assert not is_known()
    assert world.sql(f"SELECT count(*) FROM page_origin WHERE origin = '{origin}'") == [["1"]]
    world.sql(f"DELETE FROM api_key WHERE allowed_origins = '{{{origin}}}'")
    assert world.sql(f"SELECT count(*) FROM page_origin WHERE origin = '{origin}'") == [["0"]]


def test_an_origin_is_known_as_long_as_an_app_is_there(world, ann):
    origin = "https://gone.example"
    made = world.client(ann, redirect_uri=origin + ":443/cb?x=1")
    assert preflight(world, origin, "/oauth/token").status == 204
    world.cli("client", "delete", made["client_id"])
    assert preflight(world, origin, "/oauth/token").status == 403


def test_a_request_without_an_origin_asks_for_none(world, known, ann):
    """No program pays for what pages need; a page whose key lists its origin neither."""
    plain = world.log_of(world.get("/v1/profile", key=world.key(ann, kind="restricted", scope="profile:read")))["db"]
    paged = world.log_of(world.get("/v1/events", {"Origin": LISTED}, known))["db"]
    assert int(plain) == 1
    assert int(paged) == int(world.log_of(world.get("/v1/events", key=ann.key))["db"])
