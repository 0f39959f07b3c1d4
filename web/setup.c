/* SPDX-License-Identifier: Apache-2.0 */
/* How each calendar program is set up: what to press there, and a key for it in one step. */
#include "server/account/device_link.h"
#include "server/account/key.h"
#include "server/base/config.h"
#include "web/key_view.h"
#include "web/mobileconfig.h"
#include "web/once.h"
#include "web/page.h"
#include "web/pages.h"
#include "web/qr.h"
#include "web/say.h"

#define STEPS_MAX 5

enum setup_extra {
	SETUP_PROFILE = 1, /* a configuration profile, which Apple's systems install */
	SETUP_QR = 2,      /* an address that DAVx⁵ opens, for a telephone's camera */
	SETUP_CONFIG = 4,  /* lines of vdirsyncer's configuration */
	SETUP_BROWSER = 8, /* it signs in through the browser, and needs no key */
	SETUP_LINK = 16,   /* a link to the profile, for its camera */
};

/* {server}, {site}, {host}: ours as the program wants it. {user}: the user name. */
struct setup {
	const char *slug, *name, *where, *steps[STEPS_MAX];
	unsigned extra;
};

/* clang-format off */
static const struct setup setups[] = {
	{ "thunderbird", "Thunderbird", SAY("Windows, macOS, Linux"), {
		SAY("Choose “New Calendar…”, then “On the Network”."),
		SAY("User name: {user}. Location: {site}. Press “Find Calendars”."),
		SAY("Paste the key where the password is asked for, and tick the calendars that you want.") }, 0 },
	{ "iphone", "iPhone, iPad", "iOS, iPadOS", {
		SAY("Press “Show a code” below and point the camera of the iPhone or iPad at it; or press “Download the profile” on it itself."),
		SAY("Open “Settings”: “Profile Downloaded” stands at the top. Install it; the account is set up whole."),
		SAY("Without the profile: “Settings”, “Apps”, “Calendar”, “Calendar Accounts”, “Add Account”, “Other”, “Add CalDAV Account”. Server: {host}. User name: {user}. Password: the key.") }, SETUP_PROFILE | SETUP_LINK },
	{ "mac", "Apple Calendar", "macOS", {
		SAY("Make a key on this page, press “Download the profile”, and open it: “System Settings” installs it."),
		SAY("Without the profile: “Calendar”, “Settings”, “Accounts”, “+”, “Other CalDAV Account”. Account type: “Manual”. User name: {user}. Password: the key. Server address: {host}.") }, SETUP_PROFILE },
	{ "davx5", "DAVx⁵", "Android", {
		SAY("On the telephone alone, without a key: “+”, “Nextcloud”. Enter {site}; a page of this server opens, where you sign in and allow it."),
		SAY("Or make a key on this page and scan its code with the camera of the telephone: DAVx⁵ opens with everything filled in."),
		SAY("Or without both: “+”, “Log in with URL and user name”. Base URL: {server}. User name: {user}. Password: the key."),
		SAY("Choose the calendars to synchronise; Android's calendar apps show them.") }, SETUP_QR },
	{ "evolution", "Evolution", "Linux", {
		SAY("Choose “New”, “Calendar”, and as its type “CalDAV”."),
		SAY("URL: {server}. User: {user}. Press “Find Calendars”."),
		SAY("Paste the key where the password is asked for.") }, 0 },
	{ "gnome", "GNOME Calendar", "Linux", {
		SAY("Open “Settings”, “Online Accounts”, and choose “Calendar, Contacts and Files”."),
		SAY("Server address: {site}. User name: {user}. Password: the key.") }, 0 },
	{ "kde", "KOrganizer, Merkuro", "Linux", {
		SAY("Choose “Settings”, “Configure KOrganizer”, “Calendars”, “Add”, and “DAV groupware resource”."),
		SAY("User name: {user}. Password: the key. Then choose “Configure manually”."),
		SAY("Add a CalDAV server with the URL {server} and press “Fetch”.") }, 0 },
	{ "vdirsyncer", "vdirsyncer, khal", SAY("Terminal"), {
		SAY("Make a key on this page and put its lines into ~/.config/vdirsyncer/config."),
		SAY("Run vdirsyncer discover calends, then vdirsyncer sync."),
		SAY("Point khal at ~/.calendars/*.") }, SETUP_CONFIG },
	{ "outlook", "Outlook", "Windows", {
		SAY("Install the add-in “CalDav Synchronizer”, and choose “Synchronization Profiles”, “Add”, “Generic CalDAV”."),
		SAY("DAV URL: {server}. User name: {user}. Password: the key."),
		SAY("Press “Test or discover settings” and choose a calendar.") }, 0 },
	{ "home-assistant", "Home Assistant", SAY("Home"), {
		SAY("Choose “Settings”, “Devices & services”, “Add integration”, and “CalDAV”."),
		SAY("URL: {server}. User name: {user}. Password: the key.") }, 0 },
	{ "oauth", SAY("Without a key"), SAY("Programs that sign in through the browser"), {
		SAY("Calendar programs: give {site} as the server, or {server} where it asks for the whole address, and choose OAuth or “Sign in with the browser”."),
		SAY("Assistants that speak MCP: add a connector with the address {site}/mcp."),
		SAY("The program finds the sign-in and registers by itself. One that asks for an issuer takes {site}; one that asks for a client id is registered under “My apps” first."),
		SAY("Your browser opens a page of this server. Sign in there, and decide what the program may, in which calendars, and for how long."),
		SAY("From then on it stands under “Connected apps”: make less of what it may, or end it. Your password stays here.") }, SETUP_BROWSER },
};
/* clang-format on */

