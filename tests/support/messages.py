#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The texts for people that templates and C say, and the catalogues that have them in other languages (web/messages/*.po).

    tests/support/messages.py            what each catalogue lacks, and what nobody says any more
    tests/support/messages.py --write    add what is lacking, with an empty translation, and take out what is not said
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
C_STRING = r'"((?:[^"\\]|\\.)*)"'
# say(rq, "…"), say_with(rq, "…", …), page_new(rq, "…", …), and SAY("…") in static tables, which say() is told of later; in letters
# wording(language, "…"), wording_with(mem, language, "…", …), letter_new(cx, language, "…", …), letter_say(letter, "…", …) and its like.
SAID_IN_C = re.compile(rf'\b(?:say(?:_with)?\s*\([^,"]+,|page_new\s*\([^,"]+,|SAY\s*\(|letter_(?:say|fact|link|link_to|reason)\s*\([^,"]+,'
                       rf'|(?:wording_with|letter_new)\s*\([^,"]+,[^,"]+,|wording\s*\([^,"]+,)\s*({C_STRING}(?:\s*{C_STRING})*)')
SAYING = ("web/*.c", "server/data/agent.c", "server/data/wording.c", "server/mail/*.c", "server/booking/*.c")
# The other text of page_new(rq, choice ? "…" : "…", …).
CHOICE_IN_C = re.compile(rf'\b(?:say|page_new)\s*\([^,"]+,[^,"]*\?\s*{C_STRING}\s*:\s*{C_STRING}')

# What pages say when something was wrong: the formats of REFUSE(cx, KIND, "field", "…"), in web/ and where pages call it.
REFUSED = re.compile(rf'\b(?:REFUSE\s*\([^,"]+,[^,"]+,[^,]+,|BAD\s*\()\s*({C_STRING}(?:\s*{C_STRING})*)\s*[,)]')
REFUSING = ("web/*.c", "server/account/*.c", "server/booking/booking_write.c", "server/crypto/password.c", "server/mail/leaving.c",
            "server/mail/mailbox.c", "server/mail/reset.c", "server/webhook/endpoint.c", "server/webhook/log.c", "oauth/client.c",
            "oauth/client_auth.c", "oauth/client_policy.c", "oauth/connected_account.c", "oauth/consent.c", "oauth/device.c",
            "oauth/redirect.c", "caldav/calendar/rule/*.c", "caldav/calendar/import/cut.c", "caldav/calendar/import/import.c", "caldav/calendar/ical/*.c", "caldav/calendar/validate.c",
            "caldav/calendar/event/itip.c",
            "caldav/calendar/recur/series.c", "caldav/calendar/recur/rscale_read.c", "caldav/calendar/recur/vtimezone.c", "caldav/calendar/*/times.c")
# What an app that leads somebody here did wrong, before it can be told itself: a page.
LED_HERE = re.compile(r"(?:The app that led|What the app that led) you here\b.*|This request (?:to connect is not known|was already answered)\b.*")
# Rows of errors.def that people are shown as they stand there.
ROWS = re.compile(rf'^ERR\((?:EMAIL_UNCONFIRMED|DISK_FULL|FORBIDDEN|CONFLICT|INVALID_VALUE|MISSING_FIELD|DAV_QUOTA),.*{C_STRING}\)$', re.M)
# Values of "%s Try again.": what was wrong with a passkey.
PASSKEY = re.compile(r"(?:The|This) (?:passkey|page)\b.*")
# A program of its own, which speaks English: the demo platform.
FOREIGN = ("demo.c", "demo_banner.c", "demo_file.c", "demo_oauth.c", "demo_platform.c")
CONVERSION = re.compile(r"%[-+#0-9.*]*[hlzj]*[a-zA-Z]")


def unescaped(text):
    return text.replace("\\n", "\n").replace('\\"', '"').replace("\\\\", "\\")


