/* SPDX-License-Identifier: Apache-2.0 */
#include "server/db/complaint_private.h"

/* The lines of weight; all of it, where none is. */
static struct str words_of(struct arena *mem, struct str said)
{
	static const char *const weighty[] = { "FATAL:", "PANIC:", "LOG:  could not", "error:", "No space left" };
	struct str rest = said, line, found = STR("");
	while (str_cut(&rest, '\n', &line)) {
		for (size_t i = 0; i < ARRAY_LEN(weighty); i++)
			if (str_find(line, str_of(weighty[i])) != SIZE_MAX) {
				found = str_fmt(
					mem, "%.*s%s%.*s", STR_ARG(found), found.len ? "; " : "", STR_ARG(line));
				break;
			}
	}
	return found.len ? found : str_trim(said, " \n");
}

/*
 * Where several fit, the first: a full disk is the cause of most others. A segment of shared memory that somebody still
 * uses is no lack of it.
 */
static const char *hint_for(struct str words, bool disk_is_full)
{
	static const struct {
		const char *said, *hint;
	} table[] = {
		{ "No space left", " The disk is full: free some space and start again." },
		{ "already in use", " Another PostgreSQL uses this socket: stop it, or choose another --data-dir." },
		{ "lock file", " Another PostgreSQL uses this socket: stop it, or choose another --data-dir." },
		{ "could not create shared memory", " Give the machine or container more shared memory." },
		{ "could not map anonymous shared memory", " Give the machine or container more shared memory." },
	};
	if (disk_is_full)
		return table[0].hint;
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (str_find(words, str_of(table[i].said)) != SIZE_MAX)
			return table[i].hint;
	return "";
}

struct str complaint_text(struct arena *mem, const struct complaint *c)
{
	struct str words = words_of(mem, c->said);
	const char *hint = hint_for(words, c->disk_is_full);
	if (!words.len)
		return str_fmt(mem, "The private PostgreSQL in %s %s and said nothing.%s See %s.", c->data_dir, c->what,
			hint, c->log);
	return str_fmt(mem, "The private PostgreSQL in %s %s: %.*s.%s", c->data_dir, c->what, STR_ARG(words), hint);
}
