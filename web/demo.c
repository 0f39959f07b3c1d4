/* SPDX-License-Identifier: Apache-2.0 */
/* Accounts, key, client and events of the demo: what is missing is made. */
#include "web/demo_private.h"

#include "caldav/calendar/sample.h"
#include "oauth/client.h"
#include "server/account/key.h"
#include "server/account/session.h"
#include "server/crypto/digest.h"

#define USER_EMAIL "demo@example.org"
#define OWNER_EMAIL "platform@northwind.example"
#define KEY_NAME "Demo key"
#define CLIENT_NAME "Northwind CRM"

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
	const struct account_new in = { .email = str_of(email),
		.name = str_of(name),
		.password = password,
		.plan = PLAN_PRO,
		.email_known = true };
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
	err_t e = sign_in(cx, demo->email, demo->password, (struct known_browser){ 0 }, &same);
	if (e)
		demo->password = STR_ABSENT;
	return err_is(e, CREDENTIALS_INVALID) || err_is(e, RATE_LIMITED) ? OK : e;
}

/* Is the key of the file alive? Its hash is all that is stored: ask the one that checks it. */
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

static err_t client_works(struct ctx *cx, const struct demo *demo, bool *works)
{
	struct client client;
	*works = false;
	if (!demo->client_id.len)
		return OK;
	err_t e = client_prove(cx, demo->client_id, demo->client_secret, CLIENT_AUTH_BASIC, &client);
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

	demo_file_read(cx, &demo);
	demo.redirect_uri = str_cat(cx->mem, demo_origin(cx), STR("/callback"));
	TRY(ensure_user(cx, &demo, &user));
	TRY(ensure_key(cx, &demo, user.id));
	TRY(ensure_account(cx, OWNER_EMAIL, "Northwind Traders", STR_ABSENT, &made, &owner));
	TRY(ensure_client(cx, &demo, owner.id));
	TRY(demo_file_write(cx, &demo));
	*out = demo;
	return OK;
}
