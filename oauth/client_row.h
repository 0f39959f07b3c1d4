/* SPDX-License-Identifier: Apache-2.0 */
/* A client with all that it may prove itself by that is no secret. */
#pragma once

#include "oauth/client.h"

struct client_row {
	struct id id, owner;
	int16_t kind, grants;
	struct str name;
	bool verified, may_introspect;
	uint64_t scopes;
	int16_t auth_method, tls_name_kind;
	struct str tls_name;
	bool cert_bound, keeps_refresh;
	int16_t profile;
	int32_t refresh_idle_s, refresh_absolute_s;
	struct str jwks, jwks_uri, fetched; /* fetched: what jwks_uri had at fetched_at */
	struct instant fetched_at;
};

/* NOT_FOUND: no client has this id, or its owner's account is deactivated. */
MUST_CHECK err_t client_row_find(struct ctx *cx, struct str client_id, struct client_row *out);
/* As client_prove() sets it. */
struct client client_of_row(const struct client_row *row);
