# SPDX-License-Identifier: Apache-2.0
"""The examples of the documentation do what it says: each block in sh, js or python of the pages of docs/site/contents is run
as it stands, in the order of its page, against a real server.

https://calends.example is the server under test; sk_test_…, evt_… and their like are what the page's own calls were answered last.
Where an example prints an address of the authorization page, a user signs in there and allows. One that defines verify() is given
a delivery, and one that was altered. A block that cannot be run says so: ```sh not-run="why".
"""
import os
import pathlib
import queue
import re
import shutil
import subprocess
import threading
import urllib.error
import urllib.parse
import urllib.request

import pytest

import hooks
from oauth_flow import Browser, Form
from ports import free_port
from receiver import Receiver
from world import ROOT

SERVE = ["--allow-private-hooks", "--voice-backend", "wss://voice.example.com/realtime", "--smtp-url", "smtp://127.0.0.1:1",
         "--mail-from", "calendar@example.org"]
SITE = pathlib.Path(ROOT, "docs/site")
LANGUAGES = ("sh", "js", "python")
PRELUDE = 'set -euo pipefail\ncurl() { command curl -sS --fail-with-body --max-time 120 "$@"; echo; }\n'


class Block:
    def __init__(self, page, line, language, info, text):
        self.page, self.line, self.language, self.text = page, line, language, text
        reason = re.fullmatch(r'not-run="([^"]+)"', info.strip())
        assert reason or not info.strip(), f"{page}:{line}: {info}"
        self.not_run = reason and reason.group(1)

    def __repr__(self):
        return f"{self.page.name}:{self.line}"


