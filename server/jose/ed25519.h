/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signatures of Ed25519 (RFC 8032 §5.1), verified by libsodium in half of the time that OpenSSL 3.0 takes
 * (docs/adr/0057). What is signed here, and keys of certificates, stay OpenSSL's.
 */
#pragma once

#include "server/base/str.h"

#define ED25519_KEY 32
#define ED25519_SIGNATURE 64

/*
 * Did this key sign the text? No for a signature whose number is not below the order of the group (§5.1.7), and for a
 * key in another spelling than its own or of a small order, by which anybody can sign. Of any sizes.
 */
bool ed25519_signed(struct bytes key, struct bytes text, struct bytes signature);

/* Is it a key that somebody can have alone: a point in its only spelling, of the group that signs? */
bool ed25519_is_key(struct bytes key);
