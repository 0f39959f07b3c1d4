/* SPDX-License-Identifier: Apache-2.0 */
/* The registration endpoint (RFC 7591 §3): an app says what it is, and gets the client_id that says it for it. */
#pragma once

#include "server/http/router.h"

MUST_CHECK err_t register_post(struct request *rq, struct response *rs);
/* Of one that was registered by a token: read, replaced and deleted by itself (RFC 7592 §2). */
MUST_CHECK err_t registration_get(struct request *rq, struct response *rs);
MUST_CHECK err_t registration_put(struct request *rq, struct response *rs);
MUST_CHECK err_t registration_delete(struct request *rq, struct response *rs);
