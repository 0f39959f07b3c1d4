# SPDX-License-Identifier: Apache-2.0
"""Secrets that are well-formed, checksum and all, and were never issued (server/crypto/secret.h has the formats)."""
import zlib

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
WITH_REGION = ("sk_live_", "sk_test_", "rk_live_", "rk_test_", "pk_live_", "pk_test_")


def in_digits(value, count):
    text = ""
    for _ in range(count):
        value, digit = divmod(value, 62)
        text = ALPHABET[digit] + text
    return text


def forged(secret, change):
    """The secret with its octets changed in place by `change`, and its checksum made right again."""
    if secret.startswith("cp_"):
        octets = bytearray.fromhex(secret[3:])
        change(octets)
        return "cp_" + octets.hex()
    cut = next((len(p) + 1 for p in WITH_REGION if secret.startswith(p)), 4)
    digits = secret[cut:-6]
    value = 0
    for c in digits:
        value = value * 62 + ALPHABET.index(c)
    octets = bytearray(value.to_bytes((len(digits) * 5955 // 8000), "big"))
    change(octets)
    text = secret[:cut] + in_digits(int.from_bytes(octets, "big"), len(digits))
    return text + in_digits(zlib.crc32(text.encode()), 6)


def altered(text, at):
    """With another digit at that place, whatever stands there."""
    return text[:at] + ("0" if text[at] != "0" else "1") + text[at + 1:]


def other_random(octets):
    """Octets that no tag covers and every hash does."""
    octets[5] ^= 1
