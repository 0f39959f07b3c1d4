/* SPDX-License-Identifier: Apache-2.0 */
/* An operation that is tried on a page: web/try.c runs it, try_form.c has its form. */
#pragma once

#include "oauth/connected_account.h"
#include "server/http/request.h"
#include "web/reference.h"

#define TRY_BODY_MAX KIB(192) /* octets of a body that is sent */

struct trial {
	struct request *rq;
	struct reference_operation op;
	struct str calendar; /* id of the default calendar of test mode; absent: there is none */
	bool sent;           /* the form was: it is shown with what is in it */
	struct str bad;      /* the parameter that was wrong; absent: none */
	/* of the account's apps, in test mode, the newest first; none where the operation is not for them */
	const struct platform_account *connections;
	size_t connection_count;
};

/* Can the operation be called for a connected account at all? */
bool try_for_others(const struct reference_operation *op);

/* The name of a parameter's field, in mem. */
struct str try_field(struct arena *mem, const char *name);
/* The fields of the form. */
void try_form_values(const struct trial *trial, struct html_values *v);
