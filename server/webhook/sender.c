/* SPDX-License-Identifier: Apache-2.0 */
#include "server/webhook/sender.h"

#include "server/account/usage.h"
#include "server/base/config.h"
#include "server/base/log.h"
#include "server/crypto/digest.h"
#include "server/db/query.h"
#include "server/net/fetch.h"
#include "server/jobs/retry.h"
#include "server/webhook/sign.h"
#include "server/webhook/webhook.h"
#include "sql.h"

#define RUN_MS 500 /* then the job's runner has its turn: it may be time to stop */
#define LOOK_MS 50 /* how long it waits for answers before it looks for more to send */
#define FINISH_MS 2000
#define HEADERS_MAX 8
#define GONE 410
#define HAS_RETRY_AFTER(status) ((status) == 429 || (status) == 503)

struct claimed {
	struct id account, delivery, endpoint, event;
	int16_t number;
	struct str url;
	struct bytes secret, old_secret, body;
	struct instant created_at;
	bool hosted;
};
DB_RESULT(webhook_claim, struct claimed, account, delivery, endpoint, event, number, url, secret, old_secret, body,
	created_at, hosted);

struct disabled_row {
	struct id account, endpoint;
	struct str reason;
};
DB_RESULT(webhook_done, struct disabled_row, account, endpoint, reason);

/* One that is under way, or ended and not yet noted. */
struct slot {
	struct arena *mem;
	bool busy, ended;
	struct claimed what; /* ids, number and created_at alone stay valid */
	struct instant at, lease;
	struct fetched got;  /* once it has ended */
	struct instant next; /* INSTANT_NONE: it is not tried again */
	struct fetch fetch;
	struct str lines[HEADERS_MAX];
};

struct webhook_sender {
	struct arena *mem;
	struct fetcher *fetcher;
	struct usage *usage;
	struct slot slots[WEBHOOKS_AT_ONCE];
};

struct webhook_sender *webhook_sender_open(struct usage *usage)
{
	struct arena *mem = arena_open();
	struct webhook_sender *sender = arena_new(mem, struct webhook_sender);
	sender->mem = mem;
	sender->usage = usage;
	sender->fetcher = fetcher_open(2 * WEBHOOKS_AT_ONCE);
	for (size_t i = 0; i < WEBHOOKS_AT_ONCE; i++)
		sender->slots[i].mem = arena_open();
	return sender;
}

void webhook_sender_close(struct webhook_sender *sender)
{
	if (!sender)
		return;
	fetcher_close(sender->fetcher);
	for (size_t i = 0; i < WEBHOOKS_AT_ONCE; i++)
		arena_close(sender->slots[i].mem);
	arena_close(sender->mem);
}

/* ---- begin ---- */

/* "Calends-Signature": the brand may be no name of a header, then there is a neutral one. */
static struct str branded(struct ctx *cx, const char *name)
{
	struct str brand = cx->config->brand;
	for (size_t i = 0; i < brand.len; i++)
		if (!char_is_alpha(brand.ptr[i]) && !char_is_digit(brand.ptr[i]) && brand.ptr[i] != '-')
			brand.len = 0;
	return str_fmt(cx->mem, "%.*s-%s", STR_ARG(brand.len ? brand : STR("Calendar")), name);
}

static void add_line(struct slot *slot, struct str name, struct str value)
{
	slot->lines[slot->fetch.headers.count++] = str_cat(slot->mem, str_cat(slot->mem, name, STR(": ")), value);
}

static err_t set_call(struct ctx *cx, struct slot *slot, const struct claimed *row)
{
	struct arena *mem = slot->mem;
	struct webhook_signed signing = {
		.id = id_text(cx->mem, "whe", row->event),
		.at = cx->now,
		.body = str_dup(mem, bytes_str(row->body)),
		.hosted = row->hosted,
	};
	TRY(webhook_secret_open(cx, row->endpoint, row->secret, &signing.secret));
	if (row->old_secret.ptr)
		TRY(webhook_secret_open(cx, row->endpoint, row->old_secret, &signing.old));
	slot->fetch = (struct fetch){
		.url = str_dup(mem, row->url),
		.body = signing.body,
		.headers = { slot->lines, 0 },
		.keep = WEBHOOK_ANSWER_KEPT,
		.may_be_private = cx->config->allow_private_hooks,
	};
	add_line(slot, STR("Content-Type"), STR("application/json"));
	add_line(slot, STR("User-Agent"), branded(cx, "Webhooks/1"));
	add_line(slot, branded(cx, "Event"), signing.id);
	add_line(slot, branded(cx, "Signature"), webhook_signature(cx->mem, &signing));
	add_line(slot, STR("webhook-id"), signing.id);
	add_line(slot, STR("webhook-timestamp"), str_fmt(cx->mem, "%lld", (long long)instant_s(cx->now)));
	struct str standard = webhook_signature_standard(cx->mem, &signing);
	if (standard.ptr)
		add_line(slot, STR("webhook-signature"), standard);
	return OK;
}

