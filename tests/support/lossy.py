# SPDX-License-Identifier: Apache-2.0
"""A way to PostgreSQL on which answers get lost, as when a connection dies between a statement and its answer.

    lossy = Lossy(world)                     world's servers go by it from their next start on
    lossy.lose("mail_done")                  the next one is done, and its answer lost with the connection
    lossy.lose("mail_done", done=False)      the connection is lost before the database has it
    lossy.lose("db_commit", after="x")       of a transaction in which the statement x went
    lossy.lost                               the names of those that were
    lossy.away = True                        whoever connects is cut, and who is connected with the next that they send
"""
import collections
import os
import shutil
import socket
import tempfile
import threading

SOCKET = ".s.PGSQL.5432"
READY = b"Z\0\0\0\5"  # ReadyForQuery: all that was sent is answered


class Lossy:
    def __init__(self, world):
        self.behind = f"{world.postgres.folder}/{SOCKET}"
        self.folder = tempfile.mkdtemp(prefix="calends-lossy-", dir="/tmp")
        os.chmod(self.folder, 0o711)
        self.away, self.lost, self.asked, self.lock = False, [], collections.Counter(), threading.Lock()
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(f"{self.folder}/{SOCKET}")
        os.chmod(f"{self.folder}/{SOCKET}", 0o777)
        self.listener.listen(64)
        self.world, self.direct = world, list(world.settings)
        at = world.settings.index("--database-url") + 1
        world.settings[at] = world.settings[at].replace(world.postgres.folder, self.folder)
        threading.Thread(target=self._accept, daemon=True).start()

    def lose(self, name, done=True, after=None, times=1):
        with self.lock:
            self.asked[name, done, after] += times

    def close(self):
        self.world.settings[:] = self.direct
        self.listener.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _accept(self):
        while True:
            try:
                peer = self.listener.accept()[0]
            except OSError:
                return
            if self.away:
                peer.close()
            else:
                Way(self, peer)

    def _is_lost(self, name, seen):
        """None, or whether the database is to have it."""
        with self.lock:
            for (asked, done, after), left in self.asked.items():
                if asked == name and left > 0 and after in (None, *seen):
                    self.asked[asked, done, after] -= 1
                    self.lost.append(name)
                    return done
        return None


class Way:
    """One connection: both directions, message by message from the server on."""

    def __init__(self, lossy, peer):
        self.lossy, self.peer, self.swallows, self.seen = lossy, peer, False, []
        self.database = socket.socket(socket.AF_UNIX)
        self.database.connect(lossy.behind)
        threading.Thread(target=self._there, daemon=True).start()
        threading.Thread(target=self._back, daemon=True).start()

    def _end(self):
        for one in (self.peer, self.database):
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def _there(self):
        whole = b""
        begun = False  # the first message has no type
        try:
            while part := self.peer.recv(1 << 16):
                whole += part
                out = b""
                while len(whole) >= 5 and len(whole) >= (length := int.from_bytes(whole[begun:begun + 4], "big") + begun):
                    message, whole = whole[:length], whole[length:]
                    if self.lossy.away or (begun and message[:1] == b"B" and self._loses(message)):
                        return
                    begun, out = True, out + message
                self.database.sendall(out)
        except OSError:
            pass
        finally:
            self._end()

    def _loses(self, bind):
        """Bind has the name of its portal, which is empty, and of its statement."""
        name = bind[6:].split(b"\0", 1)[0].decode()
        done = self.lossy._is_lost(name, self.seen)
        self.seen = [] if name == "db_begin" else [*self.seen, name]
        self.swallows = self.swallows or bool(done)
        return done is False

    def _back(self):
        kept = b""
        try:
            while part := self.database.recv(1 << 16):
                if not self.swallows:
                    self.peer.sendall(part)
                    continue
                kept += part
                if READY in kept:
                    return
        except OSError:
            pass
        finally:
            self._end()
