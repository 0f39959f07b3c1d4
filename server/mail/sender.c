/* SPDX-License-Identifier: Apache-2.0 */
#include "server/mail/sender.h"

#include <stdatomic.h>
#include <string.h>

#include "server/base/log.h"
#include "server/crypto/digest.h"
#include "server/crypto/seal.h"
#include "server/db/query.h"
#include "server/jobs/retry.h"
#include "server/mail/folder.h"
#include "server/net/fetch.h"
#include "sql.h"

#define RUN_MS 500 /* then the job's runner has its turn: it may be time to stop */
#define LOOK_MS 50 /* how long it waits for answers before it looks for more to send */
#define COUNT_MS 5000
#define FINISH_MS 2000

enum mail_state { MAIL_WAITING = 1, MAIL_SENT, MAIL_FAILED };

struct claimed {
	struct id account, letter;
	int16_t number, attempt;
	struct str recipient;
	struct instant created_at;
	struct bytes data;
};
DB_RESULT(mail_claim, struct claimed, account, letter, number, recipient, attempt, created_at, data);

struct count_row {
	int32_t count;
};
DB_RESULT(mail_waiting, struct count_row, count);

/* What became of a try. */
struct sent_outcome {
	enum mail_state state;
	struct instant next;
	int status;
	struct str fault;
};

/* One that is under way, or ended and not yet noted. */
struct slot {
	struct arena *mem;
	bool busy, started, ended;
	struct claimed what; /* its data is gone */
	struct instant lease;
	struct sent_outcome outcome; /* once it has ended */
	struct fetch fetch;
	struct fetch_mail mail;
};

struct mail_sender {
	struct arena *mem;
	struct mail_settings settings;
	struct fetcher *fetcher;
	struct slot slots[MAIL_AT_ONCE];
	uint64_t counted_ms;
	_Atomic uint64_t sent, failed, tries, waiting;
};

struct mail_sender *mail_sender_open(const struct mail_settings *settings)
{
	struct arena *mem = arena_open();
	struct mail_sender *sender = arena_new(mem, struct mail_sender);
	struct mail_settings *own = &sender->settings;
	sender->mem = mem;
	*own = *settings;
	struct str *const texts[] = { &own->folder, &own->url, &own->host, &own->port, &own->user, &own->password,
		&own->authorities, &own->from };
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		*texts[i] = texts[i]->ptr ? str_dup(mem, *texts[i]) : STR_ABSENT;
	sender->fetcher = fetcher_open(MAIL_AT_ONCE);
	for (size_t i = 0; i < MAIL_AT_ONCE; i++)
		sender->slots[i].mem = arena_open();
	return sender;
}

void mail_sender_close(struct mail_sender *sender)
{
	if (!sender)
		return;
	fetcher_close(sender->fetcher);
	for (size_t i = 0; i < MAIL_AT_ONCE; i++)
		arena_close(sender->slots[i].mem);
	arena_close(sender->mem);
}

struct mail_stats mail_stats(const struct mail_sender *sender)
{
	if (!sender)
		return (struct mail_stats){ 0 };
	return (struct mail_stats){ atomic_load(&sender->sent), atomic_load(&sender->failed),
		atomic_load(&sender->tries), atomic_load(&sender->waiting) };
}

/* ---- begin ---- */

static struct str key_of(struct arena *mem, const struct claimed *row)
{
	return str_fmt(mem, "%.*s.%d", STR_ARG(id_uuid(mem, row->letter)), row->number);
}

/* The message to its one recipient, in the slot's memory. */
static err_t whole(struct ctx *cx, const struct claimed *row, struct slot *slot, struct str from, struct str *out)
{
	struct bytes text;
	if (!unseal(cx->mem, mail_key(cx), mail_seal_context(cx->mem, row->account, row->letter), row->data, &text))
		return FAIL(cx, INTERNAL, "a letter was sealed with another key");
	*out = str_cat(
		slot->mem, mail_message_head(cx->mem, key_of(cx->mem, row), from, slot->mail.to), bytes_str(text));
	return OK;
}

static struct slot *free_slot(struct mail_sender *sender)
{
	struct slot *slot = sender->slots;
	while (slot->busy)
		slot++;
	return slot;
}

static size_t free_count(const struct mail_sender *sender)
{
	size_t count = 0;
	for (size_t i = 0; i < MAIL_AT_ONCE; i++)
		count += !sender->slots[i].busy;
	return count;
}

