/* SPDX-License-Identifier: Apache-2.0 */
/* What modules.c takes from here: two modules, one authenticator, and the hook for error pages. */
#pragma once

#include "server/auth/credential.h"
#include "server/http/router.h"

extern const struct module oauth_module;           /* /oauth/ */
extern const struct module oauth_wellknown_module; /* /.well-known/oauth-… */

authenticator_run bearer_authenticate; /* cat_ */

/*
 * Who shows errors of the authorization endpoint, which people see: web/'s renderer, registered by modules.c at start.
 * Without one, a plain page is written.
 */
typedef void page_renderer(struct request *rq, struct response *rs, err_t e);
void oauth_set_page_renderer(page_renderer *renderer);
