/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every 207 (RFC 4918 §13) is written here: forward into the response, never a tree, with a fixed set of prefixes on
 * the root: D DAV:, C CalDAV, S calendarserver.org, A Apple's. No white space between elements, nor inside values.
 *
 *     struct buf *out = multistatus_begin(rs);
 *     multistatus_response(out, href);
 *     multistatus_propstat(out);  … <D:getetag>…</D:getetag> …  multistatus_propstat_end(out, 200, NULL);
 *     multistatus_response_end(out);
 *     multistatus_end(out);
 *
 * Long answers call response_flush_if_large() between two responses.
 */
#pragma once

#include "caldav/href.h"
#include "server/http/response.h"

/* The declarations of the prefixes, for other roots with the same fragments inside. */
#define XML_PREFIXES "xmlns:D=\"" NS_DAV "\" xmlns:C=\"" NS_CALDAV "\" xmlns:S=\"" NS_CS "\" xmlns:A=\"" NS_ICAL "\""
#define XML_PROLOGUE "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
#define XML_TYPE "application/xml; charset=utf-8"

/*
 * Status 207, its headers and the root's tag. What can be refused must have been refused before: from the first flush
 * on only a broken connection can signal an error.
 */
struct buf *multistatus_begin(struct response *rs);
void multistatus_end(struct buf *out);

/* One response element; its href is canonical already (href_text). */
void multistatus_response(struct buf *out, struct str href);
void multistatus_response_end(struct buf *out);

/* One propstat; `condition` as in errors.def ("D:need-privileges"), NULL for none. */
void multistatus_propstat(struct buf *out);
void multistatus_propstat_end(struct buf *out, int status, const char *condition);

/* A response that is a status alone: a member that is gone, an href that is not ours, a cut answer. */
void multistatus_status(struct buf *out, struct str href, int status, const char *condition);
