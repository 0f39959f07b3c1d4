# SPDX-License-Identifier: Apache-2.0
"""/usage: the figures of docs/usage.md for people, in charts and tables."""
import html
import re
import xml.etree.ElementTree as xml

import pytest

from oauth_flow import Browser

DATES = True  # tests/run dates

SIGNED_IN = "owner"
SERVE = ["--rate-limit", "0"]
NONE = "00000000-0000-0000-0000-000000000000"


@pytest.fixture(scope="module")
def owner(world):
    return world.account("dev@platform.example")


@pytest.fixture(scope="module")
def key(world, owner):
    return world.key(owner, kind="secret", name="Server <1>")


@pytest.fixture(scope="module", autouse=True)
def counted(one_day_for_all, world, owner, key):
    """Three days ago: 1,234 requests, of which 30 and 4 failed, of 2 to 4 ms; webhooks, of which a fifth failed. Test data: 5."""
    latency = "array_cat(array_fill(0::bigint, ARRAY[4]), array_cat(ARRAY[{}::bigint], array_fill(0::bigint, ARRAY[11])))"
    account = f"(SELECT account_id FROM account WHERE email = '{owner.email}' AND livemode = {{}})"
    credential = f"(SELECT id FROM api_key WHERE name = 'Server <1>')"
    row = lambda live, days, who, route, n, c, s: (f"INSERT INTO usage_day VALUES ({account.format(live)}, current_date - {days}, {who}, '{NONE}', '{route}', "
                                                 f"{n}, {c}, {s}, {latency.format(n)});")
    world.sql(row("true", 3, credential, "GET /v1/events", 1234, 30, 4) + row("true", 3, f"'{NONE}'", "POST /v1/events", 10, 0, 0)
              + row("true", 3, f"'{NONE}'", "webhook", 50, 10, 0) + row("true", 60, credential, "GET /v1/profile", 7, 0, 0)
              + row("false", 0, f"'{NONE}'", "GET /v1/test", 5, 0, 0))


def text(page):
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]*>", " ", page.partition("<main")[2])))


def test_days_are_told_as_charts_and_as_a_table(browser):
    reply = browser.get("/usage")
    page = text(reply.text)
    assert "1,244 in all, 2.7 % failed" in page and "50 in all, 80.0 % arrived" in page
    german = text(browser.get("/usage", [("Accept-Language", "de")]).text)
    assert "1.244 insgesamt, 2,7 % fehlgeschlagen" in german and "3,9 ms" in german
    [day] = re.findall(r'<th scope="row"><time.*?</tr>', reply.text, re.S)
    assert re.search(r'<time datetime="\d{4}-\d\d-\d\d">\w{3}, \d\d? \w{3} \d{4}</time>', day)
    assert re.findall(r"<td[^>]*>(.*?)</td>", day) == ["1,244", "30", "4", "3.9 ms", "50", "80.0\u00a0%"]
    charts = [xml.fromstring(c) for c in re.findall(r'<svg viewBox="0 0 \d+ 1000".*?</svg>', reply.text, re.S)]
    assert len(charts) == 3 and all(c.get("role") == "img" for c in charts)
    for chart in charts:
        names = [chart.find(f".//*[@id='{i}']").text for i in chart.get("aria-labelledby").split()]
        assert all(names) and len(chart.findall("g")) == 30
        tall = [[int(r.get("height")) for r in bar.findall("rect") if r.get("class") != "hit"] for bar in chart.findall("g")]
        assert sum(bool(t) for t in tall) == 1 and sum(tall[26]) <= 1000 + 24, "the highest is as high as the drawing"
    assert [r.get("class") for r in charts[0].findall("g")[26].findall("rect")] == ["part-0", "part-1", "part-2", "hit"]


def test_keys_and_routes_narrow_it(browser, key):
    page = browser.get("/usage").text
    assert f'<a href="/usage?days=30&amp;key={key.id}"><bdi>Server &lt;1&gt;</bdi></a>' in page and "Tokens of apps" in page
    only = text(browser.get(f"/usage?days=30&key={key.id}").text)
    assert "1,234 in all" in only and "POST /v1/events" not in only
    assert "10 in all, 0.0 % failed" in text(browser.get("/usage?route=POST+%2Fv1%2Fevents").text)
    assert "1,251 in all" in text(browser.get("/usage?days=90").text) and len(re.findall("<g>", browser.get("/usage?days=7").text)) == 21


def test_test_mode_and_other_accounts_are_apart(world, browser, key):
    assert "5 in all" in text(browser.get("/usage?mode=test").text) and "Server" not in text(browser.get("/usage?mode=test").text)
    other = Browser(world)
    other.sign_in(world.account("other@platform.example"))
    for query in ("", f"?key={key.id}", f"?mode=test&key={key.id}"):
        page = text(other.get("/usage" + query).text)
        assert "Nothing was asked for in this time." in page and "Server" not in page


@pytest.mark.parametrize("query", ["days=0", "days=100000", "days=x", "key=x", "key=key_" + "z" * 22, "route=" + "x" * 5000, "route=%F0%9F%91%A9%E2%80%8D%F0%9F%92%BB",
                                   "route=%E2%80%AEx", "mode=x", "route='--"])
def test_what_makes_no_sense_asks_for_nothing(browser, query):
    assert browser.get("/usage?" + query).status == 200


def test_many_keys_and_routes_are_twenty(world, browser):
    busy = world.account("busy@platform.example")
    theirs = Browser(world)
    theirs.sign_in(busy)
    world.sql(f"""INSERT INTO usage_day SELECT account_id, current_date - d, gen_random_uuid(), '{NONE}', 'GET /' || n, n, 0, 0, array_fill(1::bigint, ARRAY[16])
                  FROM account, generate_series(1, 100) n, generate_series(0, 29) d WHERE email = '{busy.email}' AND livemode""")
    reply = theirs.get("/usage")
    assert len(re.findall(r"<code>GET /\d+</code>", reply.text)) == 20 and "GET /100<" in reply.text and len(reply.text) < 100_000
