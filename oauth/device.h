/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The device grant (RFC 8628): a device without a browser shows its user a short code, which they enter on a page of
 * ours (web/device.c). The page leads to the consent page; the device asks at the token endpoint meanwhile.
 */
#pragma once

#include "oauth/auth_request.h"
#include "oauth/code.h"
#include "server/http/router.h"

#define DEVICE_PAGE "/device"
#define DEVICE_LIFETIME_S 600
#define DEVICE_INTERVAL_S 5

handler device_post; /* the device authorization endpoint, §3.1 */

/* A user code as it was shown, however it was typed: letters in any case, blanks, with or without the hyphen. Absent
 * when it can be none. */
struct str device_user_code(struct arena *mem, struct str typed);
/* The address that leads to the page with the code in its field (§3.3.1). */
struct str device_complete_uri(struct ctx *cx, struct str user_code);

/*
 * The user entered a code: letters in any case, with or without the hyphen. What the device asked becomes a request for
 * the consent page.
 *
 * errors  INVALID_VALUE ("user_code"): unknown, answered, over
 */
MUST_CHECK err_t device_open(struct ctx *cx, struct str user_code, struct str *reference_out);

/*
 * The user answered, in the transaction of that: the device is told when it asks next. CONFLICT: somebody answered
 * before, or its time is over.
 *
 * family  that its tokens will be of; zero: denied
 */
MUST_CHECK err_t device_decide(struct ctx *cx, const struct auth_request *request, struct id account, struct id family);

/*
 * The device asks (§3.4), with its code as claim->code. One answer gives tokens, whoever asks at the same time.
 *
 * errors  MISSING_FIELD; AUTHORIZATION_PENDING; SLOW_DOWN: wait 5 s longer from now on; DEVICE_CODE_EXPIRED;
 *         ACCESS_DENIED; INVALID_GRANT: unknown, another app's, redeemed; INVALID_TARGET
 */
MUST_CHECK err_t device_redeem(struct ctx *cx, const struct code_claim *claim, struct token_pair *out);
