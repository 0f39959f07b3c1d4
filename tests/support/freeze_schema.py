#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Freezes the schema: writes tests/data/schema/, from which test_schema_frozen.py knows that migrations are never edited
and that every later binary reads what the first one wrote. To be run when a migration is added, never to make the test green.
The database that was frozen stays as it is, so that each new migration is tried on old data:

    /usr/bin/python3 tests/support/freeze_schema.py

checksums   SHA-256 of each migration
dump.sql    a database with one account, as pg_dump writes it
facts.json  what its calendars answered: bytes, entity tags, sync tokens
"""
import glob
import hashlib
import json
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../http"))

from postgres import Postgres  # noqa: E402
from world import BIN, ROOT, World  # noqa: E402

FOLDER = os.path.join(ROOT, "tests/data/schema")
EMAIL = "frozen@example.org"


def checksums():
    found = {}
    for path in sorted(glob.glob(os.path.join(ROOT, "sql/migrations/*.sql"))):
        with open(path, "rb") as f:
            found[os.path.basename(path)] = hashlib.sha256(f.read()).hexdigest()
    return found


def objects():
    """One of each kind of row: bounded, endless, floating, a task, one with a property, one moved, one gone."""
    from dav import component, calendar, event
    return {
        "single.ics": event("single@example.org", "20260301T100000Z", "20260301T110000Z"),
        "endless.ics": event("endless@example.org", ";TZID=Europe/Berlin:20260301T100000", None, "RRULE:FREQ=WEEKLY", "EXDATE;TZID=Europe/Berlin:20260308T100000"),
        "floating.ics": event("floating@example.org", ";VALUE=DATE:20260302", ";VALUE=DATE:20260305", summary="Ferien\\, später"),
        "task.ics": calendar(component("VTODO", "task@example.org", "DUE:20260401T100000Z")),
        "gone.ics": event("gone@example.org", "20260303T100000Z"),
        "moves.ics": event("moves@example.org", "20260304T100000Z"),
    }


def facts(dav, home):
    """What a client sees of it; to be the same of every later binary."""
    seen = {}
    for cal in ("default", "other"):
        path = f"{home}{cal}/"
        sync = dav.sync(path)
        members = {}
        for m in sync.responses:
            got = dav.request("GET", m.href)
            [found] = dav.propfind(m.href, "<x:y xmlns:x='urn:x'/>").responses
            members[m.href.rsplit("/", 1)[1]] = {"etag": got.headers["ETag"], "bytes": got.body.decode(),
                "property": "{urn:x}y" in found.ok and found.text("{urn:x}y")}
        name = dav.propfind(path, "<D:displayname/>").body.decode()
        # the token names the calendar, its count and our address: the first two must stay
        seen[cal] = {"members": members, "token": sync.sync_token.split("/dav/sync/")[1], "name": name}
    return seen


def fill(dav, home):
    from davwrite import proppatch
    assert dav.request("MKCALENDAR", home + "other/").status == 201
    for name, data in objects().items():
        assert dav.put(f"{home}default/{name}", data).status == 201
    assert proppatch(dav, home + "default/single.ics", "<x:y xmlns:x='urn:x'>kept</x:y>").status == 207
    token = dav.sync(home + "default/").sync_token.split("/dav/sync/")[1]
    assert dav.request("DELETE", home + "default/gone.ics").status == 204
    assert dav.request("MOVE", home + "default/moves.ics", Destination=home + "other/moved.ics").status == 201
    return token


def freeze_database():
    from dav import Dav
    cluster = Postgres()
    try:
        folder = tempfile.mkdtemp()
        cluster.create("frozen")
        subprocess.run([BIN, "migrate", "--database-url", cluster.url("frozen"), "--data-dir", folder], check=True)
        world = World(cluster, "frozen")
        try:
            owner = world.account(EMAIL)
            dav, home = Dav(world.url, owner.email, owner.key), f"/dav/calendars/{owner.id}/"
            before = fill(dav, home)
            seen = {"account": owner.id, "token_before": before, "calendars": facts(dav, home)}
        finally:
            world.close()
        cluster.sql("frozen", "DELETE FROM api_key; DELETE FROM credential_use; UPDATE login SET password_hash = NULL")
        dump = subprocess.run([f"{cluster.bin}/pg_dump", "--no-owner", "--inserts", cluster.url("frozen")], check=True, capture_output=True, text=True).stdout
    finally:
        cluster.remove()
    os.makedirs(FOLDER, exist_ok=True)
    # \restrict and comments with versions differ from one pg_dump to the next
    lines = [l for l in dump.split("\n") if not l.startswith("--") and not l.startswith("\\")]
    with open(f"{FOLDER}/dump.sql", "w", encoding="utf-8") as f:
        f.write("\n".join(l for i, l in enumerate(lines) if l or (i and lines[i - 1])))
    with open(f"{FOLDER}/facts.json", "w", encoding="utf-8") as f:
        json.dump(seen, f, indent=1, ensure_ascii=False)


def main():
    if not os.path.exists(f"{FOLDER}/dump.sql"):
        freeze_database()
    with open(f"{FOLDER}/checksums", "w", encoding="utf-8") as f:
        f.writelines(f"{digest}  {name}\n" for name, digest in checksums().items())


if __name__ == "__main__":
    main()
