# SPDX-License-Identifier: Apache-2.0
"""Names that people give to calendars, keys and accounts."""
import json

import pytest


@pytest.fixture(scope="module")
def rest(world):
    key = world.account("ann@example.org").key
    return lambda method, target, body=None: world.request(
        method, target, json.dumps(body) if body else None, {"Content-Type": "application/json"}, key)


@pytest.mark.parametrize("name", ["👩‍💻", "می‌خواهم", "நண்பர்கள்", "क्‍ष"])
def test_joiners_that_are_seen_are_parts_of_names(rest, name):
    """Names of calendars and keys."""
    made = rest("POST", "/v1/calendars", {"name": name})
    assert made.status == 201 and made.json["name"] == name, made
    assert rest("DELETE", f"/v1/calendars/{made.json['id']}").status == 200


@pytest.mark.parametrize("name", ["a\u202eb", "a\u200bb", "ab\u200d", "\u200cab", "a\u200db", "pay\u200cpal", "a\u2066b", "\u200d"])
def test_what_hides_or_reorders_is_no_part_of_a_name(rest, name):
    """A joiner between letters that do not join is not seen."""
    assert rest("POST", "/v1/calendars", {"name": name}).status == 400
