/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/base/address.h"
#include "server/base/config.h"
#include "server/data/uri.h"
#include "server/mail/mail.h"

#define PASSWORD_MAX 1024

static err_t refuse_url(struct ctx *cx)
{
	return REFUSE(cx, INVALID_VALUE, "smtp-url",
		"--smtp-url is smtp://[USER:PASSWORD@]HOST[:PORT] or smtps://…, like smtp://mail.example.org:587. "
		"Signs in the user's name or password that a URL cannot have are written as %%40 for @, %%3A for :.");
}

/* %40 and its like. False: a bad escape, or what no user's name has. */
static bool decode(struct arena *mem, struct str raw, struct str *out)
{
	char *text = arena_take(mem, raw.len + 1, 1);
	size_t len = 0;
	for (size_t i = 0; i < raw.len; i++, len++) {
		text[len] = raw.ptr[i];
		if (raw.ptr[i] == '%') {
			int high = raw.len - i < 3 ? -1 : char_hex(raw.ptr[i + 1]);
			int low = raw.len - i < 3 ? -1 : char_hex(raw.ptr[i + 2]);
			if (high < 0 || low < 0)
				return false;
			text[len] = (char)(high * 16 + low);
			i += 2;
		}
		if ((unsigned char)text[len] < ' ')
			return false;
	}
	*out = (struct str){ text, len };
	return true;
}

static bool is_here(struct str host)
{
	struct network v4, v6;
	struct address address;
	if (!address_parse(host, &address))
		return str_eq_nocase(host, STR("localhost"));
	return (network_parse(STR("127.0.0.0/8"), &v4) && network_holds(&v4, address)) ||
	       (network_parse(STR("::1"), &v6) && network_holds(&v6, address));
}

static err_t read_password_file(struct ctx *cx, struct mail_settings *out)
{
	struct str name = cx->config->smtp_password_file;
	const char *path = str_c(cx->mem, name);
	char *text = arena_take(cx->mem, PASSWORD_MAX + 1, 1);
	if (!out->user.ptr || out->password.ptr)
		return REFUSE(cx, INVALID_VALUE, "smtp-password-file",
			"--smtp-password-file goes with a user in --smtp-url, and without a password there: "
			"smtp://USER@HOST.");
	FILE *file = path ? fopen(path, "re") : NULL;
	if (!file)
		return REFUSE(cx, INVALID_VALUE, "smtp-password-file", "--smtp-password-file %.*s: %s", STR_ARG(name),
			strerror(errno));
	size_t len = fread(text, 1, PASSWORD_MAX, file);
	fclose(file);
	struct str rest = { text, len };
	str_cut(&rest, '\n', &out->password);
	out->password = str_trim(out->password, "\r");
	return out->password.len ? OK
				 : REFUSE(cx, INVALID_VALUE, "smtp-password-file",
					   "--smtp-password-file %.*s: the first line is empty", STR_ARG(name));
}

static err_t read_user(struct ctx *cx, struct str userinfo, struct mail_settings *out)
{
	struct str password = userinfo, user;
	if (userinfo.ptr) {
		str_cut(&password, ':', &user);
		if (!decode(cx->mem, user, &out->user) || !out->user.len ||
			(password.ptr && !decode(cx->mem, password, &out->password)))
			return refuse_url(cx);
	}
	return cx->config->smtp_password_file.len ? read_password_file(cx, out) : OK;
}

/* What the server says of itself to the other (EHLO): the name by which users reach it. */
static struct str own_name(struct ctx *cx)
{
	struct uri uri;
	return uri_split(cx->config->public_url, &uri) && !str_has(uri.host, ':') ? uri.host : STR("localhost");
}

