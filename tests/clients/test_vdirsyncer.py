# SPDX-License-Identifier: Apache-2.0
"""vdirsyncer, Debian's package: it finds the calendar from the bare address and keeps 500 items the same on both sides."""
import os
import shutil
import subprocess
import sys
import uuid

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "http"))

from dav import Dav, event, todo  # noqa: E402

pytestmark = pytest.mark.skipif(not shutil.which("vdirsyncer"), reason="vdirsyncer is not installed")
ITEMS = 500


class Vdir:
    """One device: a folder of .ics files, and vdirsyncer between it and the server."""

    def __init__(self, folder, url, email, key):
        self.items = folder / "items"
        self.items.mkdir(parents=True)
        self.config = folder / "config"
        self.config.write_text(f"""
[general]
status_path = "{folder}/status/"

[pair sync]
a = "local"
b = "server"
collections = ["from a", "from b"]
metadata = ["color", "displayname"]

[storage local]
type = "filesystem"
path = "{self.items}"
fileext = ".ics"

[storage server]
type = "caldav"
url = "{url}/"
username = "{email}"
password = "{key}"
""")

    def run(self, command, answers=""):
        done = subprocess.run(["vdirsyncer", "-c", str(self.config), command], input=answers, text=True,
                              capture_output=True, timeout=280, env=dict(os.environ, LC_ALL="C.UTF-8"))
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        assert "error" not in done.stderr.lower(), done.stderr[-3000:]
        return done.stdout + done.stderr

    def files(self, collection):
        return {p.name: p.read_bytes() for p in (self.items / collection).glob("*.ics")}


def same_data(text):
    return text.replace(b"\r\n", b"\n").strip()


def test_five_hundred_items_stay_the_same_on_both_sides(world, tmp_path):
    ann = world.account("ann@example.org")
    dav = Dav(world.url, ann.email, ann.key)
    name = str(uuid.uuid4())
    path = f"/dav/calendars/{ann.id}/{name}/"

    first = Vdir(tmp_path / "first", world.url, ann.email, ann.key)
    (first.items / name).mkdir()
    for i in range(ITEMS):
        data = todo(f"item-{i}", f"SUMMARY:Task {i}") if i % 5 == 0 else event(
            f"item-{i}", f"202603{i % 28 + 1:02}T100000Z", None, "RRULE:FREQ=WEEKLY;COUNT=5", summary=f"Item {i} – ümlaut")
        (first.items / name / f"item-{i}.ics").write_bytes(data.encode())
    first.run("discover", "y\n" * 20)  # makes the calendar on the server, by extended MKCOL
    first.run("sync")
    on_server = [m for m in dav.propfind(path, "<D:getetag/>", depth=1).responses if m.href != path]
    assert len(on_server) == ITEMS

    second = Vdir(tmp_path / "second", world.url, ann.email, ann.key)
    second.run("discover", "y\n" * 20)
    second.run("sync")
    sent, got = first.files(name), second.files(name)
    assert {same_data(d) for d in sent.values()} == {same_data(d) for d in got.values()}

    # Changes from both devices, and a removal, meet on the server.
    ours = sorted(got)
    (second.items / name / ours[0]).unlink()
    changed = second.items / name / ours[1]
    changed.write_bytes(changed.read_bytes().replace(b"SUMMARY:", b"SUMMARY:Changed "))
    (first.items / name / "new.ics").write_bytes(event("brand-new", "20260401T090000Z").encode())
    second.run("sync")
    first.run("sync")
    second.run("sync")
    sent, got = first.files(name), second.files(name)
    assert len(sent) == len(got) == ITEMS
    assert {same_data(d) for d in sent.values()} == {same_data(d) for d in got.values()}
    assert any(b"SUMMARY:Changed " in d for d in sent.values())

    # Names and colours travel, too: PROPPATCH.
    (first.items / name / "displayname").write_text("From vdirsyncer")
    (first.items / name / "color").write_text("#ff2968")
    first.run("metasync")
    second.run("metasync")
    assert (second.items / name / "displayname").read_text().strip() == "From vdirsyncer"
    assert (second.items / name / "color").read_text().strip() == "#ff2968"
