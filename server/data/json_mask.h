/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Texts that are written in one way only, as the mask in `of` of a JSON_STR shows people: #RRGGBB, HH:MM, YYYY-MM-DD.
 * R, G and B stand for a hexadecimal digit of either case, H, M, Y and D for a decimal one, all else for itself. A mask
 * says how a text looks; whether it is an hour or a day that there is, is its reader's to say.
 */
#pragma once

#include "server/base/arena.h"
#include "server/base/str.h"

bool json_mask_fits(const char *mask, struct str text);

/* How many characters it has, as `max` of a JSON_STR counts them: code points of UTF-8. */
size_t json_characters(struct str text);

/* The regular expression that is the mask (JSON Schema's `pattern`): ^#[0-9A-Fa-f]{6}$ */
struct str json_mask_pattern(struct arena *mem, const char *mask);
