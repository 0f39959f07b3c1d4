/* SPDX-License-Identifier: Apache-2.0 */
/* The registration endpoint (RFC 7591 §3): an app says what it is, and gets the client_id that says it for it. */
#pragma once

#include "server/http/router.h"

MUST_CHECK err_t register_post(struct request *rq, struct response *rs);
