/* SPDX-License-Identifier: Apache-2.0 */
/* What a row of the outbox tells of. */
#pragma once

#include "server/base/str.h"

enum outbox_kind {
#define OUTBOX_KIND(name, label) OUTBOX_##name,
#include "caldav/calendar/store/outbox.def"
#undef OUTBOX_KIND
	OUTBOX_KINDS
};

/* By its label. OUTBOX_KINDS for one that is none of ours: a newer server may write beside this one. */
enum outbox_kind outbox_kind_of(struct str label);
