/* SPDX-License-Identifier: Apache-2.0 */
/* Which operations there are, in which group, and how they are called. */
#include "web/reference.h"

/* clang-format off */
const struct reference_group reference_groups[] = {
	/* prefix                   name                 title                 about */
	{ "/v1/profile",            "profile",           "Profile",            "The user whom a call acts for.", NULL, NULL, NULL },
	{ "/v1/calendars",          "calendars",         "Calendars",          "Make, change, import and export calendars.", "caldav", "Calendar programs", NULL },
	{ "/v1/connections",        "connections",       "Connections",        "Calendars by where they come from, for clients that look for them there.", NULL, NULL, NULL },
	{ "/v1/events",             "events",            "Events",             "Read, make, change and cancel events; follow what changes.", "events", "Events", NULL },
	{ "/v1/freebusy",           "freebusy",          "Free and busy",      "When somebody is busy, and when several people are free.", "quickstart", "Quickstart", NULL },
	{ "/v1/booking_pages",      "booking_pages",     "Booking pages",      "Pages on which guests book a time.", "booking", "Booking", NULL },
	{ "/v1/bookings",           "bookings",          "Bookings",           "What guests booked.", "booking", "Booking", NULL },
	{ "/v1/public",             "public",            "Public",             "What a publishable key reads from a web page.", "api-keys", "API keys", NULL },
	{ "/v1/api_keys",           "api_keys",          "API keys",           "Make, limit, rotate and revoke keys.", "api-keys", "API keys", "/keys" },
	{ "/v1/oauth_apps",         "oauth_apps",        "OAuth apps",         "Apps that other people's accounts are connected with.", "connect", "Connect an app", "/apps" },
	{ "/v1/connected_accounts", "connected_accounts", "Connected accounts", "The users who connected to a platform's apps.", "connect", "Connect an app", NULL },
	{ "/v1/grants",             "grants",            "Grants",             "The apps that are connected to the key's own account.", NULL, NULL, NULL },
	{ "/v1/webhook_endpoints",  "webhook_endpoints", "Webhook endpoints",  "Where changes are told, and what became of telling them.", "webhooks", "Webhooks", NULL },
	{ "/v1/webhook_events",     "webhook_events",    "Webhook events",     "What was told.", "webhooks", "Webhooks", NULL },
	{ "/v1/voice",              "voice",             "Voice sessions",     "Sessions of a voice assistant, on behalf of a user.", "voice", "Voice sessions", NULL },
	{ "/v1/sandbox",            "sandbox",           "Test mode",          "People, events and a clock to try things on.", "sandbox", "Test mode", NULL },
	{ "/v1/audit",              "audit",             "Audit log",          "What became of keys, apps, consents and sign-ins.", "audit", "Audit log", NULL },
	{ "/v1/usage",              "usage",             "Usage",              "Calls and deliveries, by day.", "usage", "Usage", NULL },
	{ "/api/v1/hosted-calendars", "hosted_calendars", "Hosted calendars",  "Calendars with a feed, for a platform's own pages.", "hosted-calendars", "Hosted calendars", NULL },
	{ "/api/v1/calendars",      "hosted_events",     "Events of hosted calendars", "What is in them.", "hosted-calendars", "Hosted calendars", NULL },
};
/* clang-format on */
const size_t reference_group_count = ARRAY_LEN(reference_groups);

static bool is_in(const struct reference_group *group, struct str path)
{
	struct str prefix = str_of(group->prefix);
	return str_starts(path, prefix) && (path.len == prefix.len || path.ptr[prefix.len] == '/');
}

static void add_group(
	struct reference_operation *out, size_t *count, const struct app *app, const struct reference_group *group)
{
	for (size_t m = 0; m < app->module_count; m++) {
		const struct module *module = app->modules[m];
		for (size_t i = 0; module->contracts && i < module->route_count; i++)
			if (is_in(group, str_of(module->routes[i].path)))
				out[(*count)++] = (struct reference_operation){ module, &module->routes[i],
					module->contracts[i], group };
	}
}

const struct reference_operation *reference_operations(struct arena *mem, const struct app *app, size_t *count)
{
	size_t most = 0;
	for (size_t m = 0; m < app->module_count; m++)
		most += app->modules[m]->contracts ? app->modules[m]->route_count : 0;
	struct reference_operation *all = arena_array(mem, struct reference_operation, most);
	*count = 0;
	for (size_t g = 0; g < reference_group_count; g++)
		add_group(all, count, app, &reference_groups[g]);
	return all;
}

bool reference_find(struct arena *mem, const struct app *app, struct str id, struct reference_operation *out)
{
	size_t count;
	const struct reference_operation *all = reference_operations(mem, app, &count);
	for (size_t i = 0; i < count; i++)
		if (str_eq(str_of(all[i].contract->id), id)) {
			*out = all[i];
			return true;
		}
	return false;
}

bool reference_may_try(const struct reference_operation *op)
{
	return !(op->contract->flags & (TELLS_SECRET | STAYS_OPEN)) &&
	       !(op->group->page && contract_writes(op->contract, op->route->method));
}

/* ---- how it is called ---- */

static bool is_capital(char c)
{
	return c >= 'A' && c <= 'Z';
}

/* A word of an id, as it is written in a text. */
static void add_word(struct buf *out, struct str word)
{
	static const struct {
		const char *word, *written;
	} names[] = { { "Api", "API" }, { "Oauth", "OAuth" } };
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (str_eq(word, str_of(names[i].word))) {
			buf_add(out, str_of(names[i].written));
			return;
		}
	buf_char(out, char_lower(word.ptr[0]));
	buf_add(out, str_from(word, 1));
}

struct str reference_title(struct arena *mem, const struct contract *contract)
{
	struct buf out = buf_new(mem, 256);
	struct str id = str_of(contract->id);
	size_t at = 0;
	for (size_t end = 1; end <= id.len; end++) {
		if (end < id.len && !is_capital(id.ptr[end]))
			continue;
		if (at == 0) {
			buf_char(&out, (char)(id.ptr[0] - 'a' + 'A'));
			buf_add(&out, str_sub(id, 1, end));
		} else {
			buf_char(&out, ' ');
			add_word(&out, str_sub(id, at, end));
		}
		at = end;
	}
	return buf_str(&out);
}

/* "/v1/events/{event}" */
static struct str path_of(struct arena *mem, const struct route *route)
{
	struct buf out = buf_new(mem, 512);
	struct str rest = str_from(str_of(route->path), 1), segment;
	while (str_cut(&rest, '/', &segment))
		if (str_starts(segment, STR(":")))
			buf_fmt(&out, "/{%.*s}", STR_ARG(str_from(segment, 1)));
		else
			buf_fmt(&out, "/%.*s", STR_ARG(segment));
	return buf_str(&out);
}

void reference_prose(struct html_values *v, const char *name, struct str text)
{
	struct str rest = text, part;
	for (bool code = false; str_cut(&rest, '`', &part); code = !code) {
		if (!part.len)
			continue;
		struct html_values *row = html_add_row(v, name);
		html_set(row, "part", part);
		html_set_flag(row, "code", code);
	}
}

void reference_row(struct arena *mem, struct html_values *row, const struct reference_operation *operation)
{
	html_set(row, "href", str_fmt(mem, "/docs/reference/%s", operation->contract->id));
	html_set(row, "operation", reference_title(mem, operation->contract));
	html_set(row, "method", str_of(method_name(operation->route->method)));
	html_set(row, "path", path_of(mem, operation->route));
	reference_prose(row, "summary", str_of(operation->contract->summary));
}
