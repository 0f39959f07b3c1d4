/* SPDX-License-Identifier: Apache-2.0 */
#include "caldav/calendar/store/outbox.h"

static const struct str labels[] = {
#define OUTBOX_KIND(name, label) [OUTBOX_##name] = STR_INIT(label),
#include "caldav/calendar/store/outbox.def"
#undef OUTBOX_KIND
};

enum outbox_kind outbox_kind_of(struct str label)
{
	size_t i = 0;
	while (i < ARRAY_LEN(labels) && !str_eq(labels[i], label))
		i++;
	return (enum outbox_kind)i;
}
