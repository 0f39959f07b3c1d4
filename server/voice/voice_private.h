/* SPDX-License-Identifier: Apache-2.0 */
/* Between the routes of the echo (realtime.c) and its sockets (socket.c). */
#pragma once

#include "server/http/request.h"
#include "server/http/response.h"
#include "server/voice/session.h"

/* The answer that was begun, a 101, is held by a new socket. RATE_LIMITED. */
MUST_CHECK err_t voice_socket_begin(struct request *rq, struct response *rs, const struct voice_token *token);
/* The first message: what this is, and what it is not. */
struct str voice_hello(struct arena *mem, const struct voice_token *token);
