# SPDX-License-Identifier: Apache-2.0
"""A client of WebSockets (RFC 6455), over a socket of its own.

    with WebSocket(server, session_token) as ws:
        ws.send(1, b"text")
        opcode, payload = ws.read()
        ws.closed()                      the status with which it ended
"""
import base64
import socket
import struct


class WebSocket:
    """RFC 6455 from the client's side, octet by octet."""
    KEY = base64.b64encode(b"sixteen octets!!").decode()

    def __init__(self, server, token=None, target="/v1/voice/realtime", headers=None, protocols=None, version="1.1"):
        self.socket = socket.create_connection(("127.0.0.1", server.port), 20)
        self.file = self.socket.makefile("rb")
        offered = protocols if protocols is not None else f"calends.voice, token.{token}" if token else None
        pairs = {"Host": "x", "Upgrade": "websocket", "Connection": "keep-alive, Upgrade", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": self.KEY,
                 "Sec-WebSocket-Protocol": offered, **(headers or {})}
        lines = "".join(f"{n}: {v}\r\n" for n, v in pairs.items() if v is not None)
        self.socket.sendall(f"GET {target} HTTP/{version}\r\n{lines}\r\n".encode())
        self.status = int(self.file.readline().split()[1])
        self.headers = {}
        while (line := self.file.readline().decode().rstrip("\r\n")):
            name, _, value = line.partition(": ")
            self.headers[name.lower()] = value

    def send(self, opcode, payload=b"", final=True, mask=b"\1\2\3\4", reserved=0):
        head = bytes([(0x80 if final else 0) | reserved | opcode])
        length = len(payload)
        flag = 0x80 if mask else 0
        head += bytes([flag | length]) if length < 126 else bytes([flag | 126]) + struct.pack(">H", length) if length < 65536 else bytes([flag | 127]) + struct.pack(">Q", length)
        masked = bytes(b ^ mask[i % 4] for i, b in enumerate(payload)) if mask else payload
        self.socket.sendall(head + (mask or b"") + masked)

    def read(self):
        head = self.file.read(2)
        if len(head) < 2:
            return None, None
        assert head[0] & 0xF0 == 0x80 and not head[1] & 0x80, head
        length = head[1]
        if length == 126:
            [length] = struct.unpack(">H", self.file.read(2))
        elif length == 127:
            [length] = struct.unpack(">Q", self.file.read(8))
        return head[0] & 0x0F, self.file.read(length)

    def closed(self):
        """The status with which it is closed; nothing follows."""
        opcode, payload = self.read()
        assert opcode == 8, (opcode, payload)
        assert self.file.read() == b""
        return struct.unpack(">H", payload[:2])[0]

    def close(self):
        self.file.close()
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
