# SPDX-License-Identifier: Apache-2.0
"""The lists of /v1, for the tests of their pages: how each is asked for, and how a row of it comes and goes."""
import datetime
import json
from urllib.parse import urlencode

from hooks import QUEUES_FIRST


class Listed:
    """A list with something in it: how it is asked for, and how a row comes and goes."""

    def __init__(self, api, path, **query):
        self.api, self.path, self.query, self.made = api, path, query, 0

    def get(self, **query):
        return self.api("GET", f"{self.path}?{urlencode({**self.query, **query})}")

    def page(self, **query):
        reply = self.get(**query)
        assert reply.status == 200, reply
        page = reply.json
        assert page["has_more"] == (page["next_cursor"] is not None)
        return page

    def ids(self, page):
        return [row["id"] for row in page["data"]]

    def forward(self, limit, between=lambda: None):
        pages = [self.page(limit=limit)]
        while pages[-1]["has_more"]:
            between()
            pages.append(self.page(limit=limit, starting_after=pages[-1]["next_cursor"]))
            assert len(pages) < 200, "no page twice"
        return pages

    def back(self, page, limit, between=lambda: None):
        """The pages before this one, as they are read: the nearest first."""
        pages = []
        while page["previous_cursor"]:
            between()
            page = self.page(limit=limit, ending_before=page["previous_cursor"])
            pages.append(page)
            assert len(pages) < 200, "no page twice"
        return pages

    def all(self):
        return [i for page in self.forward(100) for i in self.ids(page)]

    def add(self, chance):
        raise NotImplementedError

    def remove(self, row):
        reply = self.api("DELETE", f"{self.path}/{row}")
        assert reply.status < 300, reply


class Calendars(Listed):
    def add(self, chance):
        return self.api.calendar(f"n{chance.random()}")["id"]


class Keys(Listed):
    """A key that was revoked is listed for 90 days: it goes as the clock would have it."""
    names = {}

    def add(self, chance):
        made = self.api("POST", "/v1/api_keys", {"name": f"k{chance.random()}", "kind": "secret"})
        assert made.status == 201, made
        self.names[made.json["id"]] = made.json["name"]
        return made.json["id"]

    def remove(self, row):
        self.api.world.sql(f"DELETE FROM api_key WHERE name = '{self.names[row]}'")


class Events(Listed):
    def add(self, chance, **more):
        start = f"2027-03-{chance.randint(1, 28):02}T{chance.randint(0, 4):02}:00"
        return self.api.event(calendar_id=self.query["calendar_id"], start_time=start + ":00Z", end_time=start + ":30Z", **more)["id"]

    def remove(self, row):
        reply = self.api("DELETE", f"/v1/events/{row}?mode=delete")
        assert reply.status in (200, 204), reply


class Audit(Listed):
    """Of one kind, which nothing else here writes. A row goes as the oldest do, but from anywhere."""

    def ids(self, page):
        return [row["sequence"] for row in page["data"]]

    def add(self, chance):
        by = "ARRAY['server', '', '', '', '', '']"
        [[number]] = self.api.world.sql(f"SELECT audit_add(account_id, 'account.reactivated', NULL, {by}, NULL) FROM account "
                                        "WHERE email = 'pages@example.org' AND livemode")
        return int(number)

    def remove(self, row):
        self.api.world.sql("BEGIN; SET LOCAL calends.audit_trim = 'on'; DELETE FROM audit WHERE kind = 'account.reactivated' "
                           f"AND seq = {row}; COMMIT")


class Apps(Listed):
    def add(self, chance):
        made = self.api("POST", "/v1/oauth_apps", {"name": "x", "type": "public", "redirect_uris": ["https://app.example/cb"]})
        assert made.status == 201, made
        return made.json["id"]

    def remove(self, row):
        """It would count for 90 days."""
        super().remove(row)
        self.api.world.sql("UPDATE oauth_client SET deleted_at = deleted_at - interval '91 days' WHERE deleted_at IS NOT NULL")


class Connections(Listed):
    """The same rows as the user sees them and as the platform does: somebody is both here."""

    def add(self, chance):
        world, mine = self.api.world, "(SELECT account_id FROM account WHERE email = 'pages@example.org' AND livemode)"
        world.sql(f"""WITH app AS (INSERT INTO oauth_client (id, owner_id, kind, name, scopes, grants, deleted_at)
                        VALUES (uuid_v7(), {mine}, 1, 'x', 1, 1, now() - interval '91 days') RETURNING id),
                      made AS (INSERT INTO connected_account (account_id, id, client_id, scopes) SELECT {mine}, uuid_v7(), id, 1 FROM app
                        RETURNING account_id, id, client_id)
                      INSERT INTO client_connection SELECT account_id, id, client_id, account_id FROM made""")
        return self.page(limit=1)["data"][0]["id"]

    def remove(self, row):
        super().remove(row)
        self.api.world.sql("DELETE FROM client_connection l USING connected_account c WHERE c.id = l.connected_account_id AND c.revoked_at IS NOT NULL")


