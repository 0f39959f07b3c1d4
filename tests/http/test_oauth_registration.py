# SPDX-License-Identifier: Apache-2.0
"""Apps that nobody registered (RFC 7591, without rows): what they say of themselves is their client_id."""
import base64

import pytest
from oauth_flow import REDIRECT, App, Browser, OpenApp, alive, answer, encode, is_error, is_page, is_red, post_form, register
from row_bounds import statement
from world import CliError, Server

LOOPBACK = "http://127.0.0.1/cb"


@pytest.fixture(scope="module")
def app(world):
    return OpenApp(world, client_name="Chiri")


def rows(world):
    return int(world.sql("SELECT count(*) FROM oauth_client")[0][0])


def connections(world, name):
    return int(world.sql(f"SELECT count(*) FROM connected_account c JOIN oauth_client o ON o.id = c.client_id WHERE o.name = '{name}'")[0][0])


# ---- registering ----


def test_an_app_is_told_what_was_registered(world):
    """RFC 7591 §3.2.1: 201, all that was registered, nothing that is stored by others on the way."""
    before = rows(world)
    made = register(world, redirect_uris=["garden.example:/oauth", "http://127.0.0.1:4711/cb"], client_name="Chiri",
                    scope="events:read profile:read", grant_types=["authorization_code", "refresh_token"], response_types=["code"],
                    token_endpoint_auth_method="none", software_id="7b1c", logo_uri="https://garden.example/logo.png")
    assert made.status == 201 and made.headers["Cache-Control"] == "no-store"
    assert made.headers["Content-Type"].startswith("application/json")
    told = made.json
    client_id = told.pop("client_id")
    assert client_id.startswith("open_") and len(client_id) < 200
    assert told == {
        "client_name": "Chiri", "redirect_uris": ["garden.example:/oauth", "http://127.0.0.1:4711/cb"],
        "token_endpoint_auth_method": "none", "grant_types": ["authorization_code", "refresh_token"], "response_types": ["code"],
        "scope": "events:read profile:read"}
    assert rows(world) == before


def test_the_same_registration_has_the_same_id(world):
    """Also when a loopback listener has another port each time (RFC 8252 §7.3), and URIs come in another order."""
    def one(*redirects):
        return register(world, redirect_uris=redirects, client_name="Same").json["client_id"]
    first = one("http://127.0.0.1:1000/cb", REDIRECT)
    assert one(REDIRECT, "http://127.0.0.1:65000/cb") == first == one(REDIRECT, LOOPBACK, "http://127.0.0.1:9/cb")
    assert one(REDIRECT) != first != one(REDIRECT, "http://127.0.0.1:1000/other")


def test_what_is_left_out_is_filled_in(world):
    """RFC 7591 §2, §3.2.1: defaults, and what such an app cannot have is replaced and told."""
    made = register(world, redirect_uris=[REDIRECT]).json
    assert made["client_name"] == "App of app.example" and made["token_endpoint_auth_method"] == "none"
    assert made["grant_types"] == ["authorization_code", "refresh_token"] and "events:write" in made["scope"]
    asked = register(world, redirect_uris=[REDIRECT], token_endpoint_auth_method="client_secret_basic").json
    assert asked["token_endpoint_auth_method"] == "none" and "client_secret" not in asked
    made = register(world, redirect_uris=[REDIRECT], token_endpoint_auth_method="client_secret_post", client_name=None, scope="",
                    grant_types=["authorization_code", "urn:ietf:params:oauth:grant-type:device_code", "password"]).json
    assert (made["token_endpoint_auth_method"], made["grant_types"]) == ("none", ["authorization_code"])
    assert "client_secret" not in made


def test_unknown_members_are_ignored(world):
    """RFC 7591 §2: the server ignores metadata that it does not understand; also in other languages (§2.2)."""
    made = register(world, redirect_uris=[REDIRECT], **{"client_name": "N", "client_name#de": "M", "application_type": "native", "x": [{}]})
    assert made.status == 201 and "x" not in made.json


BAD_REDIRECTS = {
    "none": ..., "empty": [], "null": None, "a text": REDIRECT, "a number": [1], "http": ["http://app.example/cb"], "relative": ["/cb"],
    "fragment": [REDIRECT + "#f"], "script": ["javascript:alert(1)"], "data": ["data:text/html,x"], "no dot": ["cursor://x/cb"],
    "https here": ["https://localhost/cb"], "https here by address": ["https://127.0.0.1:8443/cb"], "https here by a longer name": ["https://app.localhost/cb"],
    "userinfo": ["https://a@app.example/"], "wildcard": ["https://*.example/"], "upper": ["https://APP.example/"],
    "longer loopback": ["http://127.0.0.1.evil.example/"], "dots": ["https://app.example/a/../b"], "code": [REDIRECT + "?code=1"],
    "one good": [REDIRECT, "http://app.example/cb"], "21": [f"https://app.example/{i}" for i in range(21)], "long": ["https://app.example/" + "a" * 2049],
}


