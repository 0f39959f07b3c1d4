/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How functions fail. A function that can fail is declared `MUST_CHECK err_t`; err_t is a pointer, and NULL is OK.
 * What a failure means in each protocol is one row of errors.def. An error lives in the request's arena and is logged
 * once, where the request ends.
 */
#pragma once

#include "server/base/clock.h"

enum err_kind {
#define ERR(kind, ...) kind,
#include "server/base/errors.def"
#undef ERR
	ERR_KINDS
};

/* A time that is free instead of the one that was asked for. */
struct err_slot {
	struct instant start, end;
};

struct err {
	enum err_kind kind;
	struct str param;   /* the field or parameter that was wrong; absent where none */
	struct str said;    /* for the caller; absent: the row's own text */
	const char *format; /* that `said` was made of, for who says it in another language (web/say.h); NULL as it */
	struct str detail;  /* for the log alone: never shown to a caller */
	struct str etag;    /* PRECONDITION: the tag that is there now; absent: not told */
	struct str href;    /* what a DAV condition points at (no-uid-conflict); absent where none */
	const char *privilege;  /* what DAV:need-privileges names; NULL: what the method needs */
	uint64_t scopes;        /* INSUFFICIENT_SCOPE: all scopes that the operation needs */
	int retry_after_s;      /* RATE_LIMITED, UNAVAILABLE */
	bool unsure;            /* UNAVAILABLE: of a statement that was sent and may have done its work */
	struct err_slot *slots; /* SLOT_UNAVAILABLE: the next ones; NULL: not looked for */
	size_t slot_count;
	const char *file;
	int line;
};

typedef const struct err *err_t;

#define OK ((err_t)NULL)
#define MUST_CHECK __attribute__((warn_unused_result))

struct err_row {
	const char *name;
	int api_status;
	const char *api_type, *api_code;
	int oauth_status;
	const char *oauth_error;
	int dav_status;
	const char *dav_condition;
	const char *text;
};

const struct err_row *err_row(enum err_kind kind);
bool err_is(err_t e, enum err_kind kind);

/* Of the database or its disk, not of what was to be written: the same may succeed later (UNAVAILABLE, DISK_FULL). */
bool err_passes(err_t e);

/* What the caller is told: `said`, or the row's text. */
struct str err_text(err_t e);
/* What the log is told: `said`, or the detail, which is the operator's alone. */
struct str err_logged(err_t e);

/* Hand an error on. Stands alone on its line; the only macro that returns. */
#define TRY(call)                                                                                                      \
	do {                                                                                                           \
		err_t try_ = (call);                                                                                   \
		if (try_)                                                                                              \
			return try_;                                                                                   \
	} while (0)

/* An error whose text is for the log. FAIL(cx, INVALID_GRANT, "code: %s", why) */
#define FAIL(cx, kind, ...) err_new_((cx)->mem, (kind), __FILE__, __LINE__, __VA_ARGS__)
/* An error whose text is for the caller, and the parameter it is about ("" for none). */
#define REFUSE(cx, kind, param, ...) err_refuse_((cx)->mem, (kind), (param), __FILE__, __LINE__, __VA_ARGS__)

/* The same failure, of what is called `param` where it is told: a field of a form has another name than the module's.
 */
__attribute__((returns_nonnull)) struct err *err_about(struct arena *mem, err_t e, const char *param);
/* The same failure of a condition, and the entity tag of what is there now: RFC 9110 §15.5.13 leaves to guess which. */
__attribute__((returns_nonnull)) struct err *err_with_etag(struct arena *mem, err_t e, struct str etag);

__attribute__((format(printf, 5, 6), returns_nonnull)) struct err *err_new_(
	struct arena *mem, enum err_kind kind, const char *file, int line, const char *format, ...);
__attribute__((format(printf, 6, 7), returns_nonnull)) struct err *err_refuse_(
	struct arena *mem, enum err_kind kind, const char *param, const char *file, int line, const char *format, ...);