MINE = "(SELECT account_id FROM account WHERE email = 'pages@example.org' AND livemode)"


class Rows(Listed):
    """Of webhooks: what only jobs make, or at most a few of. An endpoint that is disabled is told nothing meanwhile."""
    table, columns, values = None, None, None

    def add(self, chance):
        self.api.world.sql(f"INSERT INTO {self.table} (account_id, {self.columns}) VALUES ({MINE}, {self.values})")
        return self.page(limit=1)["data"][0]["id"]

    def remove(self, row):
        place = [i for page in self.forward(100) for i in self.ids(page)].index(row)
        self.api.world.sql(f"DELETE FROM {self.table} WHERE (account_id, id) = (SELECT account_id, id FROM {self.table} WHERE account_id = {MINE} "
                           f"ORDER BY id DESC OFFSET {place} LIMIT 1)")


class Endpoints(Rows):
    table, columns = "webhook_endpoint", "id, connect, scopes, url, events, disabled_at, secret"
    values = "uuid_v7(), false, 1, 'https://hooks.example/x', '{*}', now(), ''"


class HookEvents(Rows):
    table, columns = "webhook_event", "type, sequence, needs, created_at, body"
    values = "'ping', 1, 0, now(), convert_to('{\"type\":\"ping\"}', 'UTF8')"


class BookingPages(Rows):
    table = "booking_page"
    columns = ("id, slug, title, tz, durations, hours, exceptions, buffer_before, buffer_after, notice, step, horizon, per_day, calendar_id, active")
    values = "uuid_v7(), gen_random_uuid(), 'x', 'UTC', '{30}', '{}', '{}', 0, 0, 0, 30, 60, 0, gen_random_uuid(), true"


class Bookings(Rows):
    """Of events that are gone."""
    table, columns = "booking", "id, page_id, calendar_id, event_id, start_at, end_at, tz, name, email, questions, answers"
    values = ("uuid_v7(), '00000000-0000-0000-0000-000000000001', gen_random_uuid(), gen_random_uuid(), now(), now(), 'UTC', 'x', 'x', "
              "'{}', '{}'")


LONG_AGO = (datetime.date.today() - datetime.timedelta(days=60)).isoformat()  # housekeeping leaves it


class Usage(Listed):
    """Of a day on which nobody called: a route comes, and goes as old days do."""

    def ids(self, page):
        return [row[self.name] for row in page["data"]]

    def __init__(self, api, path, name, **query):
        self.name = name
        api.world.sql(f"DELETE FROM usage_day WHERE day <= '{LONG_AGO}'")
        super().__init__(api, path, group_by=name, to=LONG_AGO, **query)

    def add(self, chance):
        route = f"GET /{chance.random()}" if self.name == "route" else "webhook"
        self.api.world.sql(f"INSERT INTO usage_day VALUES ({MINE}, '{LONG_AGO}', gen_random_uuid(), gen_random_uuid(), '{route}', 1, 0, 0, "
                           "array_fill(0::bigint, ARRAY[16])) ON CONFLICT DO NOTHING")
        return route

    def remove(self, row):
        place = self.all().index(row)
        self.api.world.sql(f"""DELETE FROM usage_day WHERE (route, credential_id) = (SELECT route, credential_id FROM usage_day WHERE account_id = {MINE}
                               AND day <= '{LONG_AGO}' ORDER BY {"route" if self.name == "route" else "credential_id"} OFFSET {place} LIMIT 1)""")


class Deliveries(Rows):
    table, columns = "webhook_delivery", "endpoint_id, event_id, state, next_attempt_at"

    def __init__(self, api):
        api.world.sql(f"{QUEUES_FIRST} DELETE FROM webhook_delivery; DELETE FROM webhook_endpoint")
        Endpoints(api, "/v1/webhook_endpoints").add(None)
        endpoint = api("GET", "/v1/webhook_endpoints").json["data"][0]["id"]
        self.values = f"(SELECT id FROM webhook_endpoint WHERE account_id = {MINE} ORDER BY id LIMIT 1), uuid_v7(), 3, NULL"
        super().__init__(api, f"/v1/webhook_endpoints/{endpoint}/deliveries")


class Instances(Events):
    """A third are series, of which one instance goes."""

    def add(self, chance):
        if chance.random() < 0.7:
            return super().add(chance)
        return super().add(chance, recurrence={"rule": f"FREQ=DAILY;COUNT={chance.randint(2, 5)}"})


class Starts(Events):
    def add(self, chance):
        return super().add(chance, **({"recurrence": {"rule": "FREQ=WEEKLY"}} if chance.random() < 0.3 else {}))

    def remove(self, row):
        reply = self.api("DELETE", f"/v1/events/{row}?mode=delete")
        assert reply.status in (200, 204), reply
