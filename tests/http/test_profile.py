# SPDX-License-Identifier: Apache-2.0
"""The profile: name, zone, language; and the page of the plan."""
import re
import pytest

from oauth_flow import Browser, Form

SERVE = ["--plans-url", "https://plans.example/"]


@pytest.fixture(scope="module")
def browser(world):
    b = Browser(world)
    b.sign_in(world.account("una@example.org", name="Una User"))
    return b


def save(browser, **fields):
    return browser.post("/account", Form(browser.get("/account").text, "/account").with_(**fields))


def language_of(browser, likes="en"):
    reply = browser.get("/account", [("Accept-Language", likes)])
    assert f'<html lang="{reply.headers["Content-Language"]}">' in reply.text
    return reply.headers["Content-Language"]


def test_the_language_that_somebody_chose_goes_before_the_browser_s(world, browser):
    assert save(browser, language="de").location == "/account?done=saved"
    assert language_of(browser) == "de" and '<option value="de" lang="de" selected>Deutsch' in browser.get("/account").text
    other = Browser(world)
    assert other.get("/sign-in", [("Accept-Language", "en")]).headers["Content-Language"] == "en", "of who is signed in alone"
    assert save(browser, language="en").status == 303 and language_of(browser, "de") == "en"
    assert save(browser, language="").status == 303 and language_of(browser, "de") == "de" and language_of(browser) == "en"


@pytest.mark.parametrize("fields,at", [({"language": "tlh"}, "language"), ({"language": "d" * 200}, "language"), ({"tz": "Mars/Base"}, "tz"),
    ({"name": " "}, "name"), ({"name": "a\u202eb"}, "name")], ids=["klingon", "long", "zone", "blank", "overridden"])
def test_what_cannot_be_is_told_at_its_field(browser, fields, at):
    """Issue: "field errors under the field with focus there"."""
    reply = save(browser, **fields)
    assert reply.status == 400 and f'id="{at}-error" role="alert"' in reply.text
    assert reply.text.count("autofocus") == 1 and reply.text.count('role="alert"') == 1


def test_the_account_shows_initials(browser):
    assert 'class="avatar" aria-hidden="true">UU<' in browser.get("/account").text


def test_the_plan_says_what_it_has(world, browser):
    page = browser.get("/plan").text
    assert "on the pro plan" in page and "Not on this plan" not in page and 'aria-current="page"' in page


def test_who_is_on_the_free_plan_sees_what_is_missing_and_a_way_to_it(world):
    free = Browser(world)
    free.sign_in(world.account("free@example.org", plan="free"))
    page = free.get("/plan").text
    assert "on the free plan" in page and page.count("Not on this plan") == 4 and 'href="https://plans.example/"' in page
    assert "import and export" in page and "sharing" not in page  # a link to subscribe is of the other plan
    calendar = re.search(r'href="/calendars/(cal_\w+)"', free.get("/calendars").text)[1]
    assert "Links are not part of the plan" in free.get(f"/calendars/{calendar}").text
    assert free.get(f"/calendars/{calendar}/export").status == 200 and free.get("/calendars/import").status == 200
