/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A template as html.c runs it: read once in each language, with the texts of that language in it, and kept for as long
 * as the process lives. For the files html*.c.
 */
#pragma once

#include "server/data/html.h"

enum html_op_kind {
	HTML_TEXT,    /* as it stands */
	HTML_VALUE,   /* of the name, escaped */
	HTML_EACH,    /* the body for each row, or once */
	HTML_UNLESS,  /* the body if there is none */
	HTML_INCLUDE, /* another template */
};

struct html_op {
	enum html_op_kind kind;
	uint32_t hash; /* html_name_hash() of the name */
	union {
		uint32_t body;  /* so many ops after it: HTML_EACH, HTML_UNLESS */
		uint32_t other; /* its index in html_templates: HTML_INCLUDE */
	};
	struct str text; /* HTML_TEXT, or the name */
};

struct html_program {
	const struct html_op *ops;
	size_t count;
};

/* Of names: their literals are many, and most are asked for in vain. */
static inline uint32_t html_name_hash(struct str name)
{
	uint32_t hash = UINT32_C(2166136261); /* FNV-1a */
	for (size_t i = 0; i < name.len; i++)
		hash = (hash ^ (unsigned char)name.ptr[i]) * UINT32_C(16777619);
	return hash;
}

/* The index of a template in html_templates; html_template_count: there is none. */
size_t html_template_at(struct str name);

/* The program of a text, for as long as the request and the text live. INTERNAL: it is ill-formed. */
MUST_CHECK err_t html_program_read(
	struct ctx *cx, struct str text, const struct language *language, struct html_program *out);

/* That of html_templates[at], read with its first use in a language. */
MUST_CHECK err_t html_program_of(
	struct ctx *cx, size_t at, const struct language *language, const struct html_program **out);
