# SPDX-License-Identifier: Apache-2.0
"""Programs that sign in with OAuth at somebody's desk: git-credential-oauth and oidc-agent, from Debian. They open a browser, and listen on loopback."""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.parse
import urllib.request

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "http"))

from oauth_flow import App, Browser, Form  # noqa: E402

PROGRAMS = {"git-credential-oauth": "git-credential-oauth", "oidc-gen": "oidc-agent-cli"}


@pytest.fixture(scope="module", autouse=True)
def installed():
    missing = [package for program, package in PROGRAMS.items() if not shutil.which(program)]
    assert not missing, f"server/install-packages test installs {missing}"


@pytest.fixture(scope="module")
def browser(world):
    b = Browser(world)
    b.sign_in(world.account("una@example.org"))
    return b


@pytest.fixture
def desk():
    """Programs and folders of somebody whose browser only writes down where it was led. In a folder with a short name: oidc-gen 4.2.6 spoils its own
    heap when its home has a long one."""
    with tempfile.TemporaryDirectory(prefix="desk-", dir="/tmp") as folder:
        yield desk_in(pathlib.Path(folder))


def desk_in(tmp_path):
    opened = tmp_path / "opened"
    for name in ("open", "xdg-open", "x-www-browser"):
        program = tmp_path / "bin" / name
        program.parent.mkdir(exist_ok=True)
        program.write_text(f'#!/bin/sh\nprintf %s "$1" >{opened}.new && mv {opened}.new {opened}\n')
        program.chmod(0o755)
    environment = {**os.environ, "PATH": f"{program.parent}:{os.environ['PATH']}", "HOME": str(tmp_path), "DISPLAY": ":0", "TMPDIR": str(tmp_path)}
    return opened, environment


def allow(browser, url):
    """The user's part: what the browser is led to is fetched, as it would."""
    parts = urllib.parse.urlsplit(url)
    reply = browser.get(f"{parts.path}?{parts.query}")
    assert reply.status == 303 and reply.location.startswith("/consent?"), (url, reply)
    page = browser.get(reply.location)
    back = browser.post("/consent", Form(page.text, "/consent").with_(decision="allow")).location
    with urllib.request.urlopen(back, timeout=60) as answer:
        return answer.read()


def test_git_credential_oauth_gets_a_token_by_the_browser(world, browser, desk):
    """RFC 8252: a public client on a loopback port that nobody knew before. Its verifier is base64 with all its characters, and its name comes as Basic
    without a password."""
    opened, environment = desk
    app = App(world, type="public", redirect="http://127.0.0.1")
    host = world.url.removeprefix("http://")
    settings = {"oauthClientId": app.id, "oauthScopes": "profile:read events:read", "oauthAuthURL": "/oauth/authorize", "oauthTokenURL": "/oauth/token"}
    for name, value in settings.items():
        subprocess.run(["git", "config", "--global", f"credential.{world.url}.{name}", value], env=environment, check=True)
    git = subprocess.Popen(["git-credential-oauth", "-verbose", "get"], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    git.stdin.write(f"protocol=http\nhost={host}\n\n")
    git.stdin.close()
    git.stdin = None
    assert world.wait_for(lambda: opened.exists() or git.poll() is not None)
    assert opened.exists(), git.stderr.read()
    allow(browser, opened.read_text())
    out, err = git.communicate(timeout=60)
    got = dict(line.split("=", 1) for line in out.splitlines() if "=" in line)
    assert git.returncode == 0 and world.get("/v1/profile", key=got["password"]).json["email"] == "una@example.org", err
    world.secret(got["password"])


def test_oidc_agent_keeps_an_account_and_gives_tokens(world, browser, desk):
    """It registers itself (RFC 7591), sends its name as Basic without a password, listens on a port of its own, and gives tokens to whoever asks the agent."""
    opened, environment = desk
    agent = subprocess.run(["oidc-agent"], env=environment, capture_output=True, text=True, check=True, timeout=60).stdout
    environment = {**environment, **dict(re.findall(r"^(OIDC\w+)=([^;]*);", agent, re.M))}
    try:
        made = subprocess.Popen(["oidc-gen", "--iss", world.url, "--scope", "openid profile:read events:read", "--flow=code", "--pw-cmd=echo a-password", "--prompt=none", "--confirm-yes", "desk"],
                                env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        assert world.wait_for(lambda: opened.exists() or made.poll() is not None)
        assert opened.exists(), made.stdout.read()
        allow(browser, opened.read_text())
        out, _ = made.communicate(timeout=60)
        assert made.returncode == 0, out
        tokens = [subprocess.run(["oidc-token", *more, "desk"], env=environment, capture_output=True, text=True, timeout=60, check=True).stdout.strip()
                  for more in ((), ("--scope=profile:read", "--time=4000"))]
        assert [world.get("/v1/events", key=world.secret(t)).status for t in tokens] == [200, 403]
    finally:
        subprocess.run(["oidc-agent", "-k"], env=environment, capture_output=True, timeout=60)
