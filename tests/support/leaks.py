# SPDX-License-Identifier: Apache-2.0
"""Which secrets an answer hands out; and is one of them in a log, or in the database? There every row of every table is looked at, for the text,
its hex form and its random octets.

    python3 leaks.py FOLDER <secrets-and-log.json      for tests/clients: of the private cluster whose socket is there, and a log
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

FIELDS = ("feedToken", "key", "secret", "client_secret", "access_token", "refresh_token", "code", "password", "device_code",
                 "registration_access_token", "session_token", "id_token")
IN_A_BODY = (b'"access_token"', b'"refresh_token"', b'"client_secret"', b'"key"', b'"device_code"', b'"session_token"',
             b'"registration_access_token"', b'"request_uri"')
REFERENCE = "urn:ietf:params:oauth:request_uri:"
HEAD = 12  # of a secret: by so much of it lines are looked through
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
# The formats of server/crypto/secret.h, and how many digits stand after each prefix before the checksum.
DIGITS = {"cat_": 60, "crt_": 92, "cac_": 76, "cls_": 43, "cds_": 43, "cri_": 43, "crm_": 43, "ses_": 54}
IN_A_HEADER = re.compile(r"\b(?:cac|ses)_[0-9A-Za-z]{50,}")
# What no log and no table has of anybody's secrets, whoever was handed it: as long as they are.
ANY = r"\b((cat|crt|cac|cls|cds|cri|crm|ses)_[0-9A-Za-z]{49,}|(cp|[srp]k_(live|test))_[0-9A-Za-z]{40,})\b"
# Of a table in a usual run: it has hardly ever more. CALENDS_TESTS=whole has no limit.
ROWS = 5000

TABLES = """
SELECT format('COPY (SELECT %L, whole_row FROM %s whole_row LIMIT {rows}) TO STDOUT', oid::regclass, oid::regclass)
  FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND pg_relation_size(oid) > 0 ORDER BY oid
\\gexec
"""


def may_have_a_secret(body):
    """The API's document has these names, too, and its examples are no secrets."""
    return not body.startswith(b'{"openapi"') and any(name in body for name in IN_A_BODY)


def secrets_in(fields):
    """Every secret in JSON that a command or an endpoint answered."""
    if isinstance(fields, list):
        return {secret for one in fields for secret in secrets_in(one)}
    if not isinstance(fields, dict):
        return set()
    found = set()
    for name, value in fields.items():
        if name == "error":
            continue  # its `code` is a word, which the log tells too
        if name in FIELDS and isinstance(value, str) and len(value) >= 16:
            found.add(value)
        if name == "request_uri" and isinstance(value, str) and value.startswith(REFERENCE):
            found.add(value.removeprefix(REFERENCE)) # by it alone a request that was pushed is opened
        found |= secrets_in(value)
    return found


def first_line_with(secrets, lines):
    """The first line that has one of the secrets in it, or None. However many there are, a line is walked once: by what they begin with."""
    heads, short = {}, [s for s in secrets if len(s) < HEAD]
    for s in secrets:
        heads.setdefault(s[:HEAD], []).append(s)
    for line in lines:
        if any(s in line for s in short):
            return line
        for at in range(len(line) - HEAD + 1):
            if line[at:at + HEAD] in heads and any(line.startswith(s, at) for s in heads[line[at:at + HEAD]]):
                return line
    return None


def random_octets(secret):
    """Some of those that make it hard to guess, in hex as PostgreSQL prints them: stored as they are, they were the secret itself."""
    digits = DIGITS.get(secret[:4])
    if digits is None or len(secret) != 4 + digits + 6 or not secret.isascii():
        return []
    value = 0
    for c in secret[4:-6]:
        if c not in ALPHABET:
            return []
        value = value * 62 + ALPHABET.index(c)
    length = digits * 5955 // 8000
    return [value.to_bytes(length, "big")[4:20].hex()] if value < 1 << 8 * length else []


def forms(secret):
    return [secret, secret.encode().hex(), *random_octets(secret)]


def first_row_with(postgres, database, secrets, whole=False):
    """The first row with one of them, its table before it; None where there is none."""
    if not secrets:
        return None
    with tempfile.NamedTemporaryFile("w", dir="/tmp", prefix="calends-secrets-") as patterns:
        patterns.write("\n".join(form for secret in secrets for form in forms(secret)))
        patterns.flush()
        return first_row_of(f"{postgres.bin}/psql", postgres.url(database), ["-F", "-f", patterns.name], whole)


def first_row_of(psql, url, patterns, whole=False):
    """The same by words of grep."""
    script = TABLES.format(rows="ALL" if whole else ROWS)
    psql = subprocess.Popen([psql, "-XqAt", "-v", "ON_ERROR_STOP=1", url], stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=dict(os.environ, PGCLIENTENCODING="UTF8"))
    grep = subprocess.Popen(["grep", "-a", *patterns], stdin=psql.stdout, stdout=subprocess.PIPE, env=dict(os.environ, LC_ALL="C"))
    psql.stdout.close()
    psql.stdin.write(script.encode())
    psql.stdin.close()
    found = grep.communicate()[0]
    complaint = psql.stderr.read().decode()
    psql.stderr.close()
    assert psql.wait() == 0 and grep.returncode in (0, 1), complaint
    return found.partition(b"\n")[0].decode("utf-8", "replace") or None


def main(folder):
    told = json.load(sys.stdin)
    known = [form for secret in told["secrets"] for form in forms(secret)]
    patterns = ["-E", *[word for one in (ANY, *map(re.escape, known)) for word in ("-e", one)]]
    for line in told["log"].splitlines():
        if re.search(ANY, line) or any(secret in line for secret in told["secrets"]):
            sys.exit("a secret is in the log: " + line[:2000])
    row = first_row_of(shutil.which("psql"), f"host={folder} port=5432 user=calends dbname=calends", patterns)
    if row:
        sys.exit("a secret is in the database: " + row[:2000])


if __name__ == "__main__":
    main(sys.argv[1])
