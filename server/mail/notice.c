/* SPDX-License-Identifier: Apache-2.0 */
#include "server/mail/notice.h"

#include "caldav/calendar/event/event.h"
#include "server/account/audit.h"
#include "server/base/config.h"
#include "server/base/log.h"
#include "server/data/agent.h"
#include "server/db/query.h"
#include "server/mail/invitation.h"
#include "server/mail/letter.h"
#include "sql.h"

#define LETTERS_A_RUN 50
#define DROPPED_A_RUN 1000
#define AGAIN_S 3600 /* what could not be written is tried again */

struct taken {
	struct id account;
	struct str to_address, zone, named, kind;
	struct instant happened_at;
	struct str network, agent, details;
	int16_t hours; /* of the account's clock; 0: nobody chose */
	struct str language;
};
DB_RESULT(notice_take, struct taken, account, to_address, zone, named, kind, happened_at, network, agent, details,
	hours, language);

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

static err_t add(struct ctx *cx, struct letter *letter, const struct taken *row, const struct notice *notice)
{
	const struct audit_row audit = { .account = row->account, .kind = row->kind, .details = row->details };
	/* Without a zone it is told in UTC, by that name. */
	struct str zone = str_eq(row->zone, STR("UTC")) ? STR_ABSENT : row->zone;
	const struct event moment = { .start = row->happened_at, .end = row->happened_at, .zone = zone };
	struct audit_view view;
	TRY(audit_view_of(cx, &audit, &view));
	const struct audit_details *d = &view.details;
	letter_say(letter, notice->what, "name", d->name, "prefix", d->prefix, "client", d->client_name, "email",
		d->email, "before", d->email_before, NULL);
	letter_fact(letter, "When", invitation_when(cx->mem, locale_of(row->language, row->hours), &moment));
	letter_fact(letter, "From the network", row->network);
	letter_fact(letter, "With", agent_words(cx->mem, locale_of(row->language, row->hours).language, row->agent));
	return OK;
}

static struct letter *begin(struct ctx *cx, const struct taken *rows, size_t count)
{
	const struct language *language = locale_of(rows[0].language, 0).language;
	const struct audit_kind *kind = NULL;
	for (size_t i = 0; (kind = audit_kind_at(i)) && !str_eq(rows[0].kind, str_of(kind->name));)
		i++;
	if (count == 1 && kind)
		return letter_new(cx, language, kind->summary, NULL);
	return letter_new(cx, language, "{n} changes of your account", "n", str_fmt(cx->mem, "%zu", count), NULL);
}

/* What is to be done, of one change and of several. */
static void advise(struct letter *letter, const struct taken *rows, const char *mend, size_t count)
{
	if (count > 1)
		letter_say(letter,
			"If this was you, there is nothing to do. If any of it wasn't you, change your password and "
			"look at what happened:",
			NULL);
	else if (*mend)
		letter_say(letter, "If this was you, there is nothing to do. {otherwise}", "otherwise",
			wording(locale_of(rows[0].language, 0).language, mend), NULL);
	else
		letter_say(letter, "This is where it is looked at and changed:", NULL);
}

/* One letter of all that one recipient is to be told. */
static err_t write_letter(struct ctx *cx, const struct taken *rows, size_t count)
{
	struct letter *letter = begin(cx, rows, count);
	const struct notice *last = NULL;
	for (size_t i = 0; i < count; i++) {
		const struct notice *notice = notice_of(rows[i].kind);
		if (!notice)
			continue; /* of a newer server beside this one */
		TRY(add(cx, letter, &rows[i], notice));
		last = notice;
	}
	if (!last)
		return OK;
	advise(letter, rows, last->mend, count);
	letter_link(letter, "Look at it now", count == 1 ? str_of(last->path) : STR("/account"));
	letter_link(letter, "All that happened in your account", STR("/audit"));
	return letter_send(cx, letter, rows[0].account, rows[0].to_address, NULL);
}

/* What cannot be written must not hold up all that come after it, of whatever account. */
static err_t put_off(struct ctx *cx, const struct taken *row, err_t why)
{
	log_event(LOG_ERROR, "notice_put_off", LOG_STR("account", id_text(cx->mem, "usr", row->account)),
		LOG_C("error", err_row(why->kind)->name), LOG_STR("detail", err_logged(why)));
	db_rollback(cx);
	return db_exec(cx, &sql_notice_put_off, NULL, IN(row->account), IN(row->to_address),
		IN(instant_add_s(cx->now, AGAIN_S)));
}

/* In one transaction: what was taken is told of, or stays. */
static err_t write_next(struct ctx *cx, bool *more)
{
	struct taken *rows;
	size_t count;
	TRY(db_begin(cx));
	TRY(db_rows(cx, &sql_notice_take, notice_take, &rows, &count, IN(cx->now)));
	*more = count > 0;
	err_t e = count ? write_letter(cx, rows, count) : OK;
	if (e && !err_passes(e))
		return put_off(cx, &rows[0], e);
	TRY(e);
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
