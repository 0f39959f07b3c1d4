#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Our JSON reader beside Python's, on random documents and on random damage to them: what both accept has the same
values, and neither accepts what the other refuses, but for the bounds that json_check.h names. json_python.py PROGRAM"""

import json
import random
import subprocess
import sys
from fractions import Fraction

SAFE = 2**53 - 1
TEXTS = ["", "x", "\u00e4", "\u20ac", "\U0001F600", '"', "\\", "/", "\n", "\t", "\x7f", "\u2028", "<&>'", "\ufeff", "a\u0301"]
NUMBERS = ["0", "-0", "1", "-17", "1.0", "0.5", "1e3", "1E+2", "25e-1", "100e-2", "9007199254740991", "9007199254740992",
           "-9007199254740993", "1.00000000000000000001", "0.99999999999999999999", "1e400", "1e-400", "12345678901234567",
           "1234567890.123456789", "3.14159265358979323846264338327950288", "1e22", "123456789012345e-5"]


def quoted(rnd, text):
    out = ""
    for c in text:
        way = rnd.random()
        if way < 0.3 and ord(c) <= 0xFFFF:
            out += "\\u" + (f"{ord(c):04x}" if way < 0.15 else f"{ord(c):04X}")
        elif way < 0.3:
            high, low = divmod(ord(c) - 0x10000, 0x400)
            out += f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"
        else:
            out += json.dumps(c, ensure_ascii=False)[1:-1]
    return f'"{out}"'


def blank(rnd):
    return rnd.choice(["", "", "", " ", "\n", "\t ", "\r\n"])


def value(rnd, depth):
    kind = rnd.randrange(7 if depth else 4)
    if kind == 0:
        return rnd.choice(["true", "false", "null"])
    if kind == 1:
        return rnd.choice(NUMBERS)
    if kind in (2, 3):
        return quoted(rnd, "".join(rnd.choices(TEXTS, k=rnd.randrange(4))))
    items = [value(rnd, depth - 1) for _ in range(rnd.randrange(5))]
    if kind == 4:
        return "[" + blank(rnd) + ",".join(blank(rnd) + i + blank(rnd) for i in items) + "]"
    return members(rnd, items)


def members(rnd, items):
    names = ["".join(rnd.choices(TEXTS, k=2)) + str(rnd.randrange(30)) for _ in items]
    return "{" + ",".join(blank(rnd) + quoted(rnd, n) + blank(rnd) + ":" + blank(rnd) + i for n, i in zip(names, items)) + "}"


def damaged(rnd, octets):
    octets = bytearray(octets)
    for _ in range(rnd.choice([0, 0, 1, 1, 2, 5])):
        at = rnd.randrange(len(octets) + 1)
        way = rnd.randrange(4)
        if way == 0 and at < len(octets):
            del octets[at]
        elif way == 1:
            octets.insert(at, rnd.randrange(256))
        elif way == 2:
            octets[at:at] = rnd.choice([b"\\", b"\\u0000", b"\\ud800", b"\\udc00", b",", b"[", b"}", b"0", b"-", b".", b"e",
                                        b"\xef\xbb\xbf", b"\xc0\x80", b"\xed\xa0\x80", b"\0", b"\x0b", b"//", b"NaN",
                                        b"Infinity", b"'", b'"a":1,"a":2,'])
        elif at < len(octets):
            octets[at] = rnd.choice(b'"\\{}[],:0123456789eE.+-tfn u')
    return bytes(octets)


class Refused(Exception):
    pass


def no_constant(name):
    raise Refused(name)


def pairs(found):
    names = [n for n, _ in found]
    if len(set(names)) != len(names):
        raise Refused("a name twice")
    return dict(found)


def number(text):
    """As ours are printed: the whole one, where a double cannot be mistaken for another."""
    if len(text) > 63:
        raise Refused("too long")
    digits = text.lower().partition("e")
    if len(digits[2].lstrip("+-")) > 4:
        return "fraction"
    exact = Fraction(digits[0]) * Fraction(10) ** int(digits[2] or 0)
    significant = digits[0].lstrip("-").replace(".", "").strip("0")
    plain = text.lstrip("-").isdigit()
    beyond = not plain and (len(significant) > 15 or len(digits[2].lstrip("+-")) > 2)
    if exact.denominator != 1 or abs(exact) > SAFE or (beyond and exact):
        return "fraction"
    return int(exact) if not beyond else "either"


def walk(v):
    if isinstance(v, str):
        if "\0" in v:
            raise Refused("NUL")
        v.encode()  # half a surrogate pair
    for child in v.values() if isinstance(v, dict) else v if isinstance(v, list) else []:
        walk(child)
    for name in v if isinstance(v, dict) else []:
        walk(name)


def python(octets):
    try:
        found = json.loads(octets.decode(), parse_int=number, parse_float=number, parse_constant=no_constant,
                           object_pairs_hook=pairs)
        walk(found)
    except (ValueError, Refused, UnicodeError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def same(ours, theirs):
    if theirs == "either":
        return ours in (0, "fraction")
    if isinstance(theirs, dict):
        return isinstance(ours, dict) and list(ours) == list(theirs) and all(same(ours[k], theirs[k]) for k in ours)
    if isinstance(theirs, list):
        return isinstance(ours, list) and len(ours) == len(theirs) and all(map(same, ours, theirs))
    return type(ours) is type(theirs) and ours == theirs


def main():
    rnd = random.Random(259)
    texts = []
    for _ in range(20000):
        document = members(rnd, [value(rnd, 4) for _ in range(rnd.randrange(4))])
        texts.append(damaged(rnd, (blank(rnd) + document + blank(rnd)).encode()))
    answers = subprocess.run([sys.argv[1]], input="\n".join(t.hex() for t in texts) + "\n", capture_output=True, text=True,
                             encoding="utf-8", check=True).stdout.split("\n")[:-1]
    assert len(answers) == len(texts), (len(answers), len(texts))
    accepted = 0
    for octets, answer in zip(texts, answers):
        theirs = python(octets)
        if answer.startswith("refused "):
            assert theirs is None, (octets, answer)
            assert "INTERNAL" not in answer, (octets, answer)
            continue
        accepted += 1
        assert theirs is not None, (octets, answer)
        assert same(json.loads(answer), theirs), (octets, answer, theirs)
    assert 5000 < accepted < 19000, accepted
    print(f"{len(texts)} texts, {accepted} accepted by both")


main()
