/* SPDX-License-Identifier: Apache-2.0 */
#include "server/auth/actor.h"

struct actor actor_own(const struct principal *p)
{
	return (struct actor){ p->account, p->calendars, p->scopes };
}

struct actor actor_server(struct id owner)
{
	return (struct actor){ .owner = owner, .rights = SCOPES_ALL | OWNER };
}

err_t actor_resolve(struct ctx *cx, const struct principal *p, struct id owner, struct actor *out)
{
	if (!id_eq(owner, p->account))
		return REFUSE(cx, ACCOUNT_MISMATCH, "", "This path is not of the credential's account and mode.");
	*out = actor_own(p);
	return OK;
}
