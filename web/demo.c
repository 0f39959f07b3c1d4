/* SPDX-License-Identifier: Apache-2.0 */
#include "web/demo.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "caldav/calendar/sample.h"
#include "oauth/client.h"
#include "server/account/key.h"
#include "server/account/session.h"
#include "server/base/config.h"
#include "server/crypto/digest.h"
#include "server/data/json.h"

#define FILE_MAX 8192
#define USER_EMAIL "demo@example.org"
#define OWNER_EMAIL "platform@northwind.example"
#define KEY_NAME "Demo key"
#define CLIENT_NAME "Northwind CRM"

/* clang-format off */
static const struct json_field file_fields[] = {
	{ .name = "email",         .kind = JSON_STR, .flags = JSON_NULLABLE, .offset = offsetof(struct demo, email) },
	{ .name = "password",      .kind = JSON_STR, .flags = JSON_NULLABLE, .offset = offsetof(struct demo, password) },
	{ .name = "key",           .kind = JSON_STR, .flags = JSON_NULLABLE, .offset = offsetof(struct demo, key) },
	{ .name = "client_id",     .kind = JSON_STR, .flags = JSON_NULLABLE, .offset = offsetof(struct demo, client_id) },
	{ .name = "client_secret", .kind = JSON_STR, .flags = JSON_NULLABLE, .offset = offsetof(struct demo, client_secret) },
};
/* clang-format on */

/* ---- the file ---- */

static const char *file_path(struct ctx *cx, const char *ending)
{
	return str_c(cx->mem, str_fmt(cx->mem, "%.*s/demo.json%s", STR_ARG(cx->config->data_dir), ending));
}