/* Into the folder at once; to the server as it takes it. One whose letter cannot be opened ends as failed. */
static void start(struct ctx *cx, struct mail_sender *sender, const struct claimed *row, struct instant lease)
{
	const struct mail_settings *settings = &sender->settings;
	struct slot *slot = free_slot(sender);
	struct str message = STR_ABSENT;
	slot->busy = true;
	slot->started = slot->ended = false;
	slot->what = *row;
	slot->what.recipient = str_dup(slot->mem, row->recipient);
	slot->mail = (struct fetch_mail){ .to = mail_address_sent(slot->mem, slot->what.recipient) };
	slot->lease = lease;
	sender->tries++;
	err_t e = whole(cx, row, slot, settings->from, &message);
	slot->fetch.body = e ? STR_ABSENT : message;
	if (e || settings->folder.len)
		return;
	slot->mail = (struct fetch_mail){
		.from = settings->from,
		.to = slot->mail.to,
		.user = settings->user,
		.password = settings->password,
		.authorities = settings->authorities,
		.tls = settings->starttls || str_starts(settings->url, STR("smtps:")) ? FETCH_TLS_ALWAYS
										      : FETCH_TLS_NEVER,
	};
	slot->fetch = (struct fetch){ .url = settings->url, .body = message, .mail = &slot->mail };
	slot->started = true;
	fetcher_start(sender->fetcher, slot->mem, &slot->fetch, slot);
}

static err_t take(struct ctx *cx, struct mail_sender *sender)
{
	struct claimed *rows;
	size_t room = free_count(sender), count = 0;
	struct instant lease = instant_add_s(cx->now, MAIL_LEASE_S);
	if (!room)
		return OK;
	TRY(db_rows(cx, &sql_mail_claim, mail_claim, &rows, &count, IN(cx->now), IN((int32_t)room), IN(lease)));
	for (size_t i = 0; i < count; i++)
		start(cx, sender, &rows[i], lease);
	return OK;
}

/* ---- end ---- */

struct outcomes {
	size_t count;
	struct slot *slots[MAIL_AT_ONCE];
	struct id accounts[MAIL_AT_ONCE], letters[MAIL_AT_ONCE];
	int16_t numbers[MAIL_AT_ONCE], states[MAIL_AT_ONCE], statuses[MAIL_AT_ONCE];
	struct instant leases[MAIL_AT_ONCE], nexts[MAIL_AT_ONCE];
	struct str faults[MAIL_AT_ONCE];
};

struct end {
	bool good, final;
	int status;
	struct str fault, said;
};

/* Of the message its id, of the recipient their address, which an operator needs; nothing of what it says. */
static void tell(struct ctx *cx, const struct slot *slot, const struct end *end, bool given_up)
{
	if (end->good)
		return;
	log_event(given_up ? LOG_WARN : LOG_INFO, given_up ? "mail_failed" : "mail_delayed",
		LOG_STR("mail", key_of(cx->mem, &slot->what)),
		LOG_STR("account", id_text(cx->mem, "usr", slot->what.account)),
		LOG_STR("recipient", slot->what.recipient), LOG_INT("attempt", slot->what.attempt),
		LOG_STR("fault", end->fault), LOG_INT("status", end->status), LOG_STR("said", end->said));
}

static void finish(struct ctx *cx, struct mail_sender *sender, struct slot *slot, const struct end *end)
{
	struct retry failed = {
		.number = (unsigned)slot->what.attempt, .created_at = slot->what.created_at, .now = cx->now
	};
	random_fill(&failed.random, sizeof failed.random);
	struct instant next = end->good || end->final ? INSTANT_NONE : retry_next(&failed);
	bool given_up = !end->good && instant_is_none(next);
	slot->ended = true;
	slot->outcome = (struct sent_outcome){ end->good  ? MAIL_SENT
					       : given_up ? MAIL_FAILED
							  : MAIL_WAITING,
		instant_is_none(next) ? cx->now : next, end->status, end->fault };
	sender->sent += end->good;
	sender->failed += given_up;
	tell(cx, slot, end, given_up);
}

static void note(struct outcomes *o, struct slot *slot)
{
	size_t i = o->count++;
	o->slots[i] = slot;
	o->accounts[i] = slot->what.account;
	o->letters[i] = slot->what.letter;
	o->numbers[i] = slot->what.number;
	o->leases[i] = slot->lease;
	o->states[i] = (int16_t)slot->outcome.state;
	o->nexts[i] = slot->outcome.next;
	o->statuses[i] = (int16_t)slot->outcome.status;
	o->faults[i] = slot->outcome.fault;
}

