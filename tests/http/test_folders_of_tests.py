# SPDX-License-Identifier: Apache-2.0
"""What a run of these tests leaves that is killed: no PostgreSQL, and its folders until the next run. tests/support/folders.py."""
import os
import signal
import subprocess
import sys
import time

import folders
import pytest

SUPPORT = os.path.dirname(os.path.abspath(folders.__file__))


@pytest.fixture
def run_of():
    """Another run: what a program of Python prints first, and the process, which then waits."""
    begun = []

    def begin(program):
        text = f"import sys; sys.path.insert(0, {SUPPORT!r})\n{program}\nsys.stdin.read()"
        begun.append(subprocess.Popen([sys.executable, "-c", text], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
        return begun[-1].stdout.readline().strip(), begun[-1]

    yield begin
    for process in begun:
        process.kill()
        process.communicate()


def killed(process):
    process.send_signal(signal.SIGKILL)
    process.wait()


def swept(path):
    """By this run, or by another that begins at this moment."""
    end = time.monotonic() + 60
    while os.path.exists(path) or os.path.exists(path + folders.LOCK):
        if time.monotonic() > end:
            return False
        folders.sweep()
    return True


def test_the_folder_of_a_run_that_was_killed_is_swept_and_that_of_one_that_lives_is_not(run_of):
    path, process = run_of("import folders; print(folders.make('calends-pg-'), flush=True)")
    assert path not in folders.sweep() and os.path.isdir(path)
    killed(process)
    assert swept(path)


def test_a_folder_in_which_a_process_works_is_left_to_it(run_of):
    path, process = run_of("import folders; print(folders.make('calends-folder-'), flush=True)")
    killed(process)
    for arguments, where in ((["sleep", "60"], path), (["sh", "-c", "read x", path + "/data"], "/")):
        with subprocess.Popen(arguments, cwd=where, stdin=subprocess.PIPE) as worker:
            assert path not in folders.sweep() and os.path.isdir(path)
            worker.kill()
    assert swept(path)


def test_postgresql_ends_with_the_run_that_was_killed(run_of):
    path, process = run_of("import postgres; p = postgres.Postgres(); print(p.folder, flush=True)")
    assert folders.works_in(path)
    killed(process)
    end = time.monotonic() + 60
    while folders.works_in(path) and time.monotonic() < end:
        time.sleep(0.05)
    assert swept(path)


def test_a_folder_that_ended_well_leaves_nothing():
    path = folders.make("calends-pg-")
    folders.remove(path)
    assert not os.path.exists(path) and not os.path.exists(path + folders.LOCK)
