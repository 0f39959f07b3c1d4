# SPDX-License-Identifier: Apache-2.0
"""The API reference at /docs/reference: a page for each operation of the OpenAPI document, which says no less than it, and whose
examples are calls that the server takes, in a shell, in Node and in Python."""
import html
import json
import os
import re
import shutil
import subprocess
import urllib.parse

import pytest

from openapi import Document
from world import BIN

SERVE = ["--brand", "Acme Calendar", "--voice-backend", "wss://voice.example.com/realtime", "--rate-limit", "1000",
         "--smtp-url", "smtp://127.0.0.1:1", "--mail-from", "calendar@example.org"]
DOCUMENT = Document.load(BIN)
OPERATIONS = DOCUMENT.operations()
LANGUAGES = ["sh", "js", "python"]


def page_of(world, name):
    reply = world.get(f"/docs/reference/{name}")
    assert reply.status == 200, (name, reply.status)
    return reply


def text_of(page):
    return html.unescape(re.sub(r"<[^>]+>", "", page))


def ids(page):
    return re.findall(r' id="([^"]+)"', page)


def groups(world):
    return re.findall(r'<h2 id="([^"]+)"><a href="/docs/reference/\1">', world.get("/docs/reference").text)


def example(page, language):
    found = re.search(rf'<h2 id="example">.*?<code class="language-{language}">(.*?)</code>', page, re.S)
    return found and html.unescape(found[1])


def test_the_beginning_leads_to_every_operation_once(world):
    page = world.get("/docs/reference").text
    told = re.findall(r'<li><a href="/docs/reference/(\w+)">[^<]*</a> <code><b>(\w+)</b> ([^<]+)</code>', page)
    assert sorted(told) == sorted((o["operationId"], method.upper(), path) for method, path, o in OPERATIONS)


@pytest.mark.parametrize("method,path,operation", OPERATIONS, ids=[o["operationId"] for _, _, o in OPERATIONS])
def test_a_page_says_what_the_document_says(world, method, path, operation):
    reply = page_of(world, operation["operationId"])
    page, text = reply.text, text_of(reply.text)
    assert reply.headers["Cache-Control"].startswith("public, max-age=") and reply.headers["ETag"].startswith('W/"')
    assert "Set-Cookie" not in reply.headers and 'name="csrf"' not in page
    assert page.count("<h1") == 1 and len(ids(page)) == len(set(ids(page))) and len(page) < 100_000 and "{{" not in page
    assert f'<b>{method.upper()}</b> <code>{path}</code>' in page
    for parameter in operation["parameters"]:
        assert f"<code>{parameter['name']}</code>" in page, parameter
    if "requestBody" in operation:
        assert 'id="body"' in page
        for kind, content in operation["requestBody"]["content"].items():
            for name in DOCUMENT.resolve(content["schema"]).get("properties", {}) if kind == "application/json" else ():
                assert f"<code>{name}</code>" in page, name
    for status, answer in operation["responses"].items():
        answer = DOCUMENT.resolve(answer)
        assert status in text, status
        for code in re.findall(r"`(\w+)`: ", answer.get("description", "")):
            assert f'<a href="/docs/errors/{code}"' in page, code
        example_of = answer.get("content", {}).get("application/json", {}).get("example")
        if status < "300" and example_of is not None:
            shown = re.findall(r'<code class="language-json">(.*?)</code>', page, re.S)
            assert json.loads(html.unescape(shown[-1])) == example_of
    for scheme in operation["security"]:
        for scope in scheme.get("oauth", ()):
            assert f'<a href="/docs/scopes"><code>{scope}</code></a>' in page
    assert ("<code>cat_…</code>" in page) == any("oauth" in scheme for scheme in operation["security"])


def test_groups_show_their_operations_and_objects(world):
    for name in groups(world):
        page = page_of(world, name).text
        assert 'class="docs-operations"' in page and f'<a href="/docs/reference/{name}" aria-current="true">' in page
        assert len(ids(page)) == len(set(ids(page))) and len(page) < 100_000
    event = page_of(world, "events").text
    assert 'id="object-event"' in event and "<code>start_time</code>" in event


def test_no_link_of_the_reference_leads_nowhere(world):
    seen, wrong = {}, []
    for target in ["/docs/reference", *(f"/docs/reference/{name}" for name in groups(world)), *(f"/docs/reference/{o['operationId']}" for _, _, o in OPERATIONS)]:
        for href in map(html.unescape, re.findall(r'<a\b[^>]* href="([^"]+)"', world.get(target).text)):
            link = urllib.parse.urlsplit(urllib.parse.urljoin(target, href))
            if link.path not in seen:
                seen[link.path] = world.get(link.path)
            there = seen[link.path]
            if there.status not in (200, 303) or link.fragment and link.fragment not in ids(there.text):
                wrong.append((target, href, there.status))
    assert wrong == []


