/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Protected resources: the parts of this server that take access tokens (RFC 9728 §2).
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
	const char *path; /* behind the public URL; "" for the whole server */
	const char *name;
	uint64_t scopes;
};
/* The whole server is the first. */
extern const struct audience_row audience_rows[];
extern const size_t audience_row_count;

const struct audience_row *audience_of_path(struct str path); /* exactly; NULL: none of ours */
const struct audience_row *audience_of_bit(int16_t bit);      /* one bit, or 0 for the whole server */
