# SPDX-License-Identifier: Apache-2.0
"""A receiver of webhooks on loopback, as a platform has one; it answers GET, too.

    with Receiver() as receiver:
        receiver.url                      where it listens
        receiver.got                      Deliveries: .headers (a dict, names in lower case) .body .json .type
        receiver.answer = lambda d: 503   a status, or (status, headers, body); seen for each delivery
        receiver.of("event.created")      those of a type
"""
import base64
import hashlib
import hmac
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from openapi import Document
from world import BIN


class Delivery:
    def __init__(self, path, headers, body):
        self.path, self.headers, self.body = path, headers, body

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def type(self):
        return self.json["type"]


class Receiver:
    def __init__(self):
        self.got, self.answer = [], lambda delivery: 200
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                delivery = Delivery(self.path, {k.lower(): v for k, v in self.headers.items()}, body)
                receiver.got.append(delivery)
                answer = receiver.answer(delivery)
                status, headers, text = answer if isinstance(answer, tuple) else (answer, {}, b"")
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            do_GET = do_POST

            def log_message(self, *_):
                pass

            def handle(self):
                try:
                    super().handle()
                except ConnectionError:
                    pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/in"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def of(self, type):
        return [d for d in self.got if d.type == type]

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def check(self):
        """Holds all that came to the API's document."""
        for d in self.got:
            if "calends-event" in d.headers and d.json.get("object") == "webhook_event":
                Document.load(BIN).check_webhook(d.json)

    def __enter__(self):
        return self

    def __exit__(self, failure, *_):
        self.close()
        if failure is None:
            self.check()


def verified(delivery, secret, brand="calends"):
    """Both signatures, by the text of docs/webhooks.md alone: how many of each were made with this secret."""
    fields = [f.split("=", 1) for f in delivery.headers[f"{brand}-signature"].split(",")]
    stamp = dict(fields)["t"]
    given = hmac.new(secret.encode(), f"{stamp}.".encode() + delivery.body, hashlib.sha256).hexdigest()
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{delivery.headers['webhook-id']}.{delivery.headers['webhook-timestamp']}.".encode() + delivery.body
    standard = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return ([v for k, v in fields if k == "v1"].count(given), delivery.headers["webhook-signature"].split(" ").count(standard))
