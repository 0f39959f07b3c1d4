# SPDX-License-Identifier: Apache-2.0
"""Where webhooks may not go, as a server is that calls the public internet alone."""
import pytest

from hooks import ENDPOINTS, NOWHERE, deliveries, delivery, endpoint, key, no_endpoints, receiver, send  # noqa: F401

SECONDS = 25
SERVE = ["--rate-limit", "100000"]


URLS = [("http://hooks.example.com/", "https"), ("https://127.0.0.1/", "loopback"), ("https://localhost/", "public internet"),
    ("https://user:pass@hooks.example.com/", "user name"), ("https://hooks.example.com:25/", "Port 25"),
    ("https://hooks.example.com/#x", "fragment"), ("https://169.254.169.254/latest", "link-local"), ("https://[::ffff:10.0.0.1]/", "IPv4-mapped"),
    ("https://[64:ff9b::a00:1]/", "NAT64"), ("ftp://hooks.example.com/", "https"), ("https://h o.example.com/", "ASCII"),
    ("https://hooks.example.com/" + "a" * 2048, ""), ("https://0x7f.1/", "loopback")]


@pytest.mark.parametrize("url,told", URLS)
def test_urls_that_are_not_called_are_refused_where_they_are_named(world, key, url, told):
    """K19, and §3.7: 400 url_not_allowed."""
    made = endpoint(world, key, NOWHERE)
    for method, path, fields in (("POST", ENDPOINTS, {"url": url, "events": ["*"]}), ("PATCH", f"{ENDPOINTS}/{made['id']}", {"url": url}),
            ("POST", f"{ENDPOINTS}/{made['id']}/deliveries/{deliveries(world, key, made)[0]['id']}/replay", {"url": url})):
        reply = send(world, method, path, fields, key, 400)
        error = reply.json["error"]
        assert error["code"] in ("url_not_allowed", "invalid_value") and error["param"] == "url" and told in error["message"], error
    assert len(world.get(ENDPOINTS, key=key).json["data"]) == 1


def test_an_address_is_judged_again_when_it_is_called(world, key, receiver):
    """K19: Whatever was let in when it was named: here by a server that is less strict."""
    made = endpoint(world, key, NOWHERE)
    world.sql(f"UPDATE webhook_endpoint SET url = '{receiver.url.replace('http:', 'https:')}'")
    test = send(world, "POST", f"{ENDPOINTS}/{made['id']}/test", None, key, 201).json
    assert world.wait_for(lambda: delivery(world, key, made, test["id"])["error"] == "address_refused")
    world.sql(f"UPDATE webhook_endpoint SET url = '{receiver.url}'")
    test = send(world, "POST", f"{ENDPOINTS}/{made['id']}/test", None, key, 201).json
    assert world.wait_for(lambda: delivery(world, key, made, test["id"])["error"] == "url_not_allowed")
    assert receiver.got == []
