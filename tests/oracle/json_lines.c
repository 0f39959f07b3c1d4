/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each line of standard input is a text in hex; what our reader makes of it is printed in a line: the document again,
 * in our own writing, a number as the whole one that it is or as "fraction"; or "refused MALFORMED: why".
 */
#include <stdio.h>
#include <stdlib.h>

#include "server/base/buf.h"
#include "server/data/json.h"
#include "server/data/json_tree.h"

static void write_value(struct json *j, const char *key, const struct cJSON *value);

static void write_children(struct json *j, struct arena *mem, const struct cJSON *value)
{
	for (const struct cJSON *child = json_tree_first(value); child; child = json_tree_next(child))
		write_value(j, str_c(mem, json_tree_name(child)), child);
}

static void write_value(struct json *j, const char *key, const struct cJSON *value)
{
	int64_t number;
	switch (json_tree_type(value)) {
	case JSON_IS_NULL:
		json_null(j, key);
		return;
	case JSON_IS_BOOL:
		json_bool(j, key, json_tree_bool(value));
		return;
	case JSON_IS_NUMBER:
		if (json_tree_whole(value, &number))
			json_int(j, key, number);
		else
			json_str(j, key, STR("fraction"));
		return;
	case JSON_IS_TEXT:
		json_str(j, key, json_tree_text(value));
		return;
	case JSON_IS_LIST:
		json_array(j, key);
		write_children(j, j->out->mem, value);
		json_array_end(j);
		return;
	case JSON_IS_OBJECT:
		json_object(j, key);
		write_children(j, j->out->mem, value);
		json_object_end(j);
		return;
	}
}

static void read_line(struct arena *mem, struct str hex)
{
	struct ctx cx = { .mem = mem };
	struct bytes octets;
	const struct cJSON *root;
	if (!hex_to(mem, hex, &octets)) {
		puts("no hex");
		return;
	}
	err_t e = json_tree_parse(&cx, bytes_str(octets), &root);
	if (e) {
		printf("refused %s: %.*s\n", err_row(e->kind)->name, STR_ARG(err_text(e)));
		return;
	}
	struct buf out = buf_new(mem, (size_t)64 << 20);
	struct json j = json_begin(&out);
	write_value(&j, NULL, root);
	fwrite(out.ptr, 1, out.len, stdout);
	putchar('\n');
}

int main(void)
{
	struct arena *mem = arena_open();
	char *line = NULL;
	size_t room = 0;
	ssize_t len;
	while ((len = getline(&line, &room, stdin)) > 0) {
		read_line(mem, str_trim((struct str){ line, (size_t)len }, STR_BLANK));
		arena_reset(mem);
	}
	free(line);
	arena_close(mem);
	return 0;
}