def blocks_of(page):
    fences = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```$", re.M | re.S)
    text = page.read_text()
    return [Block(page, text.count("\n", 0, f.start()) + 1, f[1], f[2], f[3]) for f in fences.finditer(text) if f[1] in LANGUAGES]


def pages():
    """The Markdown of all pages, in the order of the table of contents."""
    lines = (SITE / "contents").read_text().splitlines()
    return [(SITE / line.split()[1]).resolve() for line in lines if line.startswith("\t")]


PAGES = [page for page in pages() if blocks_of(page)]


class Reader:
    """Somebody who does what a page says, in a folder of their own."""

    def __init__(self, world, account, folder):
        self.world, self.account, self.folder = world, account, folder
        self.seen, self.browser, self.port = {}, None, free_port()
        keys = {"TEST_KEY": ("secret", "test"), "SECRET_KEY": ("secret", "live"), "ACCOUNT_KEY": ("account", "live")}
        self.env = {name: str(world.key(account, kind=kind, mode=mode)) for name, (kind, mode) in keys.items()}
        self.env |= {"EMAIL": account.email, "PATH": os.environ["PATH"], "HOME": str(folder), "NO_PROXY": "*"}
        self.env |= {name: os.environ[name] for name in ("LD_PRELOAD", "CALENDS_AT_S") if name in os.environ}  # tests/at
        self.seen["sk_test"], self.seen["cp"] = self.env["TEST_KEY"], self.env["ACCOUNT_KEY"]

    def with_values(self, text):
        text = text.replace("https://calends.example", self.world.url).replace("127.0.0.1:8090", f"127.0.0.1:{self.port}")
        text = re.sub(r"\b8090\b", str(self.port), text)
        return re.sub(r"\b([a-z]+(?:_test|_live)?)_…", lambda m: self.seen.get(m[1], m[0]), text)

    def note(self, output):
        """Ids and tokens that were answered: of each kind the first one of an answer."""
        found = {}
        for kind, rest in re.findall(r"\b([a-z]{3})_([0-9A-Za-z]{16,})", output):
            found.setdefault(kind, f"{kind}_{rest}")
        self.seen.update(found)

    def run(self, block):
        text = self.with_values(block.text)
        assert "…" not in text, f"{block}: nothing was answered that this stands for\n{text}"
        getattr(self, block.language)(block, text)

    # ---- languages ----

    def sh(self, block, text):
        state = self.folder / "state"
        script = f"{PRELUDE}set -a\n{text}\nset +a\nenv -0 > {state}\n"
        output = self.start(block, ["bash", "-c", script])
        self.env = dict(entry.split("=", 1) for entry in state.read_text().split("\0") if "=" in entry and not entry.startswith("BASH_FUNC"))
        self.note(output)

    def js(self, block, text):
        if "export function verify(" in text:
            return self.verifies(block, text, "mjs", "node", """
import { readFileSync } from 'node:fs'
verify(process.env.WEBHOOK_SECRET, process.env.CALENDS_SIGNATURE, readFileSync(process.env.BODY))
""")
        return self.program(block, text, "mjs", shutil.which("node"))

    def python(self, block, text):
        if "def verify(" in text:
            return self.verifies(block, text, "py", "/usr/bin/python3", """
import os
verify(os.environ["WEBHOOK_SECRET"], {"webhook-id": os.environ["ID"], "webhook-timestamp": os.environ["STAMP"],
    "webhook-signature": os.environ["SIGNATURE"]}, open(os.environ["BODY"], "rb").read())
""")
        return self.program(block, text, "py", "/usr/bin/python3")

    def program(self, block, text, ending, interpreter):
        path = self.folder / f"example.{ending}"
        path.write_text(text)
        self.note(self.start(block, [interpreter, str(path)]))

    def start(self, block, command):
        """Run it to its end, and be the user wherever it asks for one; what it printed."""
        done = subprocess.Popen(command, env=self.env, cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        lines = queue.Queue()
        threading.Thread(target=lambda: [*map(lines.put, done.stdout), lines.put(None)], daemon=True).start()
        output = ""
        try:
            while (line := lines.get(timeout=300)) is not None:
                output += line
                if asked := re.search(r"https?://\S+/oauth/authorize\?\S+", line):
                    self.allow(asked[0], block)
            assert done.wait(60) == 0, f"{block}:\n{output}"
        finally:
            done.kill()
            done.wait()
        return output

    # ---- the user in the browser ----

    def allow(self, url, block):
        self.browser = self.browser or Browser(self.world)
        target = url.removeprefix(self.world.url)
        reply = self.browser.get(target)
        if "/sign-in" in reply.location:
            reply = self.browser.get(self.browser.sign_in(self.account, reply.location).location)
        page = self.browser.get(reply.location) if reply.status == 303 else reply
        there = self.browser.post("/consent", Form(page.text, "/consent").with_(decision="allow")).location
        assert there.startswith(f"http://127.0.0.1:{self.port}/callback?"), (block, there)
        if block.language == "sh":  # by hand: the code is copied out of the address
            self.seen["cac"] = urllib.parse.parse_qs(urllib.parse.urlsplit(there).query)["code"][0]
        else:
            assert self.world.wait_for(lambda: self.answers(there)) == 200

    @staticmethod
    def answers(there):
        """Programs say where the user is to go before they listen, which a person gives them the time for."""
        try:
            with urllib.request.urlopen(there, timeout=60) as heard:
                return heard.status
        except urllib.error.URLError as e:
            assert isinstance(e.reason, ConnectionRefusedError), e
            return None

    # ---- deliveries ----

    def delivery(self):
        """A real one, as the example gets it."""
        with Receiver() as receiver:
            endpoint = hooks.endpoint(self.world, self.env["SECRET_KEY"], receiver.url)
            hooks.ended(self.world, self.env["SECRET_KEY"], endpoint, "ping")
            got = receiver.of("ping")[0]
        (self.folder / "body.json").write_bytes(got.body)
        self.env |= {"WEBHOOK_SECRET": endpoint["secret"], "CALENDS_SIGNATURE": got.headers["calends-signature"], "BODY": "body.json",
            "ID": got.headers["webhook-id"], "STAMP": got.headers["webhook-timestamp"], "SIGNATURE": got.headers["webhook-signature"]}

    def verifies(self, block, text, ending, interpreter, call):
        """It takes what was sent, and nothing else."""
        self.delivery()
        path, body = self.folder / f"verify.{ending}", self.folder / "body.json"
        path.write_text(text + call)
        self.start(block, [interpreter, str(path)])
        body.write_bytes(body.read_bytes().replace(b"ping", b"pong"))
        altered = subprocess.run([interpreter, str(path)], env=self.env, cwd=self.folder, capture_output=True, text=True)
        assert altered.returncode != 0 and "not signed with this secret" in altered.stderr, f"{block}: an altered body is taken\n{altered}"
        self.delivery()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_example_of_a_page_works(world, tmp_path, page):
    account = world.account(f"{page.stem.lower()}@reader.example")
    reader = Reader(world, account, tmp_path)
    for block in blocks_of(page):
        if not block.not_run:
            reader.run(block)


def test_an_example_that_fails_is_told(world, tmp_path):
    """The test above can fail: an error of the API, of a shell and of a program each end it."""
    reader = Reader(world, world.account("fails@reader.example"), tmp_path)
    for language, text in [("sh", "curl https://calends.example/v1/nothing"), ("sh", "false"), ("js", "throw new Error('x')"), ("python", "raise SystemExit('x')"),
                           ("sh", "echo evt_…")]:
        with pytest.raises(AssertionError):
            reader.run(Block(page=PAGES[0], line=1, language=language, info="", text=text))


def test_every_page_with_calls_has_examples_that_run():
    """What is not run says why, and nothing that calls the server is left out."""
    for page in PAGES:
        for block in blocks_of(page):
            assert not (block.not_run and "https://calends.example/v1" in block.text), f"{block}: {block.not_run}"
