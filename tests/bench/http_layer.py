#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What our HTTP layer costs above bare civetweb: requests a second and CPU per request of a trivial route.

    cmake -G Ninja -B build/release -DMODE=release && cmake --build build/release --target echo_server bare_civetweb
    tests/bench/http_layer.py [build folder]

Needs wrk (Debian package). The servers take turns, since runs drift; the CPU is the server's own, from /proc."""
import os
import pathlib
import re
import signal
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))

from ports import free_port  # noqa: E402

BUILD = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "build/release") / "tests"
SECONDS, ROUNDS, CONNECTIONS = 3, 3, 8


def cpu_s(pid):
    words = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def start(program, *arguments):
    port = free_port()
    process = subprocess.Popen([BUILD / program, str(port), *arguments], stdout=subprocess.PIPE, text=True,
                               stderr=open("/tmp/http_layer.log", "w"))
    assert process.stdout.readline() == "ready\n"
    return process, port


def load(port):
    out = subprocess.run(["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", "-H", "User-Agent: bench/1.0",
                          "-H", "Accept: */*", "-H", "Accept-Language: en", f"http://127.0.0.1:{port}/hello"],
                         capture_output=True, text=True, check=True).stdout
    assert "Non-2xx" not in out, out
    return int(re.search(r"(\d+) requests in", out)[1])


servers = {"bare civetweb": start("bare_civetweb", "32"), "ours": start("echo_server", "threads=32"),
           "ours, with the log line": start("echo_server", "threads=32", "log=1")}
totals = {name: [0, 0.0] for name in servers}
for _ in range(ROUNDS):
    for name, (process, port) in servers.items():
        before = cpu_s(process.pid)
        totals[name][0] += load(port)
        totals[name][1] += cpu_s(process.pid) - before
for name, (requests, cpu) in totals.items():
    print(f"{name:26} {requests / ROUNDS / SECONDS:9.0f} requests/s  {cpu / requests * 1e6:6.1f} µs CPU each")
for process, _ in servers.values():
    process.send_signal(signal.SIGTERM)
    process.wait()
