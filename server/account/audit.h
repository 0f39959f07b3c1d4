/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The audit log: what became of an account's credentials, consents and sign-ins, and who did it. Rows are chained, and
 * never changed (docs/adr/0021-audit-chain.md). They are written in the transaction of the change, so that there is
 * neither a change without its row nor a row without its change:
 *
 *	one statement    "SELECT audit_add(…, 'key.revoked', …, $4, jsonb_build_object(…)) FROM changed",
 *IN(audit_by(cx)) several          db_begin … TRY(audit_add(cx, account, "consent.given", …)) … db_commit
 *
 * What happened is a row of audit.def. Details hold no secrets; what they may hold is the table of audit_view.c.
 */
#pragma once

#include "server/base/ctx.h"
#include "server/data/json.h"

/* Who is behind what this ctx does: the last parameters of audit_add() in SQL. */
struct str_list audit_by(struct ctx *cx);

/*
 * One row, last in the open transaction. Where a change is of two accounts, in the order of their ids.
 *
 * account  in its mode
 * kind     a name of audit.def
 * subject  what it is about; zero for none
 * details  a JSON object, or absent
 */
MUST_CHECK err_t audit_add(struct ctx *cx, struct id account, const char *kind, struct id subject, struct str details);

enum audit_shown { AUDIT_CALENDAR, AUDIT_BOOKING_PAGE };

/*
 * What others see of an account, which changed in the open transaction: nothing where it was as it is.
 *
 * name  as its owner knows it
 */
MUST_CHECK err_t audit_public(struct ctx *cx, struct id account, enum audit_shown what, struct id subject,
	struct str name, bool was, bool is);

/*
 * Something was refused, as often as somebody likes: of `guessed` (an account's address, a key) five rows in six hours
 * are kept and the others are not. In a transaction of its own. `account` zero: there is none; then the same time is
 * spent.
 */
MUST_CHECK err_t audit_refused(
	struct ctx *cx, struct str guessed, struct id account, const char *kind, struct id subject, struct str details);

/* Of an account, once in so many seconds: what goes on for long is told once. */
MUST_CHECK err_t audit_once(struct ctx *cx, struct id account, const char *kind, int64_t window_s);

/* {"name":"value"}, of text that is no secret. */
struct str audit_detail(struct arena *mem, const char *name, struct str value);

/* ---- reading ---- */

struct audit_row {
	struct id account;
	int64_t seq; /* from 1 */
	struct instant at;
	struct str kind;
	struct id subject_id;
	struct str actor; /* "session", "secret_key" …, "command", "anonymous", "server" */
	struct id credential_id, client_id;
	struct str network, agent;
	struct id request_id;
	struct str details;
};

struct audit_filter {
	struct str kind; /* absent: all */
	struct id credential;
};

/* The newest before row `bound`, or with `back` those that come after it, the oldest first. */
MUST_CHECK err_t audit_page(struct ctx *cx, struct id account, const struct audit_filter *filter, int64_t bound,
	bool back, size_t limit, struct audit_row **out, size_t *count_out);

/* As it is told of. */
struct audit_view {
	struct str object;
	int64_t sequence;
	struct instant at;
	struct str kind, summary, subject, actor, credential, client, network, agent, request_id;
	bool livemode;
	struct audit_details {
		bool given; /* so that the first field's offset is not 0 */
		struct str name, prefix, key_kind, changed, scopes, client_name, reason, origin, email, email_before;
	} details;
};
extern const struct json_resource audit_resource;
MUST_CHECK err_t audit_view_of(struct ctx *cx, const struct audit_row *row, struct audit_view *out);

/* All kinds with single blanks between, for a JSON_WORD. */
extern const char audit_kinds_after_blank[];
#define AUDIT_KINDS (audit_kinds_after_blank + 1)
/* A kind's own words for people, in the order of audit.def; NULL after the last. */
struct audit_kind {
	const char *name, *prefix, *summary;
};
const struct audit_kind *audit_kind_at(size_t i);
/* The id of a credential as it is told (key_…, ses_…, cpa_…). */
bool audit_credential_parse(struct str text, struct id *out);

/* ---- the chain ---- */

struct audit_told {
	size_t accounts, rows;
	/* The first that is wrong; account zero and reason set: an anchor. reason absent: all is as it was written. */
	struct id account;
	int64_t seq;
	struct str reason;
};

/*
 * Compute all hashes anew: of one account (both worlds) or, with account zero, of all and of the anchors.
 *
 * out  what was found; also when it is not as it should be: that is no error
 */
MUST_CHECK err_t audit_verify(struct ctx *cx, struct id account, struct audit_told *out);

/* One line of JSON for each row of the account, live and then test, the oldest first, with the text that was hashed. */
MUST_CHECK err_t audit_export(struct ctx *cx, struct id account, struct buf *out);

/* The job: what is too old or too much goes, and the day's anchor is made and logged. */
MUST_CHECK err_t audit_keep(struct ctx *cx, void *unused);
