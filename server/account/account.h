/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Accounts and what proves them. An account has two rows, live and its test twin (the last bit of the id); both are
 * made, deactivated and reactivated together.
 */
#pragma once

#include "server/base/ctx.h"

enum account_status { STATUS_ACTIVE = 1, STATUS_DEACTIVATED = 2, STATUS_DELETED = 3 };
enum plan { PLAN_FREE = 1, PLAN_PRO = 2 };

/* The URL name of the calendar that every account begins with; it cannot be deleted. */
#define DEFAULT_CALENDAR "default"

struct account {
	struct id id; /* live */
	enum account_status status;
	enum plan plan;
	struct str email, name, tz;
	struct instant created_at, deactivated_at;
	struct instant password_at; /* when it was set: of sign_in() and account_create() alone */
	bool second_factor;         /* it is asked for after the password: of sign_in() alone */
};

struct account_new {
	struct str email, name, password; /* password absent: none can sign in until set-password */
	struct str tz;                    /* as zone.h names it; absent: UTC */
	struct str language;              /* of the page by which it is made, for letters; absent: none */
	enum plan plan;
	int64_t accounts_max; /* not made when there are so many; 0: no limit */
	bool email_known;     /* the operator gave the address: nobody need show that they read there */
};

/*
 * Trimmed, ASCII case-folded, the name of its host in ASCII (server/data/idna.h). INVALID_VALUE (param "email") unless
 * it looks like one address, at most 254 octets; MISSING_FIELD for blanks alone.
 */
MUST_CHECK err_t email_fold(struct ctx *cx, struct str email, struct str *out);

/*
 * Makes the account, its twin and a default calendar ("Calendar", name "default") in each.
 *
 * errors  CONFLICT (param "email": the address is taken), FORBIDDEN (past accounts_max); those of email_fold(),
 *         label_clean() and password_hash()
 */
MUST_CHECK err_t account_create(struct ctx *cx, const struct account_new *in, struct account *out);
/* Whether one more may be made: FORBIDDEN past that many, as account_create() says it. 0: no limit. */
MUST_CHECK err_t account_room(struct ctx *cx, int64_t accounts_max);
MUST_CHECK err_t account_by_email(struct ctx *cx, struct str email, struct account *out); /* NOT_FOUND */
MUST_CHECK err_t account_by_id(struct ctx *cx, struct id id, struct account *out); /* of either world; NOT_FOUND */
MUST_CHECK err_t account_list(struct ctx *cx, struct account **out, size_t *count_out);
/* Of both worlds. NOT_FOUND. */
MUST_CHECK err_t account_set_status(struct ctx *cx, struct id id, enum account_status status);
/* Ends all sessions. NOT_FOUND; those of password_hash(). */
MUST_CHECK err_t account_set_password(struct ctx *cx, struct id id, struct str password);
/* Of the pages: a tag of BCP 47, of which the caller knows that there is such a one; absent: as the browser likes.
 * NOT_FOUND. */
MUST_CHECK err_t account_set_language(struct ctx *cx, struct id id, struct str language);
/* Of the pages: 12 or 24 hours; the day that weeks begin with, 1 Monday, 6 Saturday or 7 Sunday; 0: as the browser's
 * region has it. NOT_FOUND. */
MUST_CHECK err_t account_set_manner(struct ctx *cx, struct id id, int16_t hours, int16_t week_start);
/*
 * tz: a name as the time zone database has them; whether it is known there is for the caller to ask (zone.h).
 *
 * errors  NOT_FOUND; INVALID_VALUE ("timezone": not written like one); those of label_clean() ("name")
 */
MUST_CHECK err_t account_set_name(struct ctx *cx, struct id id, struct str name, struct str tz);