static struct end put_in_folder(struct ctx *cx, const struct mail_sender *sender, const struct slot *slot)
{
	if (!slot->fetch.body.ptr)
		return (struct end){ .final = true, .fault = STR("sealed"), .said = STR_ABSENT };
	err_t e = mail_folder_put(cx, sender->settings.folder, key_of(cx->mem, &slot->what), slot->fetch.body);
	return (struct end){ .good = !e, .fault = e ? STR("folder") : STR(""), .said = e ? e->detail : STR_ABSENT };
}

static void collect(struct ctx *cx, struct mail_sender *sender)
{
	struct fetched got;
	struct slot *slot;
	while ((slot = fetcher_finished(sender->fetcher, &got))) {
		const struct end end = { .good = got.fault == FETCHED,
			.final = got.final,
			.status = got.status,
			.fault = str_of(fetch_fault_name(got.fault)),
			.said = got.body };
		finish(cx, sender, slot, &end);
	}
	for (size_t i = 0; i < MAIL_AT_ONCE; i++) {
		slot = &sender->slots[i];
		if (!slot->busy || slot->started || slot->ended)
			continue;
		const struct end end = put_in_folder(cx, sender, slot);
		finish(cx, sender, slot, &end);
	}
}

/*
 * What has ended, in one statement. Slots are free after it: what they had lived in them. While the database is away
 * they stay, and are noted with the next: a letter whose end nobody noted is sent twice. The statement may have done
 * its work: by the lease it does so once.
 */
static err_t give_back(struct ctx *cx, struct mail_sender *sender)
{
	struct outcomes *o = arena_new(cx->mem, struct outcomes);
	err_t e = OK;
	collect(cx, sender);
	for (size_t i = 0; i < MAIL_AT_ONCE; i++)
		if (sender->slots[i].busy && sender->slots[i].ended)
			note(o, &sender->slots[i]);
#define LIST(type, items) IN(((struct type){ (items), o->count }))
	if (o->count)
		e = db_exec(cx, &sql_mail_done, NULL, LIST(id_list, o->accounts), LIST(id_list, o->letters),
			LIST(int16_list, o->numbers), LIST(instant_list, o->leases), LIST(int16_list, o->states),
			LIST(instant_list, o->nexts), LIST(int16_list, o->statuses), LIST(str_list, o->faults),
			IN(cx->now));
	if (err_passes(e))
		return e;
	for (size_t i = 0; i < o->count; i++) {
		arena_reset(o->slots[i]->mem);
		o->slots[i]->busy = false;
	}
	return e;
}

static err_t count_waiting(struct ctx *cx, struct mail_sender *sender)
{
	struct count_row row;
	uint64_t now_ms = clock_monotonic_ms();
	if (sender->counted_ms && now_ms - sender->counted_ms < COUNT_MS)
		return OK;
	TRY(db_row(cx, &sql_mail_waiting, ROW(mail_waiting, &row), IN(MAIL_WAITING_MAX)));
	sender->counted_ms = now_ms;
	atomic_store(&sender->waiting, (uint64_t)row.count);
	return OK;
}

/* What is under way goes on whatever the database does: a mail server waits for nobody. */
err_t mail_send_due(struct ctx *cx, void *state)
{
	struct mail_sender *sender = state;
	struct deadline end = deadline_in_ms(RUN_MS);
	if (!sender->settings.on)
		return OK;
	err_t e = count_waiting(cx, sender);
	do {
		struct arena_mark mark = arena_mark(cx->mem);
		cx->now = instant_now();
		if (!e)
			e = take(cx, sender);
		if (free_count(sender) == MAIL_AT_ONCE)
			return e;
		cx->found = true;
		fetcher_work(sender->fetcher, deadline_in_ms(LOOK_MS));
		cx->now = instant_now();
		err_t given = give_back(cx, sender);
		if (e || given)
			return e ? e : given;
		arena_rewind(cx->mem, mark);
	} while (!deadline_passed(end));
	return OK;
}

void mail_sender_finish(struct ctx *cx, struct mail_sender *sender)
{
	struct deadline end = deadline_in_ms(FINISH_MS);
	if (!sender)
		return;
	wait_end_by(end); /* libcurl's own waits, too */
	while (fetcher_running(sender->fetcher) && !deadline_passed(end)) {
		fetcher_work(sender->fetcher, end);
		cx->now = instant_now();
		collect(cx, sender);
	}
	wait_end_by_none();
	err_t e = give_back(cx, sender);
	if (e)
		log_event(LOG_WARN, "mail_not_noted", LOG_STR("detail", e->detail));
}
