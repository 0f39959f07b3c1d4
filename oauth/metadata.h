/* SPDX-License-Identifier: Apache-2.0 */
/* What clients discover, made from the tables of scopes, grants and resources. */
#pragma once

#include "server/http/router.h"

/*
 * The documents, which are the same as long as a server runs: made once, for app->metadata. Live in cx->mem, which has
 * none of their signatures: metadata_close() frees those.
 */
struct metadata;
struct metadata *metadata_new(struct ctx *cx);
void metadata_close(struct metadata *metadata); /* nobody asks for them any more */

/*
 * Each document once more as a JWT in it (`signed_metadata`: RFC 8414 §2.1, RFC 9728 §2.2), by the active signing key.
 * Nothing where that key signed them already; a document that nobody signed yet is told without. A job, since who
 * discovers this server must not have to wait for the database.
 */
MUST_CHECK err_t metadata_sign(struct ctx *cx, void *metadata);

handler metadata_server;   /* RFC 8414; after a resource's path, too: there clients look that know no RFC 9728 */
handler metadata_resource; /* RFC 9728: the whole server, …/v1, …/dav */
handler metadata_jwks;     /* RFC 7517 */
