# SPDX-License-Identifier: Apache-2.0
"""What the tests of mail share: where it goes, events with attendees, and time that passes."""
import html
import re

from ports import free_port

FROM = "calendar@calends.example"


def serve_with(port, *more):
    """The options of a server whose mail goes to a sink at this port."""
    return ["--smtp-url", f"smtp://127.0.0.1:{port}", "--mail-from", FROM, "--rate-limit", "0", *more]


def new_port():
    return free_port()


def meeting(api, *emails, **fields):
    attendees = [{"email": e, "name": e.split("@")[0].title()} for e in emails]
    return api.event(**{"title": "Planning", "attendees": attendees, **fields})


def notify(api, event, body=None, status=202, **headers):
    reply = api("POST", f"/v1/events/{event['id'] if isinstance(event, dict) else event}/notify_attendees", body, headers)
    assert reply.status == status, reply
    return reply.json


def due_now(world, where="true"):
    """What waits is due at this moment, as when time has passed or a server's lease has ended."""
    world.sql(f"UPDATE mail SET due_at = now() - interval '1 second' WHERE state = 1 AND {where}")


def states(world, where="true"):
    """How many mails there are in each state."""
    words = {"1": "waiting", "2": "sent", "3": "failed", "4": "dropped"}
    return {words[s]: int(n) for s, n in world.sql(f"SELECT state, count(*) FROM mail WHERE {where} GROUP BY state")}


def forget(world):
    """All letters, and what would become one. One that is being sent at this moment comes first, or it came to the next test."""
    world.sql("DELETE FROM notice; DELETE FROM letter_request")

    def none_is_under_way():
        world.sql("DELETE FROM mail WHERE lease IS NULL")
        return not world.sql("SELECT FROM mail WHERE state = 1")

    world.wait_for(none_is_under_way, 2 if world.died else 60)  # what was under way with a server that died stays
    world.died = False
    world.sql("DELETE FROM mail; DELETE FROM mail_letter")


def says_the_same_twice(mail):
    """RFC 2046 §5.1.4: the text and the HTML of a letter, word for word; nothing is loaded, and no link leads anywhere else."""
    [page] = [p.get_content() for p in mail.message.walk() if p.get_content_type() == "text/html"]
    assert not re.search(r"<(?:img|script|link|iframe|object|base|form)\b|url\(|@import", page), page
    body = page.split("<h1>")[1].split("</h1>", 1)[1]
    shown = html.unescape(re.sub(r"<[^>]*>", " ", re.sub(r"<p class=\"plain\">.*?</p>", "", body)))
    hrefs = [html.unescape(u) for u in re.findall(r'href="([^"]*)"', body)]
    text = re.sub(r"^-- *\r?$", "", mail.text, flags=re.M)  # what begins a signature
    for url in set(hrefs):
        assert url in text, url
    bare = "\n".join(line for line in text.splitlines() if line.strip() not in hrefs)
    words = lambda s: re.findall(r"[^\s:]+", s)  # noqa: E731: a label has its colon in the text alone
    assert words(bare) == words(shown)