/* One whose secret cannot be opened stays taken, and is tried again when its lease has ended. */
static err_t start(struct ctx *cx, struct webhook_sender *sender, const struct claimed *row, struct instant lease)
{
	struct slot *slot = sender->slots;
	while (slot->busy)
		slot++;
	err_t e = set_call(cx, slot, row);
	if (e) {
		arena_reset(slot->mem);
		return e;
	}
	slot->busy = true;
	slot->ended = false;
	slot->what = *row;
	slot->at = cx->now;
	slot->lease = lease;
	fetcher_start(sender->fetcher, slot->mem, &slot->fetch, slot);
	return OK;
}

static size_t free_count(const struct webhook_sender *sender)
{
	size_t count = 0;
	for (size_t i = 0; i < WEBHOOKS_AT_ONCE; i++)
		count += !sender->slots[i].busy;
	return count;
}

static err_t take(struct ctx *cx, struct webhook_sender *sender)
{
	struct claimed *rows;
	size_t room = free_count(sender), count = 0;
	size_t each = room > WEBHOOKS_AT_ONCE / 2 ? WEBHOOKS_EACH_GOOD : WEBHOOKS_EACH;
	struct instant lease = instant_add_s(cx->now, WEBHOOK_LEASE_S);
	if (room >= each)
		TRY(db_rows(cx, &sql_webhook_claim, webhook_claim, &rows, &count, IN(cx->now),
			IN((int32_t)(room / each)), IN((int32_t)each), IN(lease)));
	err_t first = OK;
	for (size_t i = 0; i < count; i++) {
		err_t e = start(cx, sender, &rows[i], lease);
		first = first ? first : e;
	}
	return first;
}

/* ---- end ---- */

struct outcomes {
	size_t count;
	struct slot *slots[WEBHOOKS_AT_ONCE];
	struct id accounts[WEBHOOKS_AT_ONCE], endpoints[WEBHOOKS_AT_ONCE], deliveries[WEBHOOKS_AT_ONCE];
	int16_t numbers[WEBHOOKS_AT_ONCE], states[WEBHOOKS_AT_ONCE], statuses[WEBHOOKS_AT_ONCE];
	struct instant leases[WEBHOOKS_AT_ONCE], nexts[WEBHOOKS_AT_ONCE], times[WEBHOOKS_AT_ONCE];
	struct str faults[WEBHOOKS_AT_ONCE];
	struct bytes bodies[WEBHOOKS_AT_ONCE];
	int32_t durations[WEBHOOKS_AT_ONCE];
	bool gone[WEBHOOKS_AT_ONCE];
	struct str sent[WEBHOOKS_AT_ONCE];
};

static struct instant next_try(struct ctx *cx, const struct slot *slot, const struct fetched *got)
{
	struct retry failed = {
		.number = (unsigned)slot->what.number,
		.created_at = slot->what.created_at,
		.now = cx->now,
		.wait_s = HAS_RETRY_AFTER(got->status) ? retry_after_s(got->retry_after, cx->now) : 0,
	};
	random_fill(&failed.random, sizeof failed.random);
	return got->fault == FETCHED && got->status == GONE ? INSTANT_NONE : retry_next(&failed);
}

/* For the log: its owner sees what a receiver was to verify. */
static struct str sent_of(struct arena *mem, const struct str_list *lines)
{
	struct buf text = buf_new(mem, WEBHOOK_SENT_MAX);
	for (size_t i = 0; i < lines->count; i++) {
		buf_add(&text, lines->items[i]);
		BUF_LIT(&text, "\n");
	}
	return text.full ? STR("") : buf_str(&text);
}

static bool is_good(const struct fetched *got)
{
	return got->fault == FETCHED && got->status >= 200 && got->status < 300;
}

static void finish(struct ctx *cx, struct usage *usage, struct slot *slot, const struct fetched *got)
{
	slot->ended = true;
	slot->got = *got;
	slot->next = is_good(got) ? INSTANT_NONE : next_try(cx, slot, got);
	usage_count(usage, &(struct usage_call){ .account = slot->what.account,
				   .credential = slot->what.endpoint,
				   .path = USAGE_WEBHOOK,
				   .at = slot->at,
				   .took_us = (uint64_t)got->duration_ms * 1000,
				   .client_error = !is_good(got) });
}

