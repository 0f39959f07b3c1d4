# SPDX-License-Identifier: Apache-2.0
"""A server under a program that watches it (CALENDS_WRAP) ends as any other."""
import os
import subprocess
import sys

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
# As gdbserver: it runs the server as a child, ends with its status, and by a signal of its own.
WATCHER = """sh -c '"$@"; exit $?' sh"""
MODULE = '''
def test_it_answers(world):
    assert world.process.args[0] == "sh"
    assert world.get("/healthz").status == 200
'''


def test_a_watched_server_ends_cleanly(open_folder):
    (open_folder / "test_watched.py").write_text(MODULE)
    done = subprocess.run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "conftest", str(open_folder)],
        env=dict(os.environ, CALENDS_WRAP=WATCHER, PYTHONPATH=TESTS), cwd=open_folder, capture_output=True, text=True, timeout=300)
    assert "1 passed" in done.stdout and done.returncode == 0, done.stdout + done.stderr
