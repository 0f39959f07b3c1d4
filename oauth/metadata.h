/* SPDX-License-Identifier: Apache-2.0 */
/* What clients discover, made from the tables of scopes, grants and resources. */
#pragma once

#include "server/http/router.h"

/* The documents, which are the same as long as a server runs: made once, for app->metadata. Live in cx->mem. */
struct metadata;
const struct metadata *metadata_new(struct ctx *cx);

handler metadata_server;   /* RFC 8414; after a resource's path, too: there clients look that know no RFC 9728 */
handler metadata_resource; /* RFC 9728: the whole server, …/v1, …/dav */
handler metadata_jwks;     /* RFC 7517 */
