# SPDX-License-Identifier: Apache-2.0
"""The account that CalDAV tests write with, calendars that are made anew for a test, and a signed-in browser for OAuth."""
import os
import pathlib
import shutil
import subprocess
import tempfile
import time
import uuid

import pytest

from cluster import Folder
from dav import Dav, new_tree
from davfaults import Place
from event_edits import Edits
from faults import Faults
from mails import forget
from oauth_flow import Browser, Form
from smtp_sink import SmtpSink


def one_day(seconds):
    """What follows is of one day of UTC, and month, and year: where so few are left of one this waits for the next."""
    left = 86400 - time.time() % 86400
    if left < seconds:
        time.sleep(left + 0.1)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    one_day(60)


@pytest.fixture(scope="module")
def one_day_for_all():
    """For a module whose tests stand on rows that are dated once, for all of them."""
    one_day(240)


@pytest.fixture(scope="module")
def owner(world):
    return world.account("write@example.org")


@pytest.fixture(scope="module")
def account(owner):
    return owner.id


@pytest.fixture(scope="module")
def url(world):
    return world.url


@pytest.fixture(scope="module")
def dav(world, owner):
    return Dav(world.url, owner.email, owner.key)


@pytest.fixture(scope="module")
def home(account):
    return f"/dav/calendars/{account}/"


@pytest.fixture
def cal(dav, home):
    """The path of a new calendar."""
    path = f"{home}{uuid.uuid4()}/"
    assert dav.request("MKCALENDAR", path).status == 201
    yield path
    dav.request("DELETE", path)


@pytest.fixture
def tree(world):
    made = new_tree(world)
    yield made
    made.clear()


@pytest.fixture
def other(dav, home):
    path = f"{home}{uuid.uuid4()}/"
    assert dav.request("MKCALENDAR", path).status == 201
    yield path
    dav.request("DELETE", path)


@pytest.fixture
def fresh(dav, home):
    """A path in the home at which there is nothing."""
    path = f"{home}{uuid.uuid4()}/"
    yield path
    dav.request("DELETE", path)


@pytest.fixture
def edits(world, owner, dav, cal):
    return Edits(world, owner, dav, cal)


@pytest.fixture(scope="module")
def place(dav, account, home):
    return Place(dav, account, home)


@pytest.fixture(scope="module")
def faults(world):
    made = Faults(world)
    yield made
    made.close()


@pytest.fixture(scope="module")
def ann(world):
    return world.account("ann@example.org")


@pytest.fixture(scope="module")
def key(world, ann):
    return world.key(ann, kind="secret")


@pytest.fixture(scope="module")
def user(world):
    return world.account("user@calends.example")


@pytest.fixture(scope="module")
def una(world):
    return world.account("una@calends.example", name="Una User")


@pytest.fixture(scope="module")
def browser(world, request):
    """Of `user`, or of whom a module names: SIGNED_IN is the name of a fixture, PROFILE what the form of their account is sent with."""
    b = Browser(world)
    b.sign_in(request.getfixturevalue(getattr(request.module, "SIGNED_IN", "user")))
    if profile := getattr(request.module, "PROFILE", None):
        assert b.post("/account", Form(b.get("/account").text, "/account").with_(**profile)).status == 303
    return b


@pytest.fixture(scope="module")
def stopped_folder():
    """A folder with a cluster and an account, stopped: copied for each test, which is quicker than initdb."""
    made = Folder()
    login, calendar = made.account()
    assert made.wait_for(lambda: not made.workers())
    yield made.path, login, calendar
    made.close()


@pytest.fixture()
def folder(stopped_folder):
    path = stopped_folder[0] + "-" + os.urandom(4).hex()
    subprocess.run(["cp", "-a", stopped_folder[0], path], check=True)
    shutil.rmtree(path + "/run", ignore_errors=True)
    made = Folder(path)
    made.login, made.calendar = stopped_folder[1], stopped_folder[2]
    yield made
    made.close()


@pytest.fixture
def open_folder():
    """One that every user may write into. Not below pytest's own: each run of pytest that begins closes that to others."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="calends-open-", dir="/tmp"))
    path.chmod(0o777)
    yield path
    shutil.rmtree(path)


@pytest.fixture(scope="module")
def mail_server(request):
    """At the PORT of a module, to which its SERVE leads mail."""
    with SmtpSink(request.module.PORT) as server:
        yield server


@pytest.fixture
def sink(world, mail_server):
    """The same, for one test: with nothing in it, and nothing on its way."""
    mail_server.got.clear()
    yield mail_server
    forget(world)
