/* SPDX-License-Identifier: Apache-2.0 */
/* What the store's files share; nobody else includes it. */
#pragma once

#include "caldav/calendar/store/outcome.h"
#include "caldav/calendar/store/store.h"
#include "sql.h"

/* What a function in SQL answers that tells nothing else. */
struct outcome_row {
	struct str outcome;
};

/* The type `actor` there: the first three parameters of every statement that writes. */
#define IN_ACTOR(cx, actor) IN((actor)->owner), IN((actor)->calendars), db_in_id_or_null((cx)->request_id)
/* The type `conditions`. */
#define IN_CONDITIONS(when) IN((when).match_any), IN((when).match), IN((when).none_match_any), IN((when).none_match)
/* The type `dead_change`. */
#define IN_DEAD(dead) IN((dead).ns), IN((dead).local), IN((dead).xml)

/* The columns of every statement that reads objects, in this order; data or occ come after. */
#define OBJECT_COLUMNS                                                                                                 \
	id, calendar, name, uid, etag, modseq, component, flags, size, deleted, first_at, last_at, occ_until,          \
		created_at, updated_at

/* Dead properties as the three arrays that the functions take: an empty element removes. Never NULL. */
struct dead_lists {
	struct str_list ns, local, xml;
};
struct dead_lists dead_lists(struct arena *mem, const struct dead_property *items, size_t count);

/* account_storage_max() as the statements take it: NULL for no limit. */
struct db_in db_in_storage_max(const struct ctx *cx);
