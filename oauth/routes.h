/* SPDX-License-Identifier: Apache-2.0 */
/* What modules.c takes from here: three modules and one authenticator. */
#pragma once

#include "server/auth/credential.h"
#include "server/http/router.h"

extern const struct module oauth_module;           /* /oauth/ */
extern const struct module oauth_userinfo_module;  /* /oauth/userinfo */
extern const struct module oauth_wellknown_module; /* /.well-known/oauth-… */

authenticator_run bearer_authenticate; /* cat_ */