@pytest.mark.parametrize("name", ["nothing", "Events", "getevent", "%00", "events%2FgetEvent", "x" * 2000])
def test_what_is_no_operation_is_404(world, name):
    assert world.get(f"/docs/reference/{name}").status in (400, 404)


@pytest.mark.parametrize("query,first", [
    ("createEvent", "createEvent"), ("create event", "createEvent"), ("rotate", "rotateApiKey"), ("find slots", "findSlots"),
    ("notify_attendees", "notifyAttendees"), ("PATCH calendars", None), ("webhook deliveries replay", "replayWebhookDelivery"), ("zzzzz", None)])
def test_a_search_finds_operations(world, query, first):
    page = world.get("/docs/search?" + urllib.parse.urlencode({"q": query})).text
    told = re.findall(r'<li><a href="/docs/reference/(\w+)">', page)
    assert len(told) <= 5 and (told[:1] == [first] if first else True)
    assert ("In the API reference" in page) == bool(told)


# ---- examples ----

# What an example cannot know: ids of what is there, and which times are free. Anything else that is refused is its own fault.
NOT_THERE = {"resource_missing", "slot_unavailable"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("examples")


@pytest.fixture(scope="module")
def key(world):
    return world.key(world.account("reader@example.org"), kind="secret", mode="test")


@pytest.fixture(scope="module")
def examples(world, key):
    """Pages whose examples name the reader, and a calendar of theirs."""
    mine = {"usr": world.get("/v1/profile", key=key).json["id"], "cal": world.get("/v1/calendars", key=key).json["data"][0]["id"]}
    return {o["operationId"]: re.sub(r"\b(usr|cal)_0355WHuCFfRpMfB53mC9Z6", lambda m: mine[m[1]], page_of(world, o["operationId"]).text)
            for _, _, o in OPERATIONS if o["operationId"] != "deleteCalendar"}


@pytest.fixture(scope="module")
def env(folder, key, examples):
    file = re.search(r'<code class="language-text">(.*?)</code>', examples["importCalendar"], re.S)[1]
    (folder / "calendar.ics").write_bytes(html.unescape(file).replace("\r\n", "\n").replace("\n", "\r\n").encode())
    return {"TEST_KEY": str(key), "PATH": os.environ["PATH"], "HOME": str(folder), "NO_PROXY": "*"}


def refused(output):
    """The codes of errors in what a program printed; of flat errors their names."""
    return re.findall(r'"code": ?"(\w+)"', output) or re.findall(r'"error": ?"([\w ]+)"', output)


def judge(done):
    """Each is done, or refused for what it could not know."""
    assert {name: output for name, output in done.items() if not set(refused(output)) <= NOT_THERE | {"Not Found"}} == {}
    assert sum(not refused(output) for output in done.values()) > 25


def outputs(text):
    parts = re.split(r"^== (\w+)$", text, flags=re.M)
    return dict(zip(parts[1::2], parts[2::2]))


def test_examples_in_a_shell(world, folder, env, examples):
    script = "".join(f"echo; echo == {name}\n{example(page, 'sh').replace('curl ', 'curl -sS --max-time 120 ', 1)} || echo failed $?\n"
                     for name, page in examples.items() if name != "streamEvents")
    done = subprocess.run(["bash", "-c", script], env=env, cwd=folder, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0 and done.stderr == "" and not re.search("^failed", done.stdout, re.M), done
    judge(outputs(done.stdout))


def test_examples_in_node(folder, env, examples):
    for name, page in examples.items():
        if program := example(page, "js"):
            (folder / f"{name}.mjs").write_text(program)
    names = sorted(p.stem for p in folder.glob("*.mjs"))
    assert len(names) == len(OPERATIONS) - 2
    (folder / "all.mjs").write_text(f"""
for (const name of {json.dumps(names)}) {{
	console.log(`\\n== ${{name}}`)
	try {{ await import(`./${{name}}.mjs`) }} catch (error) {{ console.log(error.message.startsWith('{{') ? error.message : `failed ${{error.stack}}`) }}
}}
""")
    done = subprocess.run([shutil.which("node"), "all.mjs"], env=env, cwd=folder, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0 and not re.search("^failed", done.stdout, re.M), done
    judge(outputs(done.stdout))


def test_examples_in_python(folder, env, examples):
    programs = {name: program for name, page in examples.items() if (program := example(page, "python"))}
    (folder / "programs.json").write_text(json.dumps(programs))
    (folder / "all.py").write_text("""
import json, traceback
for name, program in json.load(open("programs.json")).items():
    print(f"\\n== {name}")
    try:
        exec(compile(program, name, "exec"), {})
    except SystemExit as error:
        print(error)
    except Exception:
        print("failed", traceback.format_exc())
""")
    done = subprocess.run(["/usr/bin/python3", "all.py"], env=env, cwd=folder, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0 and not re.search("^failed", done.stdout, re.M), done
    judge(outputs(done.stdout))