/* None, or one that cannot be read, is an empty one: everything is made anew. */
static void file_read(struct ctx *cx, struct demo *out)
{
	char *text = arena_take(cx->mem, FILE_MAX, 1);
	int fd = open(file_path(cx, ""), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	ssize_t len = fd < 0 ? 0 : read(fd, text, FILE_MAX);
	if (fd >= 0)
		close(fd);
	struct demo found = { 0 };
	if (len > 0 &&
		!json_read_known(cx, (struct str){ text, (size_t)len }, file_fields, ARRAY_LEN(file_fields), &found))
		*out = found;
}

static err_t file_fail(struct ctx *cx, const char *path)
{
	return REFUSE(cx, INTERNAL, "", "The demo's secrets cannot be kept in %s: %s.", path, strerror(errno));
}

static err_t file_write(struct ctx *cx, const struct demo *demo)
{
	const char *fresh = file_path(cx, ".new"), *path = file_path(cx, "");
	struct buf text = buf_new(cx->mem, FILE_MAX);
	struct json j = json_begin(&text);
	json_object(&j, NULL);
	json_write(&j, cx->mem, file_fields, ARRAY_LEN(file_fields), demo);
	json_object_end(&j);
	buf_char(&text, '\n');

	unlink(fresh);
	int fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return file_fail(cx, fresh);
	bool written = write(fd, text.ptr, text.len) == (ssize_t)text.len && fsync(fd) == 0;
	if (close(fd) != 0 || !written || rename(fresh, path) != 0)
		return file_fail(cx, path);
	return OK;
}

/* ---- what is missing ---- */

static struct str new_password(struct arena *mem)
{
	uint8_t octets[12];
	char text[17];
	random_fill(octets, sizeof octets);
	base62_of(text, 16, bytes_of(octets, 11));
	return str_fmt(mem, "%.4s-%.4s-%.4s-%.4s", text, text + 4, text + 8, text + 12);
}

static err_t ensure_account(
	struct ctx *cx, const char *email, const char *name, struct str password, bool *made, struct account *out)
{
	*made = false;
	err_t e = account_by_email(cx, str_of(email), out);
	if (!err_is(e, NOT_FOUND))
		return e;
	*made = true;
	const struct account_new in = {
		.email = str_of(email), .name = str_of(name), .password = password, .plan = PLAN_PRO
	};
	return account_create(cx, &in, out);
}

/* Somebody may have chosen another password meanwhile: that one stays, and is not ours to tell. */
static err_t ensure_user(struct ctx *cx, struct demo *demo, struct account *out)
{
	struct str fresh = new_password(cx->mem);
	struct account same;
	bool made;
	TRY(ensure_account(cx, USER_EMAIL, "Dana Demo", fresh, &made, out));
	/* Without a file the first start did not get to its end. */
	if (made || !demo->email.len) {
		TRY(sample_put(cx, out->id));
		sample_put_in_test_mode(cx, out->id);
	}
	demo->email = STR(USER_EMAIL);
	demo->account_id = id_text(cx->mem, "usr", out->id);
	if (made) {
		demo->password = fresh;
		return OK;
	}
	if (!demo->password.len) {
		demo->password = fresh;
		return account_set_password(cx, out->id, fresh);
	}
	err_t e = sign_in(cx, demo->email, demo->password, &same);
	if (e)
		demo->password = STR_ABSENT;
	return err_is(e, CREDENTIALS_INVALID) || err_is(e, RATE_LIMITED) ? OK : e;
}

/* Is the key of the file alive? Its hash is all that is stored: ask the one that judges it. */
static bool key_works(struct ctx *cx, struct str key)
{
	const struct credential sent = { .transport = VIA_BEARER, .secret = key };
	struct principal principal;
	return key.len && !key_authenticate(cx, &sent, &principal);
}

static err_t ensure_key(struct ctx *cx, struct demo *demo, struct id account)
{
	const struct key_new in = {
		.account = account, .kind = KEY_ACCOUNT, .name = STR_INIT(KEY_NAME), .expires_at = INSTANT_NONE
	};
	struct key made;
	if (key_works(cx, demo->key))
		return OK;
	return key_create(cx, &in, &made, &demo->key);
}

/* Where the platform is reached from this computer: a wildcard address is no host of a URI. */
static struct str platform_origin(struct ctx *cx)
{
	struct str listen = cx->config->demo_listen;
	struct str port = listen;
	if (str_starts(listen, STR("0.0.0.0:")) || str_starts(listen, STR("[::]:"))) {
		port = str_from(listen, str_starts(listen, STR("[")) ? 5 : 8);
		return str_fmt(cx->mem, "http://127.0.0.1:%.*s", STR_ARG(port));
	}
	return str_fmt(cx->mem, "http://%.*s", STR_ARG(listen));
}

static err_t client_works(struct ctx *cx, const struct demo *demo, bool *works)
{
	struct client client;
	*works = false;
	if (!demo->client_id.len)
		return OK;
	err_t e = client_prove(cx, demo->client_id, demo->client_secret, &client);
	*works = !e;
	return err_is(e, INVALID_CLIENT) ? OK : e;
}

static err_t ensure_client(struct ctx *cx, struct demo *demo, struct id owner)
{
	const struct client_new in = {
		.owner = owner,
		.kind = CLIENT_CONFIDENTIAL,
		.name = STR_INIT(CLIENT_NAME),
		.redirects = { &demo->redirect_uri, 1 },
	};
	struct client made;
	bool works;
	TRY(client_works(cx, demo, &works));
	if (works)
		return OK;
	err_t e = client_create(cx, &in, &made, &demo->client_secret);
	if (err_is(e, INVALID_VALUE))
		return REFUSE(cx, INVALID_VALUE, "demo-listen",
			"The demo platform needs an address of this computer, like 127.0.0.1:8081: %.*s",
			STR_ARG(err_text(e)));
	TRY(e);
	demo->client_id = id_text(cx->mem, "cli", made.id);
	return client_verify(cx, made.id);
}

err_t demo_prepare(struct ctx *cx, struct demo *out)
{
	struct demo demo = { 0 };
	struct account user, owner;
	bool made;

	file_read(cx, &demo);
	demo.redirect_uri = str_cat(cx->mem, platform_origin(cx), STR("/callback"));
	TRY(ensure_user(cx, &demo, &user));
	TRY(ensure_key(cx, &demo, user.id));
	TRY(ensure_account(cx, OWNER_EMAIL, "Northwind Traders", STR_ABSENT, &made, &owner));
	TRY(ensure_client(cx, &demo, owner.id));
	TRY(file_write(cx, &demo));
	*out = demo;
	return OK;
}

/* ---- the banner ---- */

void demo_banner(struct ctx *cx, const struct demo *demo, struct buf *out)
{
	const struct config *config = cx->config;
	struct str url = config->public_url;
	struct instant end = instant_add_s(cx->now, 14 * 86400);
	struct str from = instant_rfc3339(cx->mem, instant_of_s(instant_s(cx->now)));
	struct str to = instant_rfc3339(cx->mem, instant_of_s(instant_s(end)));

	buf_fmt(out, "\n%.*s is ready.\n\n", STR_ARG(config->brand));
	buf_fmt(out, "  Address         %.*s\n", STR_ARG(url));
	buf_fmt(out, "  Sign in         %.*s\n", STR_ARG(demo->email));
	buf_fmt(out, "  Password        %.*s\n",
		STR_ARG(demo->password.len ? demo->password : STR("(the one that you set)")));
	buf_fmt(out, "  Demo platform   %.*s   walks the Connect flow\n", STR_ARG(platform_origin(cx)));
	buf_fmt(out, "  Key             %.*s\n", STR_ARG(demo->key));
	buf_fmt(out, "  CalDAV          %.*s/dav/   user name %.*s, password: the key\n\n", STR_ARG(url),
		STR_ARG(demo->email));
	buf_fmt(out, "  curl -H 'Authorization: Bearer %.*s' %.*s/v1/calendars\n", STR_ARG(demo->key), STR_ARG(url));
	buf_fmt(out, "  curl -H 'Authorization: Bearer %.*s' '%.*s/v1/events?from=%.*s&to=%.*s'\n", STR_ARG(demo->key),
		STR_ARG(url), STR_ARG(from), STR_ARG(to));
	buf_fmt(out, "  curl -u %.*s:%.*s -X PROPFIND -H 'Depth: 1' %.*s/dav/calendars/%.*s/\n\n", STR_ARG(demo->email),
		STR_ARG(demo->key), STR_ARG(url), STR_ARG(demo->account_id));
	buf_fmt(out, "  Ctrl-C stops all of it. The data stays in %.*s for the next start.\n\n",
		STR_ARG(config->database_url.len ? STR("your database") : config->data_dir));
}
