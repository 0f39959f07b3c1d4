# SPDX-License-Identifier: Apache-2.0
"""A migration is never edited, and every later binary reads what the first one wrote (tests/support/freeze_schema.py)."""
import json
import os
import re
import subprocess

import pytest

import freeze_schema
from dav import Dav
from world import World

DATES = True  # tests/run dates

FOLDER = freeze_schema.FOLDER


def test_no_migration_was_edited():
    """New ones are added to tests/data/schema/checksums with the command that freeze_schema.py names."""
    with open(f"{FOLDER}/checksums", encoding="utf-8") as f:
        frozen = {name: digest for digest, name in (line.split() for line in f)}
    assert freeze_schema.checksums() == frozen


@pytest.fixture(scope="module")
def old(postgres):
    """A server over the database that was frozen."""
    postgres.drop("t_frozen")
    postgres.create("t_frozen", "template0")
    subprocess.run([f"{postgres.bin}/psql", "-Xq", "-v", "ON_ERROR_STOP=1", postgres.url("t_frozen"), "-f", f"{FOLDER}/dump.sql"], check=True,
        capture_output=True)
    # What was deleted is remembered for 180 days, and the dump grows older than that: of what it holds this alone is as young as it was.
    postgres.sql("t_frozen", "UPDATE calendar_object SET updated_at = now() WHERE deleted")
    w = World(postgres, "t_frozen")
    try:
        # What is too old goes before anybody asks, not in a race with them.
        assert w.wait_for(lambda: re.search(r'calends_job_runs_total{job="housekeeping"} [1-9]', w.get("/metrics").text))
        yield w
    finally:
        w.close()
        postgres.drop("t_frozen")


def test_bytes_tags_and_tokens_of_the_frozen_database_are_served(old):
    with open(f"{FOLDER}/facts.json", encoding="utf-8") as f:
        frozen = json.load(f)
    key = old.cli("key", "create", freeze_schema.EMAIL, "--name", "later")["key"]
    dav, home = Dav(old.url, freeze_schema.EMAIL, key), f"/dav/calendars/{frozen['account']}/"
    assert freeze_schema.facts(dav, home) == frozen["calendars"]
    # a client that synced before the last changes hears of them
    changes = dav.sync(home + "default/", f"{old.url}/dav/sync/{frozen['token_before']}").responses
    assert {(m.href.rsplit("/", 1)[1], m.status) for m in changes} == {("gone.ics", 404), ("moves.ics", 404)}
    # and writes go on from there
    put = dav.put(home + "default/new.ics", next(iter(freeze_schema.objects().values())).replace("single@", "new@"))
    assert put.status == 201
    [range_hit] = dav.query(home + "default/", "<C:comp-filter name='VEVENT'><C:time-range start='20270101T000000Z' end='20270108T000000Z'/></C:comp-filter>").responses
    assert range_hit.href.endswith("/endless.ics")
