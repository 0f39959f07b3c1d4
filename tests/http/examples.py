# SPDX-License-Identifier: Apache-2.0
"""Calls of the API as its own document's examples have them, with ids of what is there.

    examples = Examples(world, document, key)
    examples.call(operation, template)         (target, body) of one that works with that key
    examples.existing("event", template)       the id of a new resource that a parameter of that name means
"""
import datetime
import json
import uuid

from hooks import NOWHERE

JSON = {"Content-Type": "application/json"}


def sent_as(body):
    """The header that goes with a body of an example."""
    return {} if body is None else {"Content-Type": "text/calendar"} if str(body).startswith("BEGIN:VCALENDAR") else JSON


# Who is asked is said by these, or where a page begins: an example cannot know.
NOT_SENT = ("starting_after", "ending_before", "mode", "sync_token", "last_event_id")


class Examples:
    def __init__(self, world, document, key):
        self.world, self.document, self.key, self.endpoint = world, document, key, None
        self.hosted = self.default = None
        self.makers = {
            "participant": lambda: world.get("/v1/profile", key=key).json["id"],
            "calendar": lambda: self._made("/v1/calendars", {"name": "x"}),
            "connection": lambda: world.get("/v1/calendars?limit=1", key=key).json["data"][0]["connection_id"],
            "calendar_id": self._default,
            "calendar_ids": self._default,
            "event": lambda: self._made("/v1/events", {
                "title": "x", "start_time": "2026-11-24T09:00:00Z", "end_time": "2026-11-24T10:00:00Z",
                "attendees": [{"email": world.get("/v1/profile", key=key).json["email"]}, {"email": "guest@example.org"}]}),
            "key": lambda: self._made("/v1/api_keys", {"name": "x", "kind": "restricted", "scopes": ["events:read"]}),
            "endpoint": self._endpoint,
            # of the endpoint before it, its ping
            "delivery": lambda: self._newest(f"/v1/webhook_endpoints/{self.endpoint or self._endpoint()}/deliveries"),
            "app": lambda: self._made("/v1/oauth_apps", {"name": "x", "type": "confidential", "redirect_uris": ["https://app.example/cb"]}),
            "secret": self._secret,
            "connected_account": self._connected,
            "grant": self._connected,
            "page": lambda: self._page()["id"],
            "slug": lambda: self._page()["slug"],
            "booking": self._booking,
            "session": lambda: self._made("/v1/voice/sessions", {}),
        }

    def _made(self, target, body):
        reply = self.world.post(target, json.dumps(body), JSON, self.key)
        assert reply.status == 201, reply
        return reply.json.get("data", reply.json)["id"]

    def _default(self):
        if not self.default:
            there = self.world.get("/v1/calendars?limit=100", key=self.key).json["data"]
            self.default = next(c["id"] for c in there if c["is_default"])
        return self.default

    def _me(self):
        return self.world.get("/v1/profile", key=self.key).json["id"]

    def _newest(self, target):
        return self.world.get(target, key=self.key).json["data"][0]["id"]

    def _endpoint(self):
        there = self.world.get("/v1/webhook_endpoints", key=self.key).json["data"]
        if len(there) > 8:  # there may be sixteen
            self.world.request("DELETE", f"/v1/webhook_endpoints/{there[-1]['id']}", key=self.key)
        self.endpoint = self._made("/v1/webhook_endpoints", {"url": NOWHERE, "events": ["*"]})
        return self.endpoint

    def _secret(self):
        """Of the app that was made last."""
        app = self.world.get("/v1/oauth_apps?limit=1", key=self.key).json["data"][0]["id"]
        return self.world.get(f"/v1/oauth_apps/{app}", key=self.key).json["secrets"][0]["id"]

    def _connected(self):
        """To an app of its own: the caller is user and platform at once."""
        profile = self.world.get("/v1/profile", key=self.key).json
        mine = f"(SELECT account_id FROM account WHERE email = '{profile['email']}' AND livemode = {profile['livemode']})"
        self.world.sql(f"""WITH app AS (INSERT INTO oauth_client (id, owner_id, kind, name, scopes, grants) VALUES (uuid_v7(), {mine}, 1, 'x', 1, 1) RETURNING id),
                             made AS (INSERT INTO connected_account (account_id, id, client_id, scopes) SELECT {mine}, uuid_v7(), id, 1 FROM app
                               RETURNING account_id, id, client_id)
                           INSERT INTO client_connection SELECT account_id, id, client_id, account_id FROM made""")
        return self.world.get("/v1/grants?limit=1", key=self.key).json["data"][0]["id"]

    def _page(self):
        there = self.world.get("/v1/booking_pages?limit=100", key=self.key).json["data"]
        for page in there[20:]:  # there may be fifty
            self.world.request("DELETE", f"/v1/booking_pages/{page['id']}", key=self.key)
        made = self._made("/v1/booking_pages", {"slug": f"page-{uuid.uuid4()}", "title": "x"})
        return self.world.get(f"/v1/booking_pages/{made}", key=self.key).json

    def _slot(self, slug):
        """The beginning of one that is free now."""
        now = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
        bounds = [(now + datetime.timedelta(days=d)).isoformat().replace("+00:00", "Z") for d in (1, 30)]
        target = f"/v1/public/booking_pages/{slug}/availability?from={bounds[0]}&to={bounds[1]}"
        return self.world.get(target, key=self.key).json["slots"][0]["start"]

    def _booking(self):
        slug = self._page()["slug"]
        return self._made("/v1/bookings", {"page": slug, "start": self._slot(slug), "name": "x", "email": "x@example.org"})

    def _hosted(self, template):
        """A new one, which may be deleted; one for all calls about what is in it."""
        if template.endswith(("/hosted-calendars/{calendar}", "-token")):
            return self._made("/api/v1/hosted-calendars", {"name": "x"})
        if template.endswith("/webhook"):
            made = self._made("/api/v1/hosted-calendars", {"name": "x"})
            put = self.world.request("PUT", f"/api/v1/hosted-calendars/{made}/webhook", json.dumps({"url": NOWHERE}), JSON, self.key)
            assert put.status == 200, put
            return made
        self.hosted = self.hosted or self._made("/api/v1/hosted-calendars", {"name": "x"})
        return self.hosted if "/hosted-calendars/" in template else f"hosted:{self.hosted}"

    def _hosted_event(self):
        """In the calendar that stands before it in the path: an invitation, as a CalDAV client puts it there."""
        self._hosted("/api/v1/calendars/{calendar}/events")
        uid, (name,) = str(uuid.uuid4()), self.world.sql(f"SELECT name FROM calendar WHERE id = '{self.hosted}'")[0]
        email = self.world.get("/v1/profile", key=self.key).json["email"]
        home = self.world.get("/v1/calendars?limit=1", key=self.key).json["data"][0]["caldav_url"].removeprefix(self.world.url).rsplit("/", 2)[0]
        data = "\r\n".join(("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x", "BEGIN:VEVENT", f"UID:{uid}", "DTSTAMP:20261101T000000Z",
                            "DTSTART:20261124T090000Z", "DTEND:20261124T100000Z", "SUMMARY:x", "ORGANIZER:mailto:host@example.net",
                            f"ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:{email}", "END:VEVENT", "END:VCALENDAR", ""))
        reply = self.world.request("PUT", f"{home}/{name}/{uid}.ics", data, {"Content-Type": "text/calendar"}, self.key)
        assert reply.status == 201, reply
        return uid

    def existing(self, name, template):
        if template.startswith("/api/v1/"):
            return self._hosted_event() if name == "uid" else self._hosted(template)
        if template.startswith("/v1/webhook_events/"):
            self._endpoint()  # whose ping is one
            return self._newest("/v1/webhook_events")
        if template.startswith("/v1/public/calendars/"):
            return self._made("/v1/calendars", {"name": "x", "is_public": True})
        return self.makers[name]()

    def target(self, operation, template, value_of=None):
        """The target with each example parameter; `value_of(parameter)` says another value, or None."""
        query, target = [], template
        for p in map(self.document.resolve, operation.get("parameters", ())):
            name = p["name"]
            other = value_of and value_of(p)
            if p["in"] == "path":
                target = target.replace("{%s}" % name, other or self.existing(name, template))
            elif p["in"] == "query" and (other is not None or (name not in NOT_SENT and "example" in p)):
                example = self.existing(name, template) if name in ("calendar_id", "calendar_ids") else p.get("example")
                example = str(example).lower() if isinstance(example, bool) else example
                query.append(f"{name}={example if other is None else other}")
        return target + ("?" + "&".join(query) if query else "")

    def body(self, operation, template):
        """The example body as a dict, a text where it is no JSON, or None where the operation takes none."""
        if "requestBody" not in operation:
            return None
        if "application/json" not in operation["requestBody"]["content"]:
            [content] = operation["requestBody"]["content"].values()
            return content["example"]
        sent = dict(operation["requestBody"]["content"]["application/json"]["example"])
        if "calendar_id" in sent:
            sent["calendar_id"] = self.existing("calendar_id", template)
        if "participants" in sent:
            sent["participants"] = [self.existing("participant", template)]
        if "user_id" in sent:
            sent["user_id"] = self._me()
        if "slug" in sent:
            sent["slug"] = f"page-{uuid.uuid4()}"
        if "page" in sent:
            sent["page"] = self._page()["slug"]
        if operation["operationId"] in ("createBooking", "rescheduleBooking"):
            sent["start"] = self._slot(sent.get("page") or self._page()["slug"])
        if operation["operationId"] in ("updateEvent", "updateHostedEvent"):  # fixed when it is made
            sent = {k: v for k, v in sent.items() if k not in ("client_uid", "uid")}
        return sent

    def call(self, operation, template):
        body = self.body(operation, template)
        return self.target(operation, template), json.dumps(body) if isinstance(body, dict) else body
