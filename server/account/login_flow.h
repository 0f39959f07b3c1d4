/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nextcloud's Login Flow v2, by which calendar programs get a key without anybody typing it: the program asks for a
 * page's address and a token, shows the page in the browser, and asks with the token until its user has answered there.
 * The key is made when the program fetches it, so nothing of it is ever kept here.
 */
#pragma once

#include "server/auth/credential.h"
#include "server/base/ctx.h"

#define LOGIN_FLOW_LIFETIME_S (20 * 60)
#define LOGIN_FLOWS_MAX 10000  /* that wait, of all programs together */
#define LOGIN_FLOWS_AN_HOUR 60 /* that one network may begin */

/* Two secrets: who has the page's address can answer, who has the token gets the key. */
struct login_flow_begun {
	struct str token, page_token;
};

/* errors  RATE_LIMITED: this network began too many; UNAVAILABLE: there are LOGIN_FLOWS_MAX */
MUST_CHECK err_t login_flow_begin(struct ctx *cx, struct login_flow_begun *out);

enum login_flow_state { LOGIN_FLOW_WAITS, LOGIN_FLOW_ALLOWED, LOGIN_FLOW_DENIED, LOGIN_FLOW_HANDED_OUT };

struct login_flow {
	struct str ip, agent; /* of the program that began it; absent where not known */
	struct instant created_at;
	enum login_flow_state state;
};

/* What `who` is asked. NOT_FOUND: unknown, over, or answered by somebody else. */
MUST_CHECK err_t login_flow_look(
	struct ctx *cx, struct str page_token, const struct principal *who, struct login_flow *out);

/*
 * The user answered.
 *
 * key_name  of the key that the program may fetch; absent: it gets none
 * errors    NOT_FOUND as above; CONFLICT: answered before; INVALID_VALUE, MISSING_FIELD ("name")
 */
MUST_CHECK err_t login_flow_answer(
	struct ctx *cx, struct str page_token, const struct principal *who, struct str key_name);

struct login_flow_key {
	struct str user_name, secret;
};

/*
 * The program asks whether it may, and if so it has its key: an account key, made now in the name of who allowed it.
 * One answer gives one key, whoever asks at the same time.
 *
 * errors  NOT_FOUND: nobody has answered, they denied, it is over or was fetched, or there is no such token;
 *         FORBIDDEN as key_create() has it
 */
MUST_CHECK err_t login_flow_fetch(struct ctx *cx, struct str token, struct login_flow_key *out);
