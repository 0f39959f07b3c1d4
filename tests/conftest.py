# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the tests over a real server: see tests/support/world.py for what `world` offers."""
import os
import subprocess
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "support"))

import folders  # noqa: E402
from postgres import Postgres  # noqa: E402
from world import BIN, WHOLE, World  # noqa: E402


@pytest.fixture(scope="session")
def postgres(tmp_path_factory):
    """One private cluster for all; databases are copies of one that was migrated."""
    cluster = Postgres()
    try:
        folder = str(tmp_path_factory.mktemp("migrate"))
        cluster.create("calends_template")
        done = subprocess.run([BIN, "migrate", "--database-url", cluster.url("calends_template"), "--data-dir", folder], capture_output=True,
            text=True, timeout=120)
        assert done.returncode == 0, done.stdout + done.stderr
        yield cluster
    finally:
        cluster.remove()


@pytest.fixture(scope="module")
def database(postgres, request):
    """The name of a fresh, migrated database for this module."""
    name = "t_" + request.module.__name__.rpartition(".")[2].lower()[:50]
    postgres.drop(name)
    postgres.create(name, "calends_template")
    yield name
    postgres.drop(name)


@pytest.fixture(scope="module")
def world(postgres, database, request):
    module = request.module
    w = World(postgres, database, getattr(module, "SERVE", ()), getattr(module, "PUBLIC_URL", None), getattr(module, "TLS", False),
        getattr(module, "HASHING", False))
    try:
        yield w
    finally:
        w.close()


def pytest_sessionstart(session):
    if not hasattr(session.config, "workerinput"):
        folders.sweep()


def pytest_runtest_logreport(report):
    """What failed is told at once, too: a run may be ended before its own summary."""
    if report.failed and not os.environ.get("PYTEST_XDIST_WORKER"):
        print(f"\nfailed: {report.nodeid}\n{str(report.longrepr)[-2000:]}", flush=True)


def pytest_configure(config):
    config.addinivalue_line("markers", "whole: a part of a long proof that runs with CALENDS_TESTS=whole alone; a fraction always does")


def pytest_collection_modifyitems(config, items):
    """The files that take longest first (SECONDS, about, in a module), so that the last one to end is a short one."""
    if not WHOLE:
        left_out = [item for item in items if item.get_closest_marker("whole")]
        items[:] = [item for item in items if item not in left_out]
        config.hook.pytest_deselected(items=left_out)
    items.sort(key=lambda item: -getattr(getattr(item, "module", None), "SECONDS", 0))
