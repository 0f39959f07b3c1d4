/* SPDX-License-Identifier: Apache-2.0 */
/* What a token is, for who may know it. */
#pragma once

#include "server/http/router.h"

/*
 * RFC 7662. A confidential client that proves itself asks about its own tokens; one that the operator lets introspect,
 * about those of every app in its mode. Of any other token, and of one that does not work any more, the answer is that
 * it is not active, and nothing else (§2.2). Who asks
 * for application/token-introspection+jwt has it signed (RFC 9701).
 */
handler introspect_post;
