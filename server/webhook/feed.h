/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the outbox to events: whatever way a change came, its row is there. One server at a time reads it, in the order
 * of transactions and only what no transaction can come before any more, so that each row is told once (docs/adr/0023).
 */
#pragma once

#include "caldav/calendar/store/store.h"
#include "caldav/calendar/view/agenda.h"

/* How resources look on REST, which this library does not know. JSON objects in cx->mem. */
struct webhook_views {
	err_t (*event)(struct ctx *cx, const struct agenda_item *item, bool live, struct str *out);
	err_t (*calendar)(struct ctx *cx, const struct calendar *calendar, struct str *out);
};

/* A job: everything that the outbox has, in short transactions. state: struct webhook_views. */
err_t webhook_feed(struct ctx *cx, void *views);
