/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Client ID metadata documents (draft-ietf-oauth-client-id-metadata-document): the client_id is a URL, and what stands
 * there says what the client is. Fetched by the rules of server/net/fetch.h: one fetch of a URL at a time, so many at
 * once and so many a minute of one origin and for one network. Kept for all instances as long as HTTP says, between a
 * minute and a day.
 */
#pragma once

#include "oauth/registration.h"

#define DOCUMENT_URL_MAX 1024
#define DOCUMENT_MAX ((size_t)16 * 1024)

/* Is it called by a URL? Whether there is a document is not looked at. */
bool document_is(struct str client_id);

/*
 * What the document at this URL says.
 *
 * errors  INVALID_VALUE (client_id): no URL of a document, or what is there is none; the text says why
 *         UNAVAILABLE: it cannot be fetched now; RATE_LIMITED
 * spec    §3, §4, §4.1
 */
MUST_CHECK err_t document_read(struct ctx *cx, struct str url, struct registration *out);
