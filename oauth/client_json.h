/* SPDX-License-Identifier: Apache-2.0 */
/* Clients as JSON objects: the same members on the command line and, later, on REST and at registration. */
#pragma once

#include "oauth/client.h"
#include "server/data/json.h"

const char *client_kind_name(int16_t kind); /* "public", "confidential" */
bool client_kind_parse(struct str name, enum client_kind *out);

/* Grant types by name (token.h). INVALID_VALUE with `param`: one is none of ours; no names give 0. */
struct str_list client_grant_names(struct arena *mem, int16_t grants);
MUST_CHECK err_t client_grants_read(struct ctx *cx, const char *param, struct str_list names, int16_t *out);

/* `secret` is what is shown once, when it was made or rotated; absent otherwise. */
void client_json(struct json *j, struct arena *mem, const char *key, const struct client *client, struct str secret);
