/* SPDX-License-Identifier: Apache-2.0 */
#include "server/data/agent.h"

#include "server/data/wording.h"

#define SHOWN 60 /* octets of a program that is not known */

struct name {
	const char *part, *name;
};

/* The first that stands in it: those that call themselves others' names, too, come before these. */
static const char *find(struct str agent, const struct name *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (str_find(agent, str_of(names[i].part)) != SIZE_MAX)
			return names[i].name;
	return NULL;
}

struct str agent_words(struct arena *mem, const struct language *language, struct str agent)
{
	/* clang-format off */
	static const struct name browsers[] = { { "Edg", "Edge" }, { "OPR/", "Opera" }, { "SamsungBrowser/", "Samsung Internet" },
		{ "Firefox/", "Firefox" }, { "FxiOS/", "Firefox" }, { "Thunderbird/", "Thunderbird" }, { "CriOS/", "Chrome" },
		{ "Chrome/", "Chrome" }, { "Safari/", "Safari" }, { "curl/", "curl" } };
	static const struct name systems[] = { { "iPhone", "iPhone" }, { "iPad", "iPad" }, { "Android", "Android" },
		{ "Windows", "Windows" }, { "Mac OS X", "macOS" }, { "CrOS", "ChromeOS" }, { "Linux", "Linux" } };
	/* clang-format on */
	const char *browser = find(agent, browsers, ARRAY_LEN(browsers)),
		   *system = find(agent, systems, ARRAY_LEN(systems));
	if (browser && system)
		return wording_with(mem, language, "{browser} on {system}", "browser", str_of(browser), "system",
			str_of(system), NULL);
	if (browser)
		return str_of(browser);
	struct str beginning = str_beginning(agent, SHOWN);
	return beginning.len ? beginning : STR_ABSENT;
}

struct str agent_beginning(struct arena *mem, struct str agent, size_t octets)
{
	static const char *const engines[] = { " AppleWebKit/", " (KHTML, like Gecko)" };
	struct str left = agent;
	for (size_t i = 0; i < ARRAY_LEN(engines) && left.len > octets; i++) {
		size_t from = str_find(left, str_of(engines[i])), to = from;
		if (from == SIZE_MAX)
			continue;
		to += str_of(engines[i]).len;
		while (to < left.len && left.ptr[to] != ' ')
			to++;
		left = str_cat(mem, str_sub(left, 0, from), str_from(left, to));
	}
	return str_beginning(left, octets);
}
