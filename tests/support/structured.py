# SPDX-License-Identifier: Apache-2.0
"""Structured fields (RFC 9651), as strictly as §4.2 parses them: Lists of Items that are Strings, Integers or Booleans.

    parse_list('"default";q=100;w=60')      [("default", {"q": 100, "w": 60})]
    check_limits(reply)                     RateLimit-* and X-RateLimit-* say the same; the policy's name
"""
import re
import time

STRING = re.compile(r'"((?:[ !#-\[\]-~]|\\["\\])*)"')
INTEGER = re.compile(r"-?[0-9]{1,15}(?![0-9.])")
BOOLEAN = re.compile(r"\?([01])")
KEY = re.compile(r"[a-z*][a-z0-9_\-.*]*")


def _bare_item(text, at):
    for pattern, value in ((STRING, lambda m: re.sub(r"\\(.)", r"\1", m[1])), (INTEGER, lambda m: int(m[0])),
                           (BOOLEAN, lambda m: m[1] == "1")):
        if found := pattern.match(text, at):
            return value(found), found.end()
    raise ValueError(f"no item at {at} of {text!r}")


def _parameters(text, at):
    out = {}
    while text[at:at + 1] == ";":
        at += 1 + len(text[at + 1:]) - len(text[at + 1:].lstrip(" "))
        key = KEY.match(text, at)
        if not key:
            raise ValueError(f"no key at {at} of {text!r}")
        value, at = True, key.end()
        if text[at:at + 1] == "=":
            value, at = _bare_item(text, at + 1)
        out[key[0]] = value
    return out, at


def parse_list(text):
    text, out, at = text.strip(" "), [], 0
    while at < len(text):
        item, at = _bare_item(text, at)
        parameters, at = _parameters(text, at)
        out.append((item, parameters))
        if at == len(text):
            return out
        comma = re.compile(r"[ \t]*,[ \t]*").match(text, at)
        if not comma or comma.end() == len(text):
            raise ValueError(f"no other item at {at} of {text!r}")
        at = comma.end()
    return out


def check_limits(reply):
    """draft-ietf-httpapi-ratelimit-headers-10: q and w of the policy; r left now, another in t seconds."""
    headers = reply.headers
    [(name, policy)], [(same, now)] = parse_list(headers["RateLimit-Policy"]), parse_list(headers["RateLimit"])
    assert name == same and set(policy) == {"q", "w"} and set(now) == {"r", "t"}, headers.pairs
    assert policy["q"] == int(headers["X-RateLimit-Limit"]) and now["r"] == int(headers["X-RateLimit-Remaining"])
    assert 0 <= now["r"] < policy["q"] and 1 <= now["t"] <= policy["w"]
    assert int(headers["X-RateLimit-Reset"]) <= time.time() + policy["w"] + 1
    if reply.status == 429:
        assert now["r"] == 0 and now["t"] == int(headers["Retry-After"])
    return name
