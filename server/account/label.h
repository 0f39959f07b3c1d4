/* SPDX-License-Identifier: Apache-2.0 */
/* Names that people give to accounts, keys, apps and calendars, and read in lists and on consent pages. */
#pragma once

#include "server/base/ctx.h"

#define LABEL_MAX 100 /* characters */

/*
 * The text without blanks at its ends. INVALID_VALUE (with `param`) unless it is UTF-8 of 1 to LABEL_MAX characters
 * without line breaks, control characters, marks that turn the direction of writing and characters of no width: a name
 * must not be able to rewrite the line that it stands in, nor look like another. U+200C and U+200D are fine where they
 * are seen: between characters of scripts that join, and in emoji. MISSING_FIELD when absent or blank.
 */
MUST_CHECK err_t label_clean(struct ctx *cx, const char *param, struct str text, struct str *out);

/*
 * Of a longer text, with its line ends: UTF-8 without other control characters than TAB. Absent is fine. INVALID_VALUE.
 */
MUST_CHECK err_t text_clean(struct ctx *cx, const char *param, struct str text);
