/* SPDX-License-Identifier: Apache-2.0 */
/* What the store's files share; nobody else includes it. */
#pragma once

#include "caldav/calendar/store/store.h"
#include "sql.h"

/* What a function of 0002_objects.sql answers, in numbers after HTTP's. */
struct outcome {
	int32_t outcome;
};

/* The columns of every statement that reads objects, in this order; data or occ come behind. */
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
/* DAV_QUOTA: 517 of 0002_objects.sql, all calendars of the account together are full. */
err_t account_full(struct ctx *cx);
/* DAV_QUOTA: more calendars or dead properties than there may be; 518 of 0002_objects.sql. */
err_t too_many(struct ctx *cx);

/* FORBIDDEN: the owner switched writing off for this calendar. */
err_t calendar_not_writable(struct ctx *cx);