@pytest.mark.parametrize("redirects", BAD_REDIRECTS.values(), ids=BAD_REDIRECTS.keys())
def test_redirect_uris_are_those_of_native_apps(world, redirects):
    """RFC 7591 §3.2.2 invalid_redirect_uri; RFC 8252 §7.1, §7.2, §7.3, §8.4."""
    assert is_error(register(world, redirect_uris=redirects), 400, "invalid_redirect_uri")


BAD_METADATA = {
    "name control": {"client_name": "a\nb"}, "name turned": {"client_name": "Goog\u202ele"}, "name long": {"client_name": "a" * 101},
    "name number": {"client_name": 5}, "name hidden": {"client_name": "Goo\u200bgle"}, "name blank": {"client_name": "  "},
    "method": {"token_endpoint_auth_method": "private_key_jwt"}, "method unknown": {"token_endpoint_auth_method": "tls_client_auth"},
    "grants": {"grant_types": ["client_credentials"]}, "grants text": {"grant_types": "authorization_code"},
    "response": {"response_types": ["token"]}, "scope": {"scope": "events:read mail"}, "scope list": {"scope": ["events:read"]},
    "scope blanks": {"scope": "events:read  profile:read"}, "client uri": {"client_uri": "javascript:alert(1)"},
    "logo": {"logo_uri": "data:image/png;base64,AA"}, "tos": {"tos_uri": "x"}, "policy": {"policy_uri": "https://a@b.example/"},
    "software": {"software_id": "a\u0007"}, "keys twice": {"jwks": {"keys": []}, "jwks_uri": "https://app.example/jwks"},
}


@pytest.mark.parametrize("metadata", BAD_METADATA.values(), ids=BAD_METADATA.keys())
def test_what_an_app_cannot_say_of_itself_is_refused(world, metadata):
    """RFC 7591 §3.2.2 invalid_client_metadata."""
    assert is_error(register(world, **{"redirect_uris": [REDIRECT], **metadata}), 400, "invalid_client_metadata")


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"null", b'{"redirect_uris": ["https://a.example/"], "redirect_uris": []}',
                                  b'{"redirect_uris": ["https://a.example/\xff"]}', b"[" * 5000], ids=range(7))
def test_what_is_no_metadata_is_refused(world, body):
    reply = world.http.request("POST", "/oauth/register", body, [("Content-Type", "application/json")])
    assert is_error(reply, 400, reply.json["error"]) and reply.json["error"] in ("invalid_client_metadata", "invalid_redirect_uri")


def test_the_body_is_json_and_bounded(world):
    assert world.http.request("POST", "/oauth/register", b"a=b", [("Content-Type", "application/x-www-form-urlencoded")]).status == 415
    assert register(world, redirect_uris=[REDIRECT], x="a" * 20000).status == 413


def test_a_registration_that_would_not_fit_into_urls_is_refused(world):
    many = [f"https://app.example/{i}/" + "a" * 60 for i in range(12)]
    assert is_error(register(world, redirect_uris=many), 400, "invalid_client_metadata")
    longest = register(world, redirect_uris=[f"https://app.example/{i}/" + "a" * 60 for i in range(7)], client_name="ä" * 50).json["client_id"]
    assert len(longest) < 1100


def test_a_page_may_register(world):
    """MCP clients that run in a browser: the answer is for anybody, and no credential goes along."""
    reply = register(world, redirect_uris=[REDIRECT], headers=[("Origin", "https://inspector.example")])
    assert reply.headers["Access-Control-Allow-Origin"] == "*"
    asked = world.http.request("OPTIONS", "/oauth/register", None, [
        ("Origin", "https://inspector.example"), ("Access-Control-Request-Method", "POST"), ("Access-Control-Request-Headers", "content-type, mcp-protocol-version")])
    assert asked.status == 204 and "MCP-Protocol-Version" in asked.headers["Access-Control-Allow-Headers"]


# ---- connecting ----


