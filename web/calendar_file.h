/* SPDX-License-Identifier: Apache-2.0 */
/* A file that somebody chose as a calendar: what it is instead, and what it is called. */
#pragma once

#include "server/base/ctx.h"
#include "server/data/form.h"

#define CALENDAR_FILE_MAX ((size_t)5 * 1024 * 1024) /* octets; the same on REST */

/*
 * Whether it may be a calendar, in words for people: an archive, a picture and the like are told as what they are.
 * What is not UTF-8 would lose characters; `anyway`: that is fine.
 *
 * errors  INVALID_VALUE: "file", or "encoding" if it is that alone
 */
MUST_CHECK err_t calendar_file_check(struct ctx *cx, struct str data, bool anyway);

/* A name for the calendar: X-WR-CALNAME or NAME (RFC 7986 §5.1) of its first lines, else the file's, else "Imported".
 */
struct str calendar_file_name(struct ctx *cx, const struct form_file *file);
