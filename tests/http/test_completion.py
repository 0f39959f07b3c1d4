# SPDX-License-Identifier: Apache-2.0
"""Completion in the shells themselves, and the options that a command takes."""
import os
import pty
import select
import subprocess
import time
from pathlib import Path

import pytest

from world import BIN

LINES = {
    "calends acc": {"account"},
    "calends account ": {"create", "list", "show", "deactivate", "reactivate", "set-password"},
    "calends account s": {"show", "set-password"},
    "calends --json key r": {"rotate", "revoke"},
    "calends --log-level info key r": {"rotate", "revoke"},
    "calends key create ann@example.org --ki": {"--kind"},
    "calends key create ann@example.org --kind ": {"account", "secret", "restricted", "publishable"},
    "calends key create --kind secret --mo": {"--mode"},
    "calends completion ": {"bash", "zsh", "fish"},
    "calends serve --listen 127.0.0.1:1 --dem": {"--demo", "--demo-listen"},
    "calends account list --mo": set(),
    "calends reference m": {"man"},
}


@pytest.fixture(scope="module", params=["bash", "fish", "zsh"])
def complete(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("completion")
    script = folder / "_calends"
    script.write_bytes(subprocess.run([BIN, "completion", request.param], capture_output=True, check=True).stdout)
    made = {"bash": in_bash, "fish": in_fish, "zsh": in_zsh}[request.param](str(script))
    yield made
    getattr(made, "end", lambda: None)()


def in_bash(script):
    def complete(line):
        words = line.split(" ")
        code = f"source {script}; COMP_WORDS=({' '.join(w or chr(39) * 2 for w in words)}); COMP_CWORD={len(words) - 1}; " \
               "_calends; printf '%s\\n' \"${COMPREPLY[@]}\""
        done = subprocess.run(["bash", "--norc", "-c", code], capture_output=True, text=True, check=True)
        assert done.stderr == ""
        return set(done.stdout.split())
    return complete


def in_fish(script):
    def complete(line):
        done = subprocess.run(["fish", "--no-config", "-c", f"source {script}; complete -C '{line}'"], capture_output=True, text=True,
                              check=True)
        assert done.stderr == ""
        return {row.split("\t")[0] for row in done.stdout.splitlines()}
    return complete


def in_zsh(script):
    """Its completion runs in a terminal alone: what compadd is given there is written to a file."""
    listed = script + ".listed"
    setup = (f"PROMPT='> '; autoload -Uz compinit; compinit -u -D; source {script}\n"
             "compadd() { local -a given; builtin compadd -O given \"$@\"; print -l -- $given >> %s; builtin compadd \"$@\" }\n"
             "_probe() { _main_complete; print -- --end-- >> %s }; zle -C probe complete-word _probe; bindkey '^I' probe\n" % (listed, listed))
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvpe("zsh", ["zsh", "-f", "-i"], {**os.environ, "TERM": "dumb", "HOME": os.path.dirname(script)})

    def run(words, said):
        os.write(terminal, words.encode())
        wait_for(terminal, said.encode())

    def complete(line):
        open(listed, "w").close()
        os.write(terminal, f"{line}\t".encode())
        end = time.monotonic() + 120
        while "--end--" not in (words := Path(listed).read_text().split("\n")):
            assert time.monotonic() < end, words
            time.sleep(0.01)
        run("\x15print do''ne\n", "done")  # ^U: the line is not run
        return set(words) - {"", "--end--"}

    def end():
        os.write(terminal, b"exit\n")
        os.close(terminal)
        os.waitpid(pid, 0)

    run(setup + "print read''y\n", "ready")
    complete.end = end
    return complete


def wait_for(terminal, words, seconds=120):
    seen, end = b"", time.monotonic() + seconds
    while words not in seen:
        assert time.monotonic() < end, seen
        if select.select([terminal], [], [], 0.1)[0]:
            seen += os.read(terminal, 65536)


@pytest.mark.parametrize("line", LINES)
def test_what_may_come_next_is_offered(complete, line):
    offered = complete(line)
    last = line.rpartition(" ")[2]
    # zsh is given some more, which it sorts out itself
    assert {w.rstrip("=") for w in offered if w.startswith(last)} - {"help"} == LINES[line], offered


def test_a_shell_that_is_none_is_told_which_are():
    done = subprocess.run([BIN, "completion", "tcsh"], capture_output=True, text=True)
    assert done.returncode == 1 and "bash, zsh or fish" in done.stderr


@pytest.mark.parametrize("words,told", [
    (["account", "create", "a@example.org", "--scope", "events:read"], "--plan"), (["key", "list", "a@example.org", "--name", "x"], "--json"),
    (["client", "list", "--redirect-uri", "https://a.example"], "--owner"), (["migrate", "--password-stdin"], "--json")])
def test_an_option_that_a_command_does_not_read_is_refused(words, told):
    done = subprocess.run([BIN, *words, "--database-url", "host=/nowhere"], capture_output=True, text=True)
    assert done.returncode == 2 and words[-2 if told != "--json" or len(words) > 2 else -1].split("=")[0] in done.stderr and told in done.stderr
