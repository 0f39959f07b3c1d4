/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Protected resources: the parts of this server that a token can be for. As a set of bits at run time and in the
 * database, as URLs at the edges (RFC 8707 §2, RFC 9728 §2). No bit at all means: for all of them, those to come too.
 */
#pragma once

#include "server/auth/scope.h"

enum audience_bit {
#define AUDIENCE(constant, bit, ...) constant = 1 << (bit),
#include "server/auth/audience.def"
#undef AUDIENCE
};

struct audience_row {
	int16_t bit;      /* 0: the whole server */
	const char *path; /* after the public URL; "" for the whole server */
	const char *name;
	uint64_t scopes;
};
/* The whole server is the first. */
extern const struct audience_row audience_rows[];
extern const size_t audience_row_count;

const struct audience_row *audience_of_path(struct str path); /* exactly; NULL: none of ours */
const struct audience_row *audience_of_bit(int16_t bit);      /* one bit, or 0 for the whole server */

/*
 * Which part a resource indicator means: the absolute URL of one, or of anything below it. The public URL itself, with
 * or without a slash, means the whole server: *out is 0 then.
 *
 * false  another server's, or no part of this one; a fragment or a query (RFC 8707 §2); another spelling of the origin
 */
bool audience_parse(struct str public_url, struct str uri, int16_t *out);

/* The URLs of a set, each followed by a blank but for the last; of the whole server for 0. */
struct str audience_text(struct arena *mem, struct str public_url, int16_t set);
