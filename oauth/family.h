/* SPDX-License-Identifier: Apache-2.0 */
/* Why a grant was refused. Asked only after a refusal, so that what succeeds stays one round trip. */
#pragma once

#include "oauth/client.h"

/*
 * The error for a code or refresh token that was refused: ACCOUNT_DEACTIVATED when nothing else that is stored stands
 * in its way (verifier and redirect URI are not looked at), else INVALID_GRANT with the reason in its detail, for the
 * log. The caller is told no more: it may be a thief.
 *
 * INVALID_TARGET where it asked for an audience that was not granted.
 */
struct family_claim {
	struct id account, family;
	const struct client *client;
	struct bytes hash; /* of the code or refresh token as presented */
	int16_t audience;
};
MUST_CHECK err_t family_refusal(struct ctx *cx, const struct family_claim *claim);