def test_such_an_app_connects_refreshes_and_is_revoked(world, browser):
    app = OpenApp(world, client_name="Whole way")
    before = rows(world)
    page = app.consent_page(browser, scope="profile:read events:read")
    assert rows(world) == before
    code = answer(app.decide(browser, page))["code"]
    assert rows(world) == before + 1
    tokens = app.redeem(code).json
    assert tokens["scope"] == "events:read profile:read" and alive(world, tokens)
    fresh = app.refresh(tokens["refresh_token"]).json
    assert alive(world, fresh)
    assert app.revoke(fresh["refresh_token"]).status == 200 and not alive(world, fresh)


def test_another_with_the_same_words_is_the_same_app(world, browser):
    """One row and one connection, however often it registers, and at whatever port it listens."""
    before = rows(world)
    for port in (2001, 2002, 2003):
        app = OpenApp(world, f"http://127.0.0.1:{port}/cb", client_name="Local")
        assert alive(world, app.connect(browser, scope="profile:read"))
    assert rows(world) == before + 1 and connections(world, "Local") == 1


@pytest.mark.parametrize("redirect", ["garden.example:/oauth", "http://localhost:3000/cb", "http://[::1]:3000/cb"])
def test_each_kind_of_native_redirect_is_led_to(world, browser, redirect):
    app = OpenApp(world, redirect)
    assert answer(app.decide(browser, app.consent_page(browser)), redirect)["code"]


def test_the_consent_page_says_that_nobody_vouches_for_it(world, browser):
    page = OpenApp(world, "garden.example:/oauth", client_name="Calends Official").consent_page(browser).text
    assert "Unverified" in page and ">Verified<" not in page
    assert "Anybody can give an app this name." in page and "not known: the app registered itself" in page
    assert "<code>garden.example:</code>" in page
    page = OpenApp(world, client_name="Other").consent_page(browser).text
    assert "<code>app.example</code>" in page
    assert "&lt;b&gt;" in OpenApp(world, client_name="<b>").consent_page(browser).text


def test_no_consent_of_it_is_remembered(world, browser, app):
    """OAuth 2.1 §7.3.1: anybody could say the same of themselves."""
    app.connect(browser)
    assert is_red(app.ask(browser, prompt="none"), world, "consent_required")
    assert app.ask(browser).location.startswith("/consent?")


def test_introspection_names_it_as_it_names_itself(world, browser):
    """RFC 7662 §2.2: client_id is what the app presents, for whoever asks knows it by nothing else."""
    app = OpenApp(world, client_name="Asked about")
    gateway = App(world, type="confidential", may_introspect=True)
    tokens = app.connect(browser, scope="profile:read")
    for kind in ("access_token", "refresh_token"):
        assert gateway.introspect(tokens[kind]).json["client_id"] == app.id
    fresh = app.refresh(tokens["refresh_token"]).json
    assert gateway.introspect(fresh["access_token"]).json["client_id"] == app.id
    world.sql("UPDATE oauth_client SET called = NULL WHERE name = 'Asked about'")  # connected before that was kept
    assert gateway.introspect(fresh["access_token"]).json["client_id"].startswith("cli_")


def test_it_is_listed_as_what_it_is(world, browser):
    app = OpenApp(world, client_name="Listed")
    tokens = app.connect(browser, scope="profile:read")
    assert "registered itself" in browser.get("/connected-accounts").text
    [listed] = [c for c in world.cli("client", "list")["data"] if c["client_name"] == "Listed"]
    assert (listed["registered_by"], listed["owner"], listed["verified"]) == ("itself", None, False)
    with pytest.raises(CliError):
        world.cli("client", "verify", listed["client_id"])
    assert alive(world, tokens)


def test_its_requests_can_be_pushed(world, browser):
    """RFC 9126 §2: also before anybody is connected to it."""
    app = OpenApp(world, client_name="Pusher")
    pushed = post_form(world.http, "/oauth/par", app.params())
    assert pushed.status == 201, pushed
    visited = browser.get("/oauth/authorize?" + encode({"client_id": app.id, "request_uri": pushed.json["request_uri"]}))
    code = answer(app.decide(browser, browser.get(visited.location)))["code"]
    assert app.redeem(code).status == 200


def test_it_says_where_it_wants_to_be_answered(world, browser, app):
    assert is_page(app.ask(browser, redirect_uri=None), 400)
    assert is_page(app.ask(browser, redirect_uri=REDIRECT + "/x"), 400)
    local = OpenApp(world, "http://127.0.0.1:1/cb")
    assert is_page(local.ask(browser, redirect_uri="http://127.0.0.1:1/other"), 400)
    assert is_page(local.ask(browser, redirect_uri="http://localhost:1/cb"), 400)
    assert local.ask(browser, redirect_uri="http://127.0.0.1:9999/cb").status == 303


