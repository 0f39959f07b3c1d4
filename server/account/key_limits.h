/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a key is limited to besides its rights: from where it may come, which pages may use it, how often. A stolen key
 * is worth less, whatever it may do.
 */
#pragma once

#include "server/base/ctx.h"

#define KEY_IPS_MAX 20
#define KEY_ORIGINS_MAX 20
#define KEY_RATE_MAX 10000

struct key_limits {
	struct str_list ips;     /* addresses and networks in CIDR notation; items NULL: from anywhere */
	struct str_list origins; /* "https://app.example"; items NULL: any page, and what is no page */
	int32_t rate;            /* requests a second; 0: as the server has it, which is also the most */
};

/*
 * As they are to be stored: origins in the form that browsers send (RFC 6454 §6.2: lower case, no default port).
 * INVALID_VALUE naming allowed_ips, allowed_origins or rate_limit.
 */
MUST_CHECK err_t key_limits_clean(struct ctx *cx, const struct key_limits *in, struct key_limits *out);

/* Does cx.client_ip lie in them? IP_NOT_ALLOWED, also where the address is not known. */
MUST_CHECK err_t key_limits_admit(struct ctx *cx, struct str_list ips);
