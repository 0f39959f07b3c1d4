/* SPDX-License-Identifier: Apache-2.0 */
/* Tables of fields, for the reference: an object's own fields stand below it, with its name before theirs. */
#include "web/reference.h"

static bool goes(const struct json_field *f, enum reference_way way)
{
	return !(f->flags & (way == FIELDS_ANSWERED ? JSON_WRITE_ONLY : JSON_READ_ONLY));
}

static bool is_required(const struct json_field *f, enum reference_way way)
{
	static const unsigned flags[] = {
		[FIELDS_PARAMS] = JSON_IN_PATH | JSON_REQUIRED,
		[FIELDS_NEW] = JSON_REQUIRED | JSON_NEEDED,
		[FIELDS_CHANGED] = 0,
		[FIELDS_ANSWERED] = 0,
	};
	return f->flags & flags[way];
}

static struct str type_of(struct arena *mem, const struct json_field *f)
{
	struct buf out = buf_new(mem, 4096);
	field_type_print(&out, f);
	return buf_str(&out);
}

static void add_field(struct arena *mem, struct html_values *table, struct str within, const struct json_field *f,
	enum reference_way way)
{
	struct html_values *row = html_add_row(table, "fields");
	html_set(row, "field", str_cat(mem, within, str_of(f->name)));
	html_set(row, "type", type_of(mem, f));
	html_set_flag(row, "required", is_required(f, way));
	html_set_flag(row, "nullable", f->flags & JSON_NULLABLE);
	html_set_flag(row, "optional", way == FIELDS_ANSWERED && (f->flags & JSON_OPTIONAL));
	if (f->doc)
		reference_prose(row, "doc", str_of(f->doc));
}

static void add_fields(struct arena *mem, struct html_values *table, struct str within, const struct json_field *fields,
	size_t count, enum reference_way way)
{
	for (size_t i = 0; i < count; i++) {
		const struct json_field *f = &fields[i];
		if (!goes(f, way))
			continue;
		add_field(mem, table, within, f, way);
		if (f->field_count)
			add_fields(mem, table, str_fmt(mem, "%.*s%s%s.", STR_ARG(within), f->name, field_repeats(f)),
				f->fields, f->field_count, way);
	}
}

void reference_fields(struct arena *mem, struct html_values *v, const char *name, const struct json_field *fields,
	size_t count, enum reference_way way)
{
	if (count)
		add_fields(mem, html_add_row(v, name), STR(""), fields, count, way);
}
