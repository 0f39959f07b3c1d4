/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the outbox to events: whatever way a change came, its row is there. One server at a time reads it, in the order
 * of transactions and only what no transaction can come before any more, so that each row is told once (docs/adr/0023).
 */
#pragma once

#include "caldav/calendar/store/store.h"
#include "caldav/calendar/view/agenda.h"
#include "server/webhook/listening.h"

/* A booking, as far as a change of its event is to be told. */
struct webhook_booking {
	struct str id; /* "bkg_…" */
	bool cancelled;
	struct str object; /* JSON */
};

/* A voice session that ended. */
struct webhook_voice {
	struct id connection; /* whose it was; zero: the account's own */
	struct str object;    /* JSON */
};

/* Somebody else invites the owner of a hosted calendar. */
struct webhook_invitation {
	struct id id; /* whe_… */
	struct id calendar;
	const struct agenda_item *item;
	bool live;
};

/* How resources look on REST, which this library does not know. JSON objects in cx->mem. */
struct webhook_views {
	err_t (*event)(struct ctx *cx, const struct agenda_item *item, bool live, struct str *out);
	/* rights: of who is told (struct actor) */
	err_t (*calendar)(struct ctx *cx, const struct calendar *calendar, uint64_t rights, struct str *out);
	/* Does this UID say that an event may be that of a booking? */
	bool (*may_be_booking)(struct str uid);
	/* All of what is sent, of at most WEBHOOK_BODY_MAX: the receivers of hosted calendars have a shape of their
	 * own. */
	err_t (*invitation)(struct ctx *cx, const struct webhook_invitation *invitation, struct str *out);
	/* The booking whose event was made with this id, as it is now. NOT_FOUND: of none. */
	err_t (*booking)(struct ctx *cx, struct id account, struct id event, struct webhook_booking *out);
	/* NOT_FOUND: it is kept no more. */
	err_t (*voice)(struct ctx *cx, struct id account, struct id session, struct webhook_voice *out);
};

struct outbox_reader {
	const struct webhook_views *views;
	struct listening *listening; /* is told who is listened to */
};

/* A job: everything that the outbox has, in short transactions. state: struct outbox_reader. */
err_t outbox_reader(struct ctx *cx, void *state);
