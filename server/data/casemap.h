/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text as the collation i;unicode-casemap compares it, octet by octet (RFC 5051 §2): each character in title case, and
 * then decomposed, so that "ä" and "Ä" are the same, and "½" and "1⁄2".
 */
#pragma once

#include "server/base/arena.h"
#include "server/base/str.h"

/* What is no UTF-8 stays as it is. */
struct str unicode_casemap(struct arena *mem, struct str text);
