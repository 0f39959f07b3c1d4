/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parameters of every OAuth endpoint, by one rule: one without a value counts as absent, so it may also be there twice;
 * one with a value must not be (OAuth 2.1 §3.1, §3.2.2; param_table.h says which may). They are read one by one: a
 * broken one (bad escape, NUL, not UTF-8) spoils itself and not the others, so that the client can still be told.
 */
#pragma once

#include "server/base/ctx.h"

#define PARAMS_MAX 100

struct param {
	struct str name, value;
	bool broken; /* value is not set */
};

struct params {
	const struct param *items;
	size_t count;
	bool nameless; /* one is so broken that not even its name can be read */
};

/* MALFORMED: more than PARAMS_MAX. */
MUST_CHECK err_t params_read(struct ctx *cx, struct str text, struct params *out);

/* How often it is there, broken or not. */
size_t param_count(const struct params *params, const char *name);
/*
 * What the tokens that are asked for shall be for: each `resource` (RFC 8707 §2), which may be there more than once. 0
 * where there is none, and where the whole server is among them. INVALID_TARGET: one is none of ours.
 */
MUST_CHECK err_t params_audience(struct ctx *cx, const struct params *params, int16_t *out);
/* Its value when it is there once and whole; else absent. */
struct str param_get(const struct params *params, const char *name);
/* For tests, what params_check() asks: the first name that is there twice and may not be (param_table.h); the first
 * that is broken. Absent when there is none. */
struct str param_repeated(const struct params *params);
struct str param_broken(const struct params *params);

/* MALFORMED, with the name: one is broken or there twice. */
MUST_CHECK err_t params_check(struct ctx *cx, const struct params *params);
