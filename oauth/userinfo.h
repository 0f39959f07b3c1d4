/* SPDX-License-Identifier: Apache-2.0 */
/* Who a token's user is, as the scopes of the token have it (OpenID Connect Core §5.3). */
#pragma once

#include "server/http/router.h"

handler userinfo_answer;
/* As RFC 6750 §3 has it: the challenge, and the same as JSON. */
void userinfo_show_error(struct request *rq, struct response *rs, err_t e);