static void note(struct ctx *cx, struct outcomes *o, struct slot *slot)
{
	const struct fetched *got = &slot->got;
	size_t i = o->count++;
	bool tried_again = !instant_is_none(slot->next);
	o->slots[i] = slot;
	o->accounts[i] = slot->what.account;
	o->endpoints[i] = slot->what.endpoint;
	o->deliveries[i] = slot->what.delivery;
	o->numbers[i] = slot->what.number;
	o->leases[i] = slot->lease;
	o->states[i] = is_good(got) ? WEBHOOK_DELIVERED : tried_again ? WEBHOOK_PENDING : WEBHOOK_FAILED;
	o->nexts[i] = tried_again ? slot->next : cx->now;
	o->statuses[i] = (int16_t)got->status;
	o->faults[i] = str_of(fetch_fault_name(got->fault));
	o->bodies[i] = bytes_of(got->body.ptr, got->body.len);
	o->times[i] = slot->at;
	o->durations[i] = (int32_t)got->duration_ms;
	o->gone[i] = got->fault == FETCHED && got->status == GONE;
	o->sent[i] = sent_of(cx->mem, &slot->fetch.headers);
}

static void tell_disabled(struct ctx *cx, const struct disabled_row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		log_event(LOG_WARN, "webhook_disabled", LOG_STR("endpoint", id_text(cx->mem, "wbk", rows[i].endpoint)),
			LOG_STR("account", id_text(cx->mem, "usr", rows[i].account)),
			LOG_STR("reason", rows[i].reason));
}

static void collect(struct ctx *cx, struct webhook_sender *sender)
{
	struct slot *slot;
	struct fetched got;
	while ((slot = fetcher_finished(sender->fetcher, &got)))
		finish(cx, sender->usage, slot, &got);
}

/*
 * What has ended, in one statement. Slots are free after it: their answers lived in them. While the database is away
 * they stay, and are noted with the next: what nobody noted is sent twice. The statement may have done its work: by the
 * lease it does so once.
 */
static err_t give_back(struct ctx *cx, struct webhook_sender *sender)
{
	struct outcomes *o = arena_new(cx->mem, struct outcomes);
	struct disabled_row *disabled;
	size_t disabled_count = 0;
	err_t e = OK;
	collect(cx, sender);
	for (size_t i = 0; i < WEBHOOKS_AT_ONCE; i++)
		if (sender->slots[i].busy && sender->slots[i].ended)
			note(cx, o, &sender->slots[i]);
#define LIST(type, items) IN(((struct type){ (items), o->count }))
	if (o->count)
		e = db_rows(cx, &sql_webhook_done, webhook_done, &disabled, &disabled_count, LIST(id_list, o->accounts),
			LIST(id_list, o->endpoints), LIST(id_list, o->deliveries), LIST(int16_list, o->numbers),
			LIST(instant_list, o->leases), LIST(int16_list, o->states), LIST(instant_list, o->nexts),
			LIST(int16_list, o->statuses), LIST(str_list, o->faults), LIST(bytes_list, o->bodies),
			LIST(instant_list, o->times), LIST(int32_list, o->durations), LIST(bool_list, o->gone),
			LIST(str_list, o->sent), IN(instant_add_s(cx->now, -WEBHOOK_DEAD_S)));
	if (err_passes(e))
		return e;
	if (!e)
		tell_disabled(cx, disabled, disabled_count);
	for (size_t i = 0; i < o->count; i++) {
		arena_reset(o->slots[i]->mem);
		o->slots[i]->busy = false;
	}
	return e;
}

/* What is under way goes on whatever the database does: a receiver waits for nobody. */
err_t webhook_send_due(struct ctx *cx, void *state)
{
	struct webhook_sender *sender = state;
	struct deadline end = deadline_in_ms(RUN_MS);
	do {
		struct arena_mark mark = arena_mark(cx->mem);
		cx->now = instant_now();
		err_t e = take(cx, sender);
		if (free_count(sender) == WEBHOOKS_AT_ONCE)
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

void webhook_sender_finish(struct ctx *cx, struct webhook_sender *sender)
{
	struct deadline end = deadline_in_ms(FINISH_MS);
	while (fetcher_running(sender->fetcher) && !deadline_passed(end)) {
		fetcher_work(sender->fetcher, end);
		cx->now = instant_now();
		collect(cx, sender);
	}
	err_t e = give_back(cx, sender);
	if (e)
		log_event(LOG_WARN, "webhooks_not_noted", LOG_STR("detail", e->detail));
}
