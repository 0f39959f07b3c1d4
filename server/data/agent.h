/* SPDX-License-Identifier: Apache-2.0 */
/* What a program calls itself (User-Agent, RFC 9110 §10.1.5), as people know it. A claim, never a proof. */
#pragma once

#include "server/base/arena.h"
#include "server/data/catalogue.h"

/* "Firefox on Linux"; of what is no known browser the beginning of what it says; absent where it says nothing. */
struct str agent_words(struct arena *mem, const struct language *language, struct str agent);

/* Without what all browsers say alike, so that the part that tells them apart stands within `octets`: whole characters.
 */
struct str agent_beginning(struct arena *mem, struct str agent, size_t octets);
