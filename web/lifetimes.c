/* SPDX-License-Identifier: Apache-2.0 */
#include "web/lifetimes.h"

#include "web/say.h"

#define HOUR_S INT64_C(3600)
#define NEW_KEY LIFETIME_OF_NEW_KEY
#define KEY LIFETIME_OF_KEY
#define CONNECTION LIFETIME_OF_CONNECTION
#define CONSENT LIFETIME_OF_CONSENT

/* clang-format off */
static const struct lifetime { const char *value, *label; int64_t seconds; unsigned forms; } lifetimes[] = {
	{ "never", SAY("Never"),             0,           NEW_KEY },
	{ "never", SAY("Until I remove it"), 0,           CONSENT },
	{ "",      SAY("As it is"),          0,           KEY | CONNECTION },
	{ "1h",    SAY("In an hour"),        HOUR_S,      KEY | CONNECTION },
	{ "1h",    SAY("For one hour"),      HOUR_S,      CONSENT },
	{ "1d",    SAY("In a day"),          DAY_S,       KEY | CONNECTION },
	{ "7d",    SAY("In 7 days"),         7 * DAY_S,   KEY },
	{ "30d",   SAY("In 30 days"),        30 * DAY_S,  NEW_KEY | KEY | CONNECTION },
	{ "30d",   SAY("For 30 days"),       30 * DAY_S,  CONSENT },
	{ "90d",   SAY("In 90 days"),        90 * DAY_S,  NEW_KEY | KEY },
	{ "1y",    SAY("In a year"),         365 * DAY_S, NEW_KEY | CONNECTION },
	{ "1y",    SAY("For one year"),      365 * DAY_S, CONSENT },
};
/* clang-format on */

/* The next row of this form from *i on, or NULL. */
static const struct lifetime *next_of(enum lifetime_form form, size_t *i)
{
	while (*i < ARRAY_LEN(lifetimes)) {
		const struct lifetime *row = &lifetimes[(*i)++];
		if (row->forms & form)
			return row;
	}
	return NULL;
}

void lifetimes_offer(
	struct request *rq, struct html_values *v, enum lifetime_form form, struct instant end, struct str chosen)
{
	struct instant now = account_now(&rq->cx);
	const struct lifetime *row;
	for (size_t i = 0; (row = next_of(form, &i));) {
		if (row->seconds && !instant_is_none(end) && instant_add_s(now, row->seconds).us >= end.us)
			continue;
		struct html_values *shown = html_add_row(v, "lifetimes");
		html_set(shown, "value", str_of(row->value));
		html_set(shown, "label", say(rq, row->label));
		html_set_flag(shown, "chosen", str_eq(chosen, str_of(row->value)));
	}
}

struct str lifetime_within(enum lifetime_form form, int64_t seconds)
{
	const struct lifetime *row, *found = NULL;
	for (size_t i = 0; (row = next_of(form, &i));) {
		if (row->seconds == seconds)
			return str_of(row->value);
		/* The table's rows are in order: the first is the shortest. */
		if (row->seconds && (!found || row->seconds < seconds))
			found = row;
	}
	return found ? str_of(found->value) : STR_ABSENT;
}

err_t lifetime_read(struct request *rq, enum lifetime_form form, const char *field, int64_t *out)
{
	struct str sent = form_get(&rq->form, field);
	const struct lifetime *row;
	for (size_t i = 0; (row = next_of(form, &i));)
		if (sent.ptr && str_eq(sent, str_of(row->value))) {
			*out = row->seconds;
			return OK;
		}
	return form == LIFETIME_OF_NEW_KEY || form == LIFETIME_OF_KEY
		       ? REFUSE(&rq->cx, INVALID_VALUE, field, "Choose when the key shall expire.")
		       : REFUSE(&rq->cx, INVALID_VALUE, field, "Choose how long the access shall last.");
}