def test_it_cannot_ask_for_more_than_it_registered(world, browser):
    app = OpenApp(world, scope="profile:read")
    assert is_red(app.ask(browser, scope="profile:read events:read"), world, "invalid_scope")
    assert 'value="events:read"' not in app.consent_page(browser, scope=None).text


def test_pkce_is_asked_of_it(world, browser, app):
    for changes in ({"code_challenge": None}, {"code_challenge_method": "plain"}, {"code_challenge_method": None}):
        assert is_red(app.ask(browser, **changes), world, "invalid_request")


def test_a_code_is_for_the_app_that_asked(world, browser):
    """Another registration is another app, however alike."""
    app, other = OpenApp(world, client_name="One"), OpenApp(world, client_name="Two")
    code = app.consent(browser)
    other.pkce = app.pkce
    assert is_error(other.redeem(code), 400, "invalid_grant")


# ---- habits of MCP and calendar clients ----


def test_offline_access_may_be_asked_beside_anything(world, browser):
    """By whom a refresh token is given in any case; also beside what was registered."""
    app = OpenApp(world, client_name="Offline", scope="profile:read")
    assert app.connect(browser, scope="profile:read offline_access")["scope"] == "profile:read offline_access"
    registered = App(world, type="public")
    assert registered.connect(browser, scope="events:read offline_access")["scope"] == "events:read offline_access"
    once = OpenApp(world, client_name="Once", grant_types=["authorization_code"])
    tokens = once.connect(browser, scope="profile:read offline_access")
    assert tokens["scope"] == "profile:read" and "refresh_token" not in tokens
    assert is_red(app.ask(browser, scope="offline_access"), world, "invalid_scope")


def test_unknown_scopes_are_refused_by_name(world, browser, app):
    got = answer(app.ask(browser, scope="events:read mail:read"))
    assert got["error"] == "invalid_scope" and "mail:read" in got["error_description"]
    assert "urn:x:mail" in register(world, redirect_uris=[REDIRECT], scope="urn:x:mail").json["error_description"]


def test_a_refresh_asks_for_what_it_has_or_nothing(world, browser):
    """Without scope, with the same, with fewer; never with more (RFC 6749 §6)."""
    app = OpenApp(world, client_name="Refreshes", scope="calendars:read profile:read events:read offline_access")
    tokens = app.connect(browser, scope="calendars:read profile:read offline_access")
    for asked, told in ((None, "calendars:read profile:read offline_access"), ("profile:read offline_access", "profile:read offline_access"),
                        ("offline_access", "calendars:read profile:read offline_access"), ("calendars:read", "calendars:read")):
        tokens = {**tokens, **app.refresh(tokens["refresh_token"], scope=asked).json}
        assert set(tokens["scope"].split()) == set(told.split()), asked
    assert is_error(app.refresh(tokens["refresh_token"], scope="profile:read events:read"), 400, "invalid_scope")


def test_an_alias_lets_no_key_be_made(world):
    """The words of other products are for apps alone."""
    account = world.account("keys@calends.example")
    for scope in ("offline_access", "urn:ietf:params:oauth:scope:calendars"):
        with pytest.raises(CliError):
            world.key(account, kind="restricted", scope=scope)


# ---- ids that nobody gave ----


