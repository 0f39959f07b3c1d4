/* SPDX-License-Identifier: Apache-2.0 */
#include "server/mail/notice.h"

#include "caldav/calendar/event/event.h"
#include "server/account/audit.h"
#include "server/base/config.h"
#include "server/db/query.h"
#include "server/mail/invitation.h"
#include "server/mail/letter.h"
#include "sql.h"

#define LETTERS_A_RUN 50
#define DROPPED_A_RUN 1000
#define TEXT_MAX 4096

struct taken {
	struct id account;
	struct str to_address, zone, named, kind;
	struct instant happened_at;
	struct str network, agent, details;
	int16_t hours; /* of the account's clock; 0: nobody chose */
};
DB_RESULT(
	notice_take, struct taken, account, to_address, zone, named, kind, happened_at, network, agent, details, hours);

struct notice {
	const char *kind, *what, *mend, *path;
};

static const struct notice notices[] = {
#define NOTICE(kind, what, mend, path) { kind, what, mend, path },
#include "server/mail/notice.def"
#undef NOTICE
};

static const struct notice *notice_of(struct str kind)
{
	for (size_t i = 0; i < ARRAY_LEN(notices); i++)
		if (str_eq(kind, str_of(notices[i].kind)))
			return &notices[i];
	return NULL;
}

/* ---- what it says ---- */

/* {name} and its like are replaced; what is not known is left out. */
static struct str filled(struct arena *mem, const char *pattern, const struct audit_details *d)
{
	const struct {
		struct str word, value;
	} words[] = { { STR("{name}"), d->name }, { STR("{prefix}"), d->prefix }, { STR("{client}"), d->client_name },
		{ STR("{email}"), d->email }, { STR("{before}"), d->email_before } };
	struct buf out = buf_new(mem, TEXT_MAX);
	struct str rest = str_of(pattern);
	while (rest.len) {
		size_t i = 0;
		while (i < ARRAY_LEN(words) && !str_starts(rest, words[i].word))
			i++;
		if (i < ARRAY_LEN(words))
			buf_add(&out, words[i].value);
		else
			buf_char(&out, rest.ptr[0]);
		rest = str_from(rest, i < ARRAY_LEN(words) ? words[i].word.len : 1);
	}
	return buf_str(&out);
}

static err_t add(struct ctx *cx, struct letter *letter, const struct taken *row, const struct notice *notice)
{
	const struct audit_row audit = { .account = row->account, .kind = row->kind, .details = row->details };
	/* Without a zone it is told in UTC, by that name. */
	struct str zone = str_eq(row->zone, STR("UTC")) ? STR_ABSENT : row->zone;
	const struct event moment = { .start = row->happened_at, .end = row->happened_at, .zone = zone };
	struct audit_view view;
	TRY(audit_view_of(cx, &audit, &view));
	letter_say(letter, filled(cx->mem, notice->what, &view.details));
	letter_fact(letter, "When", invitation_when(cx->mem, &moment, row->hours));
	letter_fact(letter, "From the network", row->network);
	letter_fact(letter, "With", row->agent);
	return OK;
}

static struct str subject_of(struct ctx *cx, const struct taken *rows, size_t count)
{
	const struct audit_kind *kind = NULL;
	for (size_t i = 0; (kind = audit_kind_at(i)) && !str_eq(rows[0].kind, str_of(kind->name));)
		i++;
	if (count == 1 && kind)
		return str_fmt(cx->mem, "%.*s: %s", STR_ARG(cx->config->brand), kind->summary);
	return str_fmt(cx->mem, "%.*s: %zu changes of your account", STR_ARG(cx->config->brand), count);
}

/* What is to be done, of one change and of several. */
static struct str advice(struct ctx *cx, struct str mend, size_t count)
{
	if (count > 1)
		return STR("If this was you, there is nothing to do. If any of it wasn't you, change your password and "
			   "look at what happened:");
	return mend.len ? str_fmt(cx->mem,
				  "If this was you, there is nothing to do. If this wasn't you, %.*s:", STR_ARG(mend))
			: STR("This is where it is looked at and changed:");
}

/* One letter of all that one recipient is to be told. */
static err_t write_letter(struct ctx *cx, const struct taken *rows, size_t count)
{
	struct letter *letter = letter_new(cx, subject_of(cx, rows, count));
	struct str mend = STR_ABSENT, path = STR_ABSENT;
	for (size_t i = 0; i < count; i++) {
		const struct notice *notice = notice_of(rows[i].kind);
		if (!notice)
			continue; /* of a newer server beside this one */
		TRY(add(cx, letter, &rows[i], notice));
		mend = str_of(notice->mend);
		path = str_of(notice->path);
	}
	if (!mend.ptr)
		return OK;
	letter_say(letter, advice(cx, mend, count));
	letter_link(letter, STR("Look at it now"), count == 1 ? path : STR("/account"));
	letter_link(letter, STR("All that happened in your account"), STR("/audit"));
	return letter_send(cx, letter, rows[0].account, rows[0].to_address, NULL);
}

/* In one transaction: what was taken is told of, or stays. */
static err_t write_next(struct ctx *cx, bool *more)
{
	struct taken *rows;
	size_t count;
	TRY(db_begin(cx));
	TRY(db_rows(cx, &sql_notice_take, notice_take, &rows, &count, IN(cx->now)));
	if (count)
		TRY(write_letter(cx, rows, count));
	*more = count > 0;
	return db_commit(cx);
}

err_t notices_write(struct ctx *cx, void *unused)
{
	(void)unused;
	bool more = true;
	if (!cx->config->smtp_url.len && !cx->config->mail_folder.len)
		return db_exec(cx, &sql_notice_drop, NULL, IN(DROPPED_A_RUN));
	for (int i = 0; i < LETTERS_A_RUN && more; i++) {
		struct arena_mark mark = arena_mark(cx->mem);
		TRY(write_next(cx, &more));
		arena_rewind(cx->mem, mark);
	}
	return OK;
}
