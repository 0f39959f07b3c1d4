# SPDX-License-Identifier: Apache-2.0
"""Whatever HTTP itself refuses is told in the words of the surface that was asked: field paper §2.4, "One error object, three bodies"."""
import json
import socket

import pytest

HOSTED = "/api/v1/hosted-calendars"
JSON = "Content-Type: application/json\r\n"


@pytest.fixture(scope="module")
def key(world):
    return world.account("ann@example.org").key


def raw(world, text):
    """Status, headers and body of the only answer."""
    host, port = world.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), 20) as s:
        s.sendall(text.encode("latin1"))
        got = b""
        while part := s.recv(65536):
            got += part
    head, _, body = got.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    return int(lines[0].split(" ")[1]), lines[0].split(" ", 2)[2], body, dict(line.split(": ", 1) for line in lines[1:])


# name: (status, request line, headers, body); what stands for {path} is a path of the surface
REFUSALS = {
    "a method that is not here": (405, "PROPFIND {path}", "", ""),
    "a path that leads nowhere": (404, "GET {path}/nothing/at/all", "", ""),
    "a slash at the end": (404, "GET {path}/", "", ""),
    "dot segments": (400, "GET {path}/../x", "", ""),
    "an escape that is none": (400, "GET {path}/%zz", "", ""),
    "a NUL": (400, "GET {path}/%00", "", ""),
    "an unknown parameter": (400, "GET {path}?x=1", "", ""),
    "a method of nobody": (501, "FROB {path}", "", ""),
    "TRACE": (501, "TRACE {path}", "", ""),
    "another version": (505, "GET {path} HTTP/2.0", "", ""),
    "a target without end": (414, "GET {path}?" + "a" * 21000, "", ""),
    "too many headers": (431, "GET {path}", "".join(f"X-{n}: 1\r\n" for n in range(100)), ""),
    "a head without end": (431, "GET {path}", "X: " + "a" * 40000 + "\r\n", ""),
    "a folded line": (400, "GET {path}", "X: a\r\n b\r\n", ""),
    "a name that is none": (400, "GET {path}", "X y: a\r\n", ""),
    "two credentials": (400, "GET {path}", "Authorization: Bearer x\r\n", ""),
    "two hosts": (400, "GET {path}", "Host: y\r\n", ""),
    "two lengths": (400, "POST {path}", JSON + "Content-Length: 1\r\nContent-Length: 2\r\n", ""),
    "an unknown transfer coding": (400, "POST {path}", JSON + "Transfer-Encoding: gzip\r\n", ""),
    "an unknown expectation": (417, "POST {path}", JSON + "Expect: x\r\nContent-Length: 0\r\n", ""),
    "a body too large": (413, "POST {path}", JSON + "Content-Length: 900000\r\n", ""),
    "another media type": (415, "POST {path}", "Content-Type: text/plain\r\nContent-Length: 2\r\n", "{}"),
    "a content coding": (415, "POST {path}", JSON + "Content-Encoding: gzip\r\nContent-Length: 2\r\n", "{}"),
    "no JSON": (400, "POST {path}", JSON + "Content-Length: 2\r\n", "{]"),
    "no UTF-8": (400, "POST {path}", JSON + "Content-Length: 12\r\n", '{"name":"\xff"}'),
    "a field twice": (400, "POST {path}", JSON + "Content-Length: 23\r\n", '{"name":"x","name":"y"}'),
    "no body": (400, "POST {path}", JSON, ""),
    "another's page": (403, "OPTIONS {path}", "Origin: https://no.example\r\nAccess-Control-Request-Method: GET\r\n", ""),
}


def sent(path, line, headers, body, key):
    line = line.format(path=path)
    return f"{line if ' HTTP/' in line else line + ' HTTP/1.1'}\r\nHost: x\r\nAuthorization: Bearer {key}\r\nConnection: close\r\n{headers}\r\n{body}"


@pytest.mark.parametrize("name", REFUSALS)
def test_api_v1_says_it_flat(world, key, name):
    """§2.4, `/api/v1/*` body: `error` is what the status is called; a `message`; nothing but `details` besides."""
    status, line, headers, body = REFUSALS[name]
    got, phrase, answer, lines = raw(world, sent(HOSTED, line, headers, body, key))
    told = json.loads(answer)
    assert got == status and told["error"] == phrase and told["message"] and set(told) <= {"error", "message", "details"}, answer
    assert lines["Content-Type"] == "application/json" and lines["Request-Id"].startswith("req_")


@pytest.mark.parametrize("name", REFUSALS)
def test_v1_says_it_in_its_object(world, key, name):
    """The same on /v1: one error object, another body."""
    status, line, headers, body = REFUSALS[name]
    got, _, answer, lines = raw(world, sent("/v1/calendars", line, headers, body, key))
    told = json.loads(answer)["error"]
    assert got == status and told["type"] and told["code"] and told["message"] and told["request_id"] == lines["Request-Id"], answer


@pytest.mark.parametrize("name", [n for n, (_, line, *_) in REFUSALS.items() if REFUSALS[n][0] in (400, 414, 417, 431, 501, 505)
                                  and line.startswith(("FROB", "TRACE", "GET {path} ", "GET {path}?a", "GET {path}/%")) or "head" in n])
def test_oauth_says_it_as_rfc_6749_does(world, key, name):  # RFC 6749 §5.2
    status, line, headers, body = REFUSALS[name]
    got, _, answer, _ = raw(world, sent("/oauth/token", line, headers, body, key))
    assert got == status and json.loads(answer)["error"] == "invalid_request" and json.loads(answer)["error_description"], answer


def test_what_names_no_path_is_told_in_the_apis_object(world):
    got, _, answer, _ = raw(world, "GARBAGE\r\n\r\n")
    assert got == 400 and json.loads(answer)["error"]["code"] == "malformed_request"