static err_t read_url(struct ctx *cx, struct mail_settings *out)
{
	struct uri uri;
	bool good = uri_split(cx->config->smtp_url, &uri) && uri.host.len && uri.path.len <= 1 && !uri.query.ptr &&
		    !uri.fragment.ptr;
	bool smtps = good && str_eq_nocase(uri.scheme, STR("smtps"));
	if (!good || !(smtps || str_eq_nocase(uri.scheme, STR("smtp"))))
		return refuse_url(cx);
	bool v6 = str_has(uri.host, ':');
	out->host = uri.host;
	out->port = uri.port.len ? uri.port : smtps ? STR("465") : STR("587");
	out->url = str_fmt(cx->mem, "%s://%s%.*s%s:%.*s/%.*s", smtps ? "smtps" : "smtp", v6 ? "[" : "",
		STR_ARG(uri.host), v6 ? "]" : "", STR_ARG(out->port), STR_ARG(own_name(cx)));
	out->starttls = str_eq(cx->config->smtp_tls, STR("required")) ||
			(str_eq(cx->config->smtp_tls, STR("auto")) && !is_here(uri.host));
	out->authorities = cx->config->smtp_ca.len ? cx->config->smtp_ca : STR_ABSENT;
	TRY(read_user(cx, uri.userinfo, out));
	if (out->user.ptr && !smtps && !out->starttls && !is_here(uri.host))
		return REFUSE(cx, INVALID_VALUE, "smtp-tls",
			"--smtp-tls off would send the password of --smtp-url in clear over the network. Use required, "
			"or a server that asks for none.");
	return OK;
}

static const char *own_user(void)
{
	const struct passwd *user = getpwuid(geteuid());
	return user ? user->pw_name : "of this process";
}

static err_t check_folder(struct ctx *cx, struct str folder)
{
	struct stat found;
	const char *path = str_c(cx->mem, folder), *user = own_user(); /* before errno counts */
	if (!path || stat(path, &found) != 0)
		return REFUSE(cx, INVALID_VALUE, "mail-folder", "--mail-folder %.*s: %s (as the user %s)",
			STR_ARG(folder), strerror(errno), user);
	if (!S_ISDIR(found.st_mode) || access(path, W_OK | X_OK) != 0)
		return REFUSE(cx, INVALID_VALUE, "mail-folder",
			"--mail-folder %.*s: this is no folder that the user %s may write into", STR_ARG(folder), user);
	return OK;
}

/* libcurl reads it for each mail. */
static err_t check_authorities(struct ctx *cx, struct str file)
{
	const char *path = str_c(cx->mem, file), *user = own_user();
	if (path && access(path, R_OK) == 0)
		return OK;
	return REFUSE(cx, INVALID_VALUE, "smtp-ca", "--smtp-ca %.*s: %s (as the user %s)", STR_ARG(file),
		strerror(errno), user);
}

err_t mail_settings_check_access(struct ctx *cx)
{
	const struct config *config = cx->config;
	if (config->mail_folder.len)
		TRY(check_folder(cx, config->mail_folder));
	return config->smtp_url.len && config->smtp_ca.len ? check_authorities(cx, config->smtp_ca) : OK;
}

err_t mail_settings_read(struct ctx *cx, struct mail_settings *out)
{
	const struct config *config = cx->config;
	struct mail_settings settings = { .from = config->mail_from, .folder = config->mail_folder };
	settings.on = config->smtp_url.len || config->mail_folder.len;
	if (config->smtp_url.len && config->mail_folder.len)
		return REFUSE(cx, INVALID_VALUE, "mail-folder",
			"Mail goes to --smtp-url or into --mail-folder, and not to both: leave one of them out.");
	bool plain = mail_is_address(config->mail_from) && !mail_needs_utf8(config->mail_from) &&
		     str_eq(mail_address_sent(cx->mem, config->mail_from), config->mail_from);
	if (settings.on && !plain)
		return REFUSE(cx, INVALID_VALUE, "mail-from",
			"--mail-from %.*s: give the address that mail is sent from, like calendar@example.org",
			STR_ARG(config->mail_from));
	if (config->smtp_url.len)
		TRY(read_url(cx, &settings));
	TRY(mail_settings_check_access(cx));
	*out = settings;
	return OK;
}
