# SPDX-License-Identifier: Apache-2.0
"""REST with one key: api("GET", "/v1/profile"), and an event or calendar to begin with."""
import json

JSON = {"Content-Type": "application/json"}
VALID = {"title": "x", "start_time": "2026-11-24T09:00:00Z", "end_time": "2026-11-24T10:00:00Z"}


class Api:
    def __init__(self, world, key):
        self.world, self.key = world, key

    def __call__(self, method, target, body=None, headers=None):
        octets = None if body is None else body if isinstance(body, (bytes, str)) else json.dumps(body)
        return self.world.request(method, target, octets, {**(JSON if octets is not None else {}), **(headers or {})}, self.key)

    def event(self, **fields):
        made = self("POST", "/v1/events", {"title": "Standup", "start_time": "2026-11-24T09:00:00+01:00",
            "end_time": "2026-11-24T09:30:00+01:00", "timezone": "Europe/Berlin", **fields})
        assert made.status == 201, made
        return made.json

    def calendar(self, name="Work"):
        made = self("POST", "/v1/calendars", {"name": name})
        assert made.status == 201, made
        return made.json


def assert_error(reply, status, code, param=None, type_="invalid_request_error"):
    assert reply.status == status, reply
    error = reply.json["error"]
    assert error["type"] == type_ and error["code"] == code, error
    assert error["message"] and error["request_id"] == reply.request_id and error["doc_url"]
    if param:
        assert error["param"] == param, error
    return error


def titles(reply):
    assert reply.status == 200, reply
    return [e["title"] for e in reply.json["data"]]
