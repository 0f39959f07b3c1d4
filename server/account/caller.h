/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who called, as logs and usage tell of it: a key by its id, or the pages of the documentation, where an operation is
 * tried by who is signed in and by no key (docs/adr/0048).
 */
#pragma once

#include "server/base/arena.h"
#include "server/base/id.h"

/* No key's: those are UUIDv7. */
extern const struct id caller_documentation;
#define CALLER_DOCUMENTATION "documentation"

/* "key_…" or "documentation"; absent of zero. In mem. */
struct str caller_text(struct arena *mem, struct id credential);
/* The reverse; false: it is neither. */
bool caller_parse(struct str text, struct id *out);
