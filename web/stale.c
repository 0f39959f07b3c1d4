/* SPDX-License-Identifier: Apache-2.0 */
#include "web/stale.h"

#include <assert.h>
#include <stdlib.h>

#include "server/crypto/digest.h"
#include "web/say.h"

#define DIGEST_LEN 16 /* hexadecimal digits of each field: it is about chance, not about who forges their own form */

struct str_list stale_one(struct arena *mem, struct str value)
{
	struct str *items = arena_array(mem, struct str, 1);
	items[0] = value;
	return (struct str_list){ items, value.len ? 1 : 0 };
}

static int by_text(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

/* In whatever order ticks come, and with the line ends of whatever browser. */
static struct str digest(struct arena *mem, struct str_list values)
{
	struct str *sorted = arena_array(mem, struct str, values.count + 1);
	size_t count = 0, size = 1;
	for (size_t i = 0; i < values.count; i++)
		if (values.items[i].len)
			sorted[count++] = values.items[i];
	if (count)
		qsort(sorted, count, sizeof *sorted, by_text);
	for (size_t i = 0; i < count; i++)
		size += sorted[i].len + 1;
	struct buf text = buf_new(mem, size);
	for (size_t i = 0; i < count; i++) {
		struct str value = str_trim(sorted[i], STR_BLANK);
		for (size_t k = 0; k < value.len; k++)
			if (value.ptr[k] != '\r')
				buf_char(&text, value.ptr[k]);
		buf_char(&text, '\0');
	}
	return str_sub(hex_of(mem, secret_hash(mem, buf_str(&text))), 0, DIGEST_LEN);
}

static struct str_list sent_of(const struct request *rq, const char *name)
{
	struct str *items = arena_array(rq->cx.mem, struct str, rq->form.count + 1);
	size_t count = 0;
	for (size_t i = 0; i < rq->form.count; i++)
		if (str_eq(rq->form.fields[i].name, str_of(name)))
			items[count++] = rq->form.fields[i].value;
	return (struct str_list){ items, count };
}

static struct str told(struct request *rq, const struct stale_field *field)
{
	struct buf text = buf_new(rq->cx.mem, KIB(64));
	if (field->shown.len)
		return field->shown;
	for (size_t i = 0; i < field->now.count; i++)
		buf_fmt(&text, "%s%.*s", i ? ", " : "", STR_ARG(field->now.items[i]));
	return text.len ? buf_str(&text) : say(rq, "(empty)");
}

void stale_values(
	struct request *rq, struct html_values *v, const struct stale_field *fields, size_t count, unsigned conflicts)
{
	struct buf was = buf_new(rq->cx.mem, STALE_FIELDS_MAX * DIGEST_LEN + 1);
	for (size_t i = 0; i < count; i++) {
		buf_add(&was, digest(rq->cx.mem, fields[i].now));
		if (!(conflicts & 1u << i))
			continue;
		struct html_values *row = html_add_row(v, "stale");
		html_set(row, "label", say(rq, fields[i].label));
		html_set(row, "now", told(rq, &fields[i]));
	}
	html_set(v, "was", buf_str(&was));
}

/* The form has what is stored in this field. */
static void take_over(struct request *rq, const struct stale_field *field)
{
	size_t count = 0;
	struct form_field *fields = arena_array(rq->cx.mem, struct form_field, rq->form.count + field->now.count + 1);
	for (size_t i = 0; i < rq->form.count; i++)
		if (!str_eq(rq->form.fields[i].name, str_of(field->name)))
			fields[count++] = rq->form.fields[i];
	for (size_t i = 0; i < field->now.count; i++)
		fields[count++] = (struct form_field){ str_of(field->name), field->now.items[i] };
	rq->form.fields = fields;
	rq->form.count = count;
}

err_t stale_check(struct request *rq, const struct stale_field *fields, size_t count, unsigned *conflicts_out)
{
	struct arena *mem = rq->cx.mem;
	struct str all = form_get(&rq->form, "was");
	assert(count <= STALE_FIELDS_MAX);
	*conflicts_out = 0;
	if (all.len != count * DIGEST_LEN)
		return OK;
	for (size_t i = 0; i < count; i++) {
		struct str was = str_sub(all, i * DIGEST_LEN, (i + 1) * DIGEST_LEN), now = digest(mem, fields[i].now),
			   sent = digest(mem, sent_of(rq, fields[i].name));
		if (str_eq(was, now))
			continue;
		if (str_eq(was, sent))
			take_over(rq, &fields[i]);
		else if (!str_eq(sent, now))
			*conflicts_out |= 1u << i;
	}
	if (*conflicts_out)
		return REFUSE(&rq->cx, PRECONDITION, "",
			"This was changed elsewhere while you did. What you entered is still here, and above it what "
			"is "
			"stored now. Save again to keep yours.");
	return OK;
}
