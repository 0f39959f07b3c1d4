# SPDX-License-Identifier: Apache-2.0
"""What a process has cost so far, and PostgreSQL as it is shipped."""
import glob
import os
import re

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def shipped():
    """What a private cluster is started with, and on a disk: in memory a commit costs nothing, with other settings something else."""
    with open(os.path.join(ROOT, "server/db/cluster.c"), encoding="utf-8") as f:
        [listed] = re.findall(r"settings\[\] = \{(.*?)\}", f.read(), re.DOTALL)
    own = dict(re.findall(r'"(\w+)=([^"]*)"', listed))
    for set_by_tests in ("port", "unix_socket_permissions"):
        del own[set_by_tests]
    return {"where": "/var/tmp", "fsync": "on", "full_page_writes": "on", "max_wal_size": "1GB", **own}


def cpu_ms(pids):
    """Of all their threads, to the nanosecond; ticks are as long as twenty requests."""
    total = 0
    for pid in pids:
        for path in glob.glob(f"/proc/{pid}/task/*/schedstat"):
            with open(path, encoding="utf-8") as f:
                total += int(f.read().split()[0])
    return total / 1e6


def sessions(world):
    """The pids of the server's sessions in its database."""
    return [int(pid) for (pid,) in world.sql("SELECT pid FROM pg_stat_activity WHERE application_name = 'calends' AND datname = current_database()")]
