# SPDX-License-Identifier: Apache-2.0
"""The API's own document, and replies held to it.

    document = Document.load()                       as `calends reference openapi` prints it
    document.operation("GET", "/v1/events/evt_x")    (template, operation) or None
    document.check("GET", "/v1/events?limit=1", reply)      AssertionError where the reply is not as promised
"""
import functools
import json
import re
import subprocess
from urllib.parse import unquote, urlsplit

import jsonschema

from quick_schema import Quick

# Written by the HTTP layer itself, before any route is chosen.
OF_THE_LAYER = {414, 417, 421, 431, 501, 505}


class Document:
    def __init__(self, document):
        self.json, self.quick = document, Quick(self.resolve)
        self.paths = [(re.compile("^" + re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path)) + "$"), path, operations)
                      for path, operations in document["paths"].items()]

    @classmethod
    @functools.lru_cache
    def load(cls, binary):
        return cls(json.loads(subprocess.run([binary, "reference", "openapi"], check=True, capture_output=True).stdout))

    def operations(self):
        """(method, template, operation) of each."""
        return [(method.upper(), path, operation) for path, operations in self.json["paths"].items()
                for method, operation in operations.items()]

    def operation(self, method, target):
        path = unquote(urlsplit(target).path, errors="replace")
        for pattern, template, operations in self.paths:
            if pattern.match(path):
                found = operations.get(method.lower())
                return found and (template, found)
        return None

    def resolve(self, node):
        while "$ref" in node:
            found = self.json
            for name in node["$ref"].removeprefix("#/").split("/"):
                found = found[name]
            node = found
        return node

    @functools.lru_cache
    def _validator(self, text):
        schema = {**json.loads(text), "components": self.json["components"]}
        return jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())

    @functools.lru_cache
    def _fits(self, text):
        return self.quick.of(json.loads(text))

    def validator(self, schema):
        return self._validator(json.dumps(schema))

    def validate(self, schema, value, what):
        text = json.dumps(schema)
        if self._fits(text)(value):
            return
        errors = [f"{'/'.join(map(str, e.absolute_path))}: {e.message}" for e in self._validator(text).iter_errors(value)]
        assert not errors, (what, errors[:5], value)

    def check_webhook(self, body):
        """What came to a receiver is what the document says that comes."""
        told = self.json["webhooks"].get(body["type"])
        assert told, f"the document knows no webhook {body['type']}"
        self.validate(told["post"]["requestBody"]["content"]["application/json"]["schema"], body, f"webhook {body['type']}")

    def check(self, method, target, reply):
        found = self.operation(method, target)
        if not found or reply.status in OF_THE_LAYER:
            return
        template, operation = found
        what = f"{method} {template} → {reply.status}"
        promised = operation["responses"].get(str(reply.status))
        assert promised, f"{what}: {operation['operationId']} does not promise it: {reply}"
        promised = self.resolve(promised)
        content = promised.get("content")
        kind = (reply.headers.get("Content-Type") or "").partition(";")[0]
        if content is None:
            assert not reply.body, (what, reply)
            return
        assert kind in content, (what, kind)
        if kind == "application/json":
            self.validate(content[kind]["schema"], reply.json, what)
