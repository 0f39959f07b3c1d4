# SPDX-License-Identifier: Apache-2.0
"""`calends batch`: commands from standard input, one a line."""
import json
import subprocess

import pytest
from oauth_flow import Browser
from world import BIN, Account


def batch(world, text, *options):
    return subprocess.run([BIN, "batch", *world.settings, *options], input=text if isinstance(text, bytes) else text.encode(), capture_output=True,
                          env=world.environment, timeout=120)


def answers(done):
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_each_line_is_a_command_and_its_answer_a_line(world):
    done = batch(world, "# two people\n\naccount create eve@example.org --name Eve\n  key create eve@example.org --kind secret --name ci\t\n"
                 "key list eve@example.org", "--json")
    assert done.returncode == 0 and not done.stderr, done
    made, key, keys = answers(done)
    assert made["email"] == "eve@example.org" and key["key"].startswith("sk_") and [k["id"] for k in keys["data"]] == [key["id"]]
    assert world.get("/v1/profile", key=world.secret(key["key"])).status == 200


def test_words_are_quoted_as_in_a_shell(world):
    done = batch(world, 'account create q1@example.org --name "Ann \\"A\\" \\\\ O\'Hara"\n' "account create q2@example.org --name 'say \"\\n\"'\n"
                 "account create q3@example.org --name Ann\\ Lee\naccount create q4@example.org --name='O'\"'\"'Hara Ünal'\n", "--json")
    assert [a["name"] for a in answers(done)] == ['Ann "A" \\ O\'Hara', 'say "\\n"', "Ann Lee", "O'Hara Ünal"]


def test_a_password_is_the_line_after_its_command(world):
    password = world.secret("# no comment, a password")
    done = batch(world, f"account create pass@example.org --name P --password-stdin\n{password}\naccount show pass@example.org\n", "--json")
    assert done.returncode == 0 and len(answers(done)) == 2
    Browser(world).sign_in(Account(world, answers(done)[0], password))


def test_a_password_is_never_taken_for_a_command(world):
    """Whatever becomes of the command that it is for."""
    done = batch(world, "account create no@example.org --password-stdin --nmae x\naccount list\naccount show 'no --body-stdin\naccount create no@example.org --name N\n"
                 "account create no2@example.org --name N --password-stdin", "--json")
    assert [a["error"]["line"] for a in answers(done)] == [1, 3, 5], done.stdout
    assert "password" in answers(done)[2]["error"]["message"]


def test_an_operation_s_body_is_the_line_after_its_command(world):
    world.account("api@example.org", plan="pro")
    done = batch(world, 'api call api@example.org createEvent --body-stdin\n{"title": "One", "start_time": "2026-06-01T09:00:00Z", "end_time": "2026-06-01T10:00:00Z"}\n'
                 "api call api@example.org listEvents\n", "--json")
    made, listed = answers(done)
    assert made["title"] == "One" and [e["id"] for e in listed["data"]] == [made["id"]]


def test_one_that_fails_is_told_with_its_line_and_the_others_are_done(world):
    done = batch(world, "account create err@example.org --name E\n\naccount create err@example.org --name E\naccount show err@example.org\n", "--json")
    first, second, third = answers(done)
    assert second["error"]["line"] == 3 and second["error"]["message"] and third == first
    assert done.returncode == 1 and b"1 of 3 commands failed" in done.stderr


def test_an_option_that_lacks_is_named(world):
    """What does the work has a field `name`; who types a command has --name."""
    assert b"calends: line 1: --name: A name is needed." in batch(world, "account create nameless@example.org\n").stderr


def test_without_json_it_reads_and_tells_text(world):
    done = batch(world, "account create text@example.org --name Text\naccount create text@example.org --name Text\n")
    assert done.stdout.startswith(b"text@example.org  Text") and b"calends: line 2: " in done.stderr and done.returncode == 1


@pytest.mark.parametrize("line, why", [
    ("account create --nmae x a@example.org", "there is no option"), ("account crate a@example.org", "no such command"),
    ("account create", "usage: calends account create EMAIL"), ("key list a@example.org --kind secret", "has no --kind"),
    ("account create a@example.org --name", "needs a value"), ("account create 'a@example.org", "a quote has no end"),
    ("account list --data-dir /tmp", "--data-dir is of the whole batch"), ("serve", "no line of a batch"), ("batch", "no line of a batch"),
    ("account show " + "x" * 65536, "at most 65536 octets"), ("account show " + "x " * 1100, "at most 1024 words"),
    (b"account show \xff", "UTF-8"), (b"account show a\0b", "UTF-8")])
def test_a_line_that_is_none_is_refused_and_the_next_is_read(world, line, why):
    done = batch(world, (line.encode() if isinstance(line, str) else line) + b"\nversion\n", "--json")
    refused, *_ = done.stdout.splitlines()
    assert why in json.loads(refused)["error"]["message"] and json.loads(refused)["error"]["line"] == 1
    assert done.stdout.splitlines()[1:] and done.returncode == 1


def test_nothing_to_do_is_done(world):
    assert batch(world, "").returncode == 0 and batch(world, b"\n# nothing\n").returncode == 0