err_t setup_page(struct request *rq, struct response *rs)
{
	struct html_values *v = page_new(rq, "Set up a device", "setup");
	for (size_t i = 0; i < ARRAY_LEN(setups); i++) {
		struct html_values *row = html_add_row(v, "setups");
		html_set(row, "slug", str_of(setups[i].slug));
		html_set(row, "name", say(rq, setups[i].name));
		html_set(row, "where", say(rq, setups[i].where));
	}
	html_set(v, "server", str_fmt(rq->cx.mem, "%.*s/dav/", STR_ARG(rq->cx.config->public_url)));
	return page_reply(rs, 200, "setup", v);
}

static err_t setup_in_path(struct request *rq, const struct setup **out)
{
	for (size_t i = 0; i < ARRAY_LEN(setups); i++)
		if (str_eq(str_of(setups[i].slug), rq->args[0])) {
			*out = &setups[i];
			return OK;
		}
	return REFUSE(&rq->cx, NOT_FOUND, "", "There is no page for such a program.");
}

static void step_values(struct request *rq, struct html_values *v, const struct setup *s)
{
	struct str site = rq->cx.config->public_url, user = rq->principal->email;
	struct str server = str_fmt(rq->cx.mem, "%.*s/dav/", STR_ARG(site));
	for (size_t i = 0; i < STEPS_MAX && s->steps[i]; i++)
		html_set(html_add_row(v, "steps"), "step",
			say_with(rq, s->steps[i], "server", server, "site", site, "host", page_host(rq->cx.config),
				"user", user, NULL));
	html_set(v, "slug", str_of(s->slug));
	html_set(v, "program", say(rq, s->name));
	html_set(v, "server", server);
	html_set(v, "user", user);
	html_set_flag(v, "has_profile", s->extra & SETUP_PROFILE);
	html_set_flag(v, "has_link", s->extra & SETUP_LINK);
	html_set_flag(v, "by_browser", s->extra & SETUP_BROWSER);
}

err_t setup_program_page(struct request *rq, struct response *rs)
{
	const struct setup *s;
	bool is_free;
	TRY(setup_in_path(rq, &s));
	struct html_values *v = page_new(rq, "Set up a device", "setup");
	TRY(key_plan_values(rq, v, &is_free));
	step_values(rq, v, s);
	html_set(v, "name_value", str_of(s->name));
	return page_reply(rs, 200, "setup_program", v);
}

/* What the key is put into, for the one time that it is known. */
static void extra_values(struct request *rq, struct html_values *v, const struct setup *s, struct str secret)
{
	struct str site = rq->cx.config->public_url;
	struct buf link = buf_new(rq->cx.mem, 4096);
	buf_fmt(&link, "%s://", str_starts(site, STR("http://")) ? "caldav" : "caldavs");
	uri_component_add(&link, rq->principal->email);
	buf_fmt(&link, ":%.*s@%.*s/dav/", STR_ARG(secret), STR_ARG(page_host(rq->cx.config)));
	if (s->extra & SETUP_QR) {
		qr_values(&rq->cx, v, "qr", buf_str(&link));
		html_set(v, "link", buf_str(&link));
	}
	html_set_flag(v, "has_config", s->extra & SETUP_CONFIG);
}

/* No key yet: it is made when the device asks for its profile. */
static err_t show_link(struct request *rq, struct response *rs, struct html_values *v)
{
	struct str path, link;
	err_t e = device_link_new(
		&rq->cx, rq->principal->account, rq->principal->email, form_get(&rq->form, "name"), &path);
	if (e)
		return page_again(rs, "setup_program", v, e);
	link = str_cat(rq->cx.mem, rq->cx.config->public_url, path);
	qr_values(&rq->cx, v, "qr", link);
	html_set(v, "link", link);
	return page_reply(rs, 200, "setup_link", v);
}

err_t setup_program_post(struct request *rq, struct response *rs)
{
	const struct setup *s;
	struct key_new in = { .account = rq->principal->account, .kind = KEY_ACCOUNT, .expires_at = INSTANT_NONE };
	struct key made;
	struct str secret;
	struct once once;
	bool is_free, done;
	TRY(setup_in_path(rq, &s));
	if (s->extra & SETUP_BROWSER)
		return REFUSE(&rq->cx, NOT_FOUND, "", "Programs that sign in through the browser need no key.");
	struct html_values *v = page_new(rq, "Set up a device", "setup");
	TRY(key_plan_values(rq, v, &is_free));
	step_values(rq, v, s);
	in.name = form_get(&rq->form, "name");
	html_set(v, "name_value", in.name);
	if (!is_free && s->extra & SETUP_LINK && str_eq(form_get(&rq->form, "as"), STR("link")))
		return show_link(rq, rs, v);
	TRY(once_leads(rq, rs, &once, &done));
	if (done)
		return OK;
	err_t e = is_free ? FAIL(&rq->cx, PLAN_REQUIRED, "a key on the free plan")
			  : key_create(&rq->cx, &in, &made, &secret);
	e = once_end(rq, &once, e, e ? STR("") : once_path(rq, "/keys", "key", made.id, true));
	if (e)
		return page_again(rs, "setup_program", v, e);
	if (s->extra & SETUP_PROFILE && str_eq(form_get(&rq->form, "as"), STR("profile"))) {
		mobileconfig_reply(
			rs, &(struct mobileconfig){ rq->principal->account, made.id, rq->principal->email, secret });
		return OK;
	}
	html_set(v, "secret", secret);
	extra_values(rq, v, s, secret);
	return page_reply(rs, 200, "setup_ready", v);
}