def bent(client_id):
    raw = bytearray(base64.urlsafe_b64decode(client_id[5:] + "=" * (-len(client_id[5:]) % 4)))
    yield "cut", client_id[:-1]
    yield "longer", client_id + "A"
    yield "padded", client_id + "="
    yield "tag alone", client_id[:5] + client_id[-22:]
    yield "nothing", "open_"
    yield "long", "open_" + "A" * 5000
    for at in (0, 1, len(raw) // 2, len(raw) - 17, len(raw) - 16, len(raw) - 1):
        other = bytearray(raw)
        other[at] ^= 1
        yield f"octet {at}", "open_" + base64.urlsafe_b64encode(bytes(other)).decode().rstrip("=")


def test_a_client_id_cannot_be_forged_or_altered(world, browser, app):
    for what, client_id in bent(app.id):
        assert is_page(app.ask(browser, client_id=client_id), 400), what
        assert is_error(post_form(world.http, "/oauth/token", {"grant_type": "refresh_token", "client_id": client_id, "refresh_token": "x"}),
                        401, "invalid_client"), what
        assert is_error(post_form(world.http, "/oauth/par", app.params(client_id=client_id)), 401, "invalid_client"), what


def test_a_secret_is_no_proof_of_it(world, browser, app):
    code = app.consent(browser)
    assert is_error(app.redeem(code, client_secret="x"), 401, "invalid_client")


def test_its_cli_id_is_no_client_id_of_somebody_else(world, browser):
    """The id of its row is no way around the list of the denied, nor to a redirect URI."""
    app = OpenApp(world, client_name="By row")
    app.connect(browser)
    [listed] = [c for c in world.cli("client", "list")["data"] if c["client_name"] == "By row"]
    assert is_page(app.ask(browser, client_id=listed["client_id"]), 400)
    assert is_error(post_form(world.http, "/oauth/token", {"grant_type": "refresh_token", "client_id": listed["client_id"], "refresh_token": "x"}),
                    401, "invalid_client")


# ---- denied ----


# ---- rows, limits, closed ----


def test_an_account_is_connected_to_a_hundred_of_them(world):
    """The oldest that ended makes room; while none has, there is no more."""
    mine = Browser(world)
    mine.sign_in(world.account("many@calends.example"))
    asked = OpenApp(world, client_name="Many 0")
    tokens = asked.connect(mine, scope="profile:read")
    world.sql("""INSERT INTO oauth_client (id, owner_id, kind, name, scopes, grants, registration, deny_names)
                 SELECT md5('many' || n)::uuid, 'ffffffff-ffff-ffff-ffff-fffffffffffe', 1, 'Many ' || n, 1, 1, 1, '{}' FROM generate_series(1, 99) n;
                 INSERT INTO connected_account (account_id, id, client_id, scopes) SELECT c.account_id, md5('con' || n)::uuid, md5('many' || n)::uuid, 1
                   FROM generate_series(1, 99) n, connected_account c JOIN oauth_client o ON o.id = c.client_id WHERE o.name = 'Many 0'""")
    more = OpenApp(world, client_name="Many 100")
    refused = more.decide(mine, more.consent_page(mine, scope="profile:read"))
    assert refused.status == 403 and "as many as there may be" in refused.text
    assert alive(world, asked.connect(mine, scope="profile:read"))  # one that is connected may ask again
    world.sql("UPDATE connected_account SET revoked_at = now() WHERE id = md5('con7')::uuid")
    assert alive(world, more.connect(mine, scope="profile:read"))
    assert world.sql("SELECT count(*) FROM connected_account WHERE id = md5('con7')::uuid") == [["0"]]
    assert more.decide(mine, OpenApp(world, client_name="Many 101").consent_page(mine)).status == 403
    assert alive(world, tokens)


def test_a_row_goes_when_nobody_is_connected_any_more(world, browser):
    app, kept = OpenApp(world, client_name="Goes"), OpenApp(world, client_name="Stays")
    app.connect(browser), kept.connect(browser)
    names = lambda: {n for (n,) in world.sql("SELECT name FROM oauth_client WHERE name IN ('Goes', 'Stays')")}
    world.sql("UPDATE oauth_client SET seen_at = now() - interval '2 hours' WHERE name IN ('Goes', 'Stays')")
    statement(world, "open_client_prune", "now() - interval '1 hour'")
    assert names() == {"Goes", "Stays"}
    world.sql("DELETE FROM connected_account c USING oauth_client o WHERE o.id = c.client_id AND o.name = 'Goes'")
    statement(world, "open_client_prune", "now() - interval '1 hour'")
    assert names() == {"Stays"}
    assert app.connect(browser)


def test_a_closed_server_connects_no_more_of_them(world):
    """What is connected already works on."""
    app, mine = OpenApp(world, client_name="Before"), Browser(world)
    mine.sign_in(world.account("before@calends.example"))
    tokens = app.connect(mine, scope="profile:read")
    closed = Server(world, ["--registration", "closed"])
    try:
        http = closed.client_connection()
        assert "registration_endpoint" not in http.request("GET", "/.well-known/oauth-authorization-server").json
        assert is_error(register(world, http, redirect_uris=[REDIRECT]), 403, "access_denied")
        assert is_page(http.request("GET", app.target()), 400)
        assert is_error(post_form(http, "/oauth/par", app.params()), 400, "invalid_request")
        assert app.refresh(tokens["refresh_token"], http=http).status == 200
    finally:
        closed.stop()


def test_metadata_names_the_endpoint(world):
    """RFC 8414 §2."""
    for path in ("/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"):
        assert world.http.request("GET", path).json["registration_endpoint"] == world.public_url + "/oauth/register"
