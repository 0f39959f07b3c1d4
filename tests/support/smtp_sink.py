# SPDX-License-Identifier: Apache-2.0
"""A mail server on loopback, as a relay has one (RFC 5321), which says what a test wants.

    with SmtpSink(port) as sink:
        sink.got                              Mails: .sender .recipient .octets .message (email.message) .calendar
        sink.answer = lambda command, mail: "451 4.3.0 later"      for MAIL, RCPT, DATA, "." and AUTH; None: it is taken
        sink.to("bob@example.org")            those to one
    SmtpSink(port, certificate=…)             offers STARTTLS; must_tls=True: and takes nothing before it
    SmtpSink(port, login=("user", "secret"))  offers AUTH PLAIN and LOGIN, and takes nothing before it
    SmtpSink(port, utf8=True)                 offers SMTPUTF8; without it nothing beyond ASCII may come (RFC 6531 §3.1)
"""
import base64
import email
import email.policy
import socket
import socketserver
import ssl
import threading

import icalendar


class Mail:
    def __init__(self, sender, recipient, octets, encrypted):
        self.sender, self.recipient, self.octets, self.encrypted = sender, recipient, octets, encrypted

    @property
    def message(self):
        return email.message_from_bytes(self.octets, policy=email.policy.default)

    def part(self, type):
        [found] = [p for p in self.message.walk() if p.get_content_type() == type]
        return found

    @property
    def text(self):
        return self.part("text/plain").get_content()

    @property
    def ics(self):
        return self.part("text/calendar").get_payload(decode=True)

    @property
    def calendar(self):
        return icalendar.Calendar.from_ical(self.ics)

    @property
    def event(self):
        [event] = self.calendar.walk("VEVENT")
        return event


class SmtpSink:
    def __init__(self, port, certificate=None, login=None, must_tls=False, utf8=False):
        self.got, self.peers, self.commands = [], [], []
        self.answer = lambda command, mail: None
        self.greeting = "220 sink.example ESMTP"
        self.silent = False
        self.certificate, self.login, self.must_tls, self.utf8 = certificate, login, must_tls, utf8
        sink = self

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True
            request_queue_size = 64

            def handle_error(self, request, address):
                pass

        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                Session(sink, self.request).run()

        self.server = Server(("127.0.0.1", port), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def to(self, recipient):
        return [m for m in self.got if m.recipient == recipient]

    def close(self):
        """With its connections: the server under test keeps them for the next mail."""
        self.server.shutdown()
        self.server.server_close()
        for peer in self.peers:
            try:
                peer.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Session:
    def __init__(self, sink, peer):
        self.sink, self.peer, self.encrypted, self.known = sink, peer, False, sink.login is None
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.file = peer.makefile("rb")
        self.sender = self.recipient = None
        self.wide = False  # MAIL said SMTPUTF8

    def say(self, line):
        self.peer.sendall(line.encode() + b"\r\n")

    def run(self):
        self.sink.peers.append(self.peer)
        if self.sink.silent:
            self.file.read()
            return
        self.say(self.sink.greeting)
        while line := self.file.readline():
            assert line.endswith(b"\r\n") and len(line) <= 1000, line
            text = line.decode("utf-8" if self.wide else "ascii").rstrip("\r\n")
            self.sink.commands.append(text if not text.upper().startswith("AUTH") else "AUTH")
            verb = text.split(" ", 1)[0].upper()
            if verb == "QUIT":
                self.say("221 bye")
                return
            getattr(self, "on_" + verb.lower(), self.on_other)(text)

    def refused(self, command):
        reply = self.sink.answer(command, self)
        if reply:
            self.say(reply)
        return bool(reply)

    def on_other(self, text):
        self.say("500 5.5.1 what?")

    def on_ehlo(self, text):
        lines = ["sink.example", "8BITMIME", "SIZE 10000000"]
        lines += ["STARTTLS"] if self.sink.certificate and not self.encrypted else []
        lines += ["AUTH PLAIN LOGIN"] if self.sink.login else []
        lines += ["SMTPUTF8"] if self.sink.utf8 and (self.encrypted or not self.sink.certificate) else []
        self.say("\r\n".join(f"250{'-' if n < len(lines) - 1 else ' '}{l}" for n, l in enumerate(lines)))

    def on_starttls(self, text):
        self.say("220 go on")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.sink.certificate.cert, self.sink.certificate.key)
        self.peer = context.wrap_socket(self.peer, server_side=True)
        self.file, self.encrypted = self.peer.makefile("rb"), True
        self.sink.peers.append(self.peer)

    def on_auth(self, text):
        words = text.split(" ")
        if words[1] != "PLAIN":
            self.say("504 5.5.4 PLAIN")
            return
        if len(words) < 3:
            self.say("334 ")
            words.append(self.file.readline().decode().strip())
        _, user, password = base64.b64decode(words[2]).decode().split("\0")
        self.known = (user, password) == self.sink.login
        self.say("235 2.7.0 welcome" if self.known else "535 5.7.8 no")

    def on_mail(self, text):
        self.wide = text.upper().endswith(" SMTPUTF8")
        assert not self.wide or self.sink.utf8
        self.sender, self.recipient = text.split("<", 1)[1].split(">", 1)[0], None
        if self.sink.must_tls and not self.encrypted:
            self.say("530 5.7.0 Must issue a STARTTLS command first")
        elif not self.known:
            self.say("530 5.7.0 Authentication required")
        elif not self.refused("MAIL"):
            self.say("250 2.1.0 ok")

    def on_rcpt(self, text):
        self.recipient = text.split("<", 1)[1].split(">", 1)[0]
        if not self.refused("RCPT"):
            self.say("250 2.1.5 ok")

    def on_rset(self, text):
        self.say("250 2.0.0 ok")

    def on_data(self, text):
        if self.refused("DATA"):
            return
        self.say("354 go on")
        lines = []
        while (line := self.file.readline()) != b".\r\n":
            assert line.endswith(b"\r\n"), line
            assert len(line) <= 1000, "RFC 5321 §4.5.3.1.6"
            lines.append(line[1:] if line.startswith(b".") else line)
            assert self.wide or line.isascii()
        if self.refused("."):
            return
        self.sink.got.append(Mail(self.sender, self.recipient, b"".join(lines), self.encrypted))
        self.say("250 2.0.0 taken")
