/* SPDX-License-Identifier: Apache-2.0 */
/* What a row of the outbox is to whoever is told of it. */
#pragma once

#include "server/webhook/body.h"
#include "server/webhook/outbox_reader.h"

enum via { VIA_OWN, VIA_CONNECTION, VIA_PLATFORM, VIA_HOSTED };

/* A row of the outbox, for one who is told of it. */
struct change_row {
	int32_t scanned;
	struct id change, account;
	struct str kind;
	struct id calendar, object, request, owner;
	int32_t via; /* enum via */
	struct id connection, client;
	int64_t scopes;
	struct str tz;
	int64_t sequence;
	int64_t modseq;
	struct bytes before; /* of the object; absent: not kept */
	int16_t component;
	const struct object *seen; /* as the page read it, after the change; NULL: it is read when it is told */
};

struct told {
	const char *type; /* NULL: nothing that anybody is told of */
	bool of_booking;  /* the event may be that of a booking, which is told of as well */
	uint64_t needs;
	const struct agenda_item *invitation; /* to a hosted calendar; NULL: content says all */
	struct webhook_content content;
};

/* What happened; told (zeroed) is left without a type where nobody is told. UNAVAILABLE and INTERNAL alone. */
MUST_CHECK err_t webhook_tell(
	struct ctx *cx, const struct webhook_views *views, const struct change_row *row, struct told *told);
/* The same change once more, of the booking whose event it is; where it is of none, told stays as it was. */
MUST_CHECK err_t webhook_tell_booking(
	struct ctx *cx, const struct webhook_views *views, const struct change_row *row, struct told *told);
