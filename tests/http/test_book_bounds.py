# SPDX-License-Identifier: Apache-2.0
"""How often a public booking page may be asked and booked, by one network and for one address."""
import threading

import pytest

from booking import Booking, soon
from test_book import PLACES, Guest, opened

SERVE = ["--rate-limit", "0", "--write-rate", "0", "--trusted-proxy", "127.0.0.1"]


@pytest.fixture(scope="module")
def owner(world):
    return world.account("host@example.org", plan="pro")


@pytest.fixture(scope="module")
def api(world, owner):
    return Booking(world, world.key(owner, kind="secret"))


@pytest.fixture(autouse=True)
def unhurried(world):
    """Each test has its own tries."""
    world.sql("DELETE FROM throttle")


@pytest.fixture
def page(api):
    return opened(api, slot_step_minutes=60)


def test_only_so_many_are_booked_from_one_network_and_to_one_address(world, api):
    page = opened(api, slot_step_minutes=30)
    guest = Guest(world, page)
    for n in range(10):
        assert guest.book(soon(10 + n, 9)).status == 303
    late = guest.book(soon(30, 9), email="ADA@example.org")
    assert late.status == 429 and "Try again" in late.text and "Ada Lovelace" in late.text and int(late.headers["Retry-After"]) > 0
    for n in range(20):
        assert guest.book(soon(10 + n, 12), email=f"g{n}@example.org").status == 303
    assert guest.book(soon(30, 9), email="fresh@example.org").status == 429
    world.sql("DELETE FROM throttle")
    for _ in range(12):
        assert guest.book(soon(10, 9), email="late@example.org").status == 409, "what was not booked does not count"


def test_some_networks_that_book_all_the_time_use_up_no_page(world, api):
    """H18: a part of the net that took its share waits; the others have a few of their own, and the page's room for more."""
    page = opened(api, slot_step_minutes=30)
    guest, times = Guest(world, page), (soon(day, hour) for day in range(10, 50) for hour in (9, 11, 13))
    by = lambda ip: guest.submit(guest.form(next(times), email=f"{ip.replace(':', '-')}@example.org"), [("X-Forwarded-For", ip)]).status
    subjects = lambda: {s for [s] in world.sql("SELECT encode(subject, 'hex') FROM throttle")}
    assert [by(f"192.0.2.{n}") for n in range(1, 4)] == [303] * 3
    before = subjects()
    by_page = lambda new: f"UPDATE throttle SET count = 120 WHERE encode(subject, 'hex') IN ('{new}')"
    assert by("192.0.2.3") == 303  # the fourth of this /24, by an address that was there: one row more, the page's own
    [new] = subjects() - before
    world.sql(by_page(new))
    assert by("192.0.2.4") == 429, "the page's room is used up"
    assert [by(f"198.51.100.{n}") for n in (1, 2, 3, 4)] == [303] * 3 + [429], "and others have their own"
    assert by("2001:db8:1::1") == 303
    # Where there is room a part of the net still has no more than its share.
    world.sql(f"UPDATE throttle SET count = 4 WHERE encode(subject, 'hex') = '{new}'")
    assert by("203.0.113.1") == 303
    world.sql("UPDATE throttle SET count = 30 WHERE count = 4 AND encode(subject, 'hex') <> '" + new + "'")
    assert by("192.0.2.9") == 429 and by("203.0.113.2") == 303


@pytest.mark.parametrize("place", PLACES)
def test_it_is_asked_ten_times_a_second_by_one_network(world, page, place):
    """By eight at once, so that it is more than that on a busy machine, too."""
    world.restart("--rate-limit", "1000")
    given = []

    def run():
        given.extend(r.status for r in world.client_connection().in_one_go("GET", place + page["slug"] + "/zone", count=25))

    threads = [threading.Thread(target=run) for _ in range(8)]
    try:
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        assert set(given) == {200, 429}
    finally:
        world.restart()
