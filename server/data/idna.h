/* SPDX-License-Identifier: Apache-2.0 */
/* Names of hosts and of mailboxes beyond ASCII. */
#pragma once

#include "server/base/arena.h"
#include "server/base/str.h"

#define IDNA_HOST_MAX ((size_t)253) /* octets of a name of hosts, as ASCII (RFC 1035 §2.3.4) */

/*
 * A host's name as it is asked for: its labels as A-labels (RFC 5890 §2.3.2.1), by UTS #46 without its transition,
 * under the rules for hosts (RFC 1123 §2.1). False when it is none.
 */
bool idna_host_to_ascii(struct arena *mem, struct str host, struct str *out);

/* UTF-8 of characters that stand for themselves: no control, no blank, nothing invisible, nothing unassigned. */
bool idna_is_visible(struct str text);
