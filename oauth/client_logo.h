/* SPDX-License-Identifier: Apache-2.0 */
/* The logo of an app, as server/picture/ makes it. People see it where the operator vouches for the app. */
#pragma once

#include "server/base/ctx.h"

/* Absent: none any more. The app is verified no longer. NOT_FOUND: not the owner's. */
MUST_CHECK err_t client_logo_set(struct ctx *cx, struct id owner, struct id client, struct bytes logo);
/* NOT_FOUND: it has none or another, or the app is not verified and not `asker`'s, in either mode. */
MUST_CHECK err_t client_logo(struct ctx *cx, struct id client, struct str tag, struct id asker, struct bytes *out);

struct client_logo_tag {
	struct id id;
	struct str tag;
};
/* Of those of these apps that have a logo, whether verified or not. One round trip. */
MUST_CHECK err_t client_logo_tags(
	struct ctx *cx, const struct id *clients, size_t count, struct client_logo_tag **out, size_t *count_out);
/* That of this app; absent: it has none. */
struct str client_logo_tag_of(const struct client_logo_tag *tags, size_t count, struct id client);
