# SPDX-License-Identifier: Apache-2.0
"""A quick yes to what fits a JSON schema: no other answer. Who hears no asks jsonschema, which knows all of it and says what is wrong.

    fits = quick(schema, resolve)       fits(value): True only where the value fits for certain

Every reply of the tests is held to the API's document; nearly all fit, and jsonschema takes a tenth of all the processor's time for that."""
import re

import jsonschema

FORMATS = jsonschema.FormatChecker()
SAYS_NOTHING = {"description", "title", "example", "examples", "default", "readOnly", "writeOnly", "deprecated"}
TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}


def never(value):
    return False


def is_type(name):
    """As JSON has it: true is no number, 1.0 is an integer."""
    if name == "integer":
        return lambda v: type(v) is int or (type(v) is float and v.is_integer())
    if name == "number":
        return lambda v: type(v) in (int, float)
    kind = TYPES[name]
    return lambda v: type(v) is kind


def of_kind(kinds, holds):
    """A keyword that is about values of some kinds alone."""
    return lambda v: type(v) not in kinds or holds(v)


def same(a, b):
    return type(a) is type(b) and a == b and type(a) in (str, bool, int, type(None))


class Quick:
    def __init__(self, resolve):
        self.resolve, self.made = resolve, {}

    def of(self, schema):
        if schema is True or schema == {}:
            return lambda v: True
        if schema is False:
            return never
        if "$ref" in schema:
            name = schema["$ref"]
            if set(schema) - SAYS_NOTHING != {"$ref"}:
                return never
            if name not in self.made:
                self.made[name] = lambda v: self.made[name](v)  # of what refers to itself
                self.made[name] = self.of(self.resolve(schema))
            return lambda v: self.made[name](v)
        checks = [self.keyword(word, schema) for word in schema if word not in SAYS_NOTHING]
        if never in checks:
            return never
        return checks[0] if len(checks) == 1 else lambda v: all(check(v) for check in checks)

    def keyword(self, word, schema):
        made = getattr(self, "of_" + word, None)
        return made(schema[word], schema) if made else never

    def of_type(self, names, schema):
        tests = [is_type(n) for n in ([names] if isinstance(names, str) else names)]
        return tests[0] if len(tests) == 1 else lambda v: any(t(v) for t in tests)

    def of_properties(self, properties, schema):
        each = {name: self.of(s) for name, s in properties.items()}
        return of_kind((dict,), lambda v: all(each[name](x) for name, x in v.items() if name in each))

    def of_required(self, names, schema):
        return of_kind((dict,), lambda v: all(n in v for n in names))

    def of_additionalProperties(self, rest, schema):
        known, check = set(schema.get("properties", ())), self.of(rest)
        return of_kind((dict,), lambda v: all(check(x) for name, x in v.items() if name not in known))

    def of_items(self, schema, _):
        check = self.of(schema)
        return of_kind((list,), lambda v: all(check(x) for x in v))

    def of_minItems(self, least, _):
        return of_kind((list,), lambda v: len(v) >= least)

    def of_maxItems(self, most, _):
        return of_kind((list,), lambda v: len(v) <= most)

    def of_minLength(self, least, _):
        return of_kind((str,), lambda v: len(v) >= least)

    def of_maxLength(self, most, _):
        return of_kind((str,), lambda v: len(v) <= most)

    def of_minimum(self, least, _):
        return of_kind((int, float), lambda v: v >= least)

    def of_maximum(self, most, _):
        return of_kind((int, float), lambda v: v <= most)

    def of_pattern(self, pattern, _):
        found = re.compile(pattern).search
        return of_kind((str,), lambda v: found(v) is not None)

    def of_format(self, name, _):
        return lambda v: FORMATS.conforms(v, name)

    def of_const(self, value, _):
        return lambda v: same(v, value)

    def of_enum(self, values, _):
        return lambda v: any(same(v, x) for x in values)

    def of_anyOf(self, schemas, _):
        checks = [self.of(s) for s in schemas]
        return lambda v: any(check(v) for check in checks)

    def of_allOf(self, schemas, _):
        checks = [self.of(s) for s in schemas]
        return lambda v: all(check(v) for check in checks)