def said():
    """Each text, with the files that say it."""
    texts = {}
    for path in sorted((ROOT / "web/templates").glob("*.html")):
        for text in re.findall(r"\{\{#t\}\}(.*?)\{\{/t\}\}", path.read_text(), re.S):
            texts.setdefault(text, []).append(path.name)
    for sentence in re.findall(rf"^SCOPE\([^\n]*?,\s+(?:LOW|MEDIUM|SENSITIVE),\s+{C_STRING}|^IDENTITY\([^\n]*?,\s+(?:LOW|MEDIUM|SENSITIVE),\s+{C_STRING}",
                               (ROOT / "server/auth/scopes.def").read_text(), re.M):
        texts.setdefault(unescaped("".join(sentence)), []).append("scopes.def")
    for summary in re.findall(rf'^AUDIT\("[^"]*",\s*"[^"]*",\s*{C_STRING}', (ROOT / "server/account/audit.def").read_text(), re.M):
        texts.setdefault(unescaped(summary), []).append("audit.def")
    for text in re.findall(rf'^NOTE\(\w+,\s*"[^"]*",\s*{C_STRING}', (ROOT / "caldav/calendar/import/notes.def").read_text(), re.M):
        texts.setdefault(unescaped(text), []).append("notes.def")
    for kind in re.findall(rf'^NOTICE\("[^"]*",\s*({C_STRING}),\s*({C_STRING})', (ROOT / "server/mail/notice.def").read_text(), re.M):
        for text in (kind[1], kind[3]):
            if text:
                texts.setdefault(unescaped(text), []).append("notice.def")
    for path in sorted(path for pattern in SAYING for path in ROOT.glob(pattern)):
        source = path.read_text()
        found = [unescaped("".join(re.findall(C_STRING, all_parts))) for all_parts, *_ in SAID_IN_C.findall(source)]
        found += [unescaped(text) for pair in CHOICE_IN_C.findall(source) for text in pair]
        for text in found:
            texts.setdefault(text, []).append(path.name)
    for path in (ROOT / "server/account/passkey.c", ROOT / "server/jose/webauthn.c"):
        for parts, *_ in re.findall(rf"({C_STRING}(?:\s*{C_STRING})*)", path.read_text()):
            text = unescaped("".join(re.findall(C_STRING, parts)))
            if PASSKEY.fullmatch(text):
                texts.setdefault(text, []).append(path.name)
    for path in sorted((ROOT / "oauth").glob("*.c")):
        for parts, *_ in re.findall(rf"({C_STRING}(?:\s*{C_STRING})*)", path.read_text()):
            text = unescaped("".join(re.findall(C_STRING, parts)))
            if LED_HERE.fullmatch(text):
                texts.setdefault(text, []).append(path.name)
    for text in ROWS.findall((ROOT / "server/base/errors.def").read_text()):
        texts.setdefault(unescaped(text), []).append("errors.def")
    for path in sorted(path for pattern in REFUSING for path in ROOT.glob(pattern) if path.name not in FOREIGN):
        for all_parts, *_ in REFUSED.findall(path.read_text()):
            text = unescaped("".join(re.findall(C_STRING, all_parts)))
            if re.search("[a-z]{2}", CONVERSION.sub("", text)):
                texts.setdefault(text, []).append(path.name)
    return texts


def catalogue(path):
    """{English: translation} of a file; an empty one is not translated. The head has the key ""."""
    texts, key = {}, None
    for line in path.read_text().splitlines():
        if match := re.match(rf"(msgid|msgstr)?\s*{C_STRING}$", line):
            word, part = match.group(1), unescaped(match.group(2))
            if word == "msgid":
                key = part
                texts[key] = None
            elif word == "msgstr":
                texts[key] = part
            elif texts[key] is None:
                texts[key + part] = texts.pop(key)
                key += part
            else:
                texts[key] += part
        elif line and not line.startswith("#"):
            raise ValueError(f"{path}: {line}")
    return texts


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def write(path):
    """As catalogue() reads it: head, then the texts in the order of the alphabet."""
    texts, has = said(), catalogue(path)
    comments = [line for line in path.read_text().splitlines() if line.startswith("#")]
    head = "".join(f'"{line}\\n"\n' for line in has[""].splitlines())
    entries = [f"msgid {quoted(text)}\nmsgstr {quoted(has.get(text) or '')}\n" for text in sorted(texts)]
    path.write_text("\n".join(comments) + f'\nmsgid ""\nmsgstr ""\n{head}\n' + "\n".join(entries))


def main():
    for path in sorted((ROOT / "web/messages").glob("*.po")):
        if "--write" in sys.argv[1:]:
            write(path)
        texts, has = said(), catalogue(path)
        for text in sorted(t for t in texts if not has.get(t)):
            print(f"{path.name}: not translated: {text!r} ({', '.join(sorted(set(texts[text])))})")
        for text in sorted(t for t in has if t and t not in texts):
            print(f"{path.name}: said nowhere: {text!r}")


if __name__ == "__main__":
    main()
