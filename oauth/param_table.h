/* SPDX-License-Identifier: Apache-2.0 */
/* Every parameter that an endpoint of OAuth reads. `calends reference parameters` prints it, and the tests of bad
 * values sweep it. */
#pragma once

#include "server/base/buf.h"

enum param_endpoint { /* a set */
	AT_AUTHORIZE = 1,
	AT_PAR = 2,
	AT_TOKEN = 4,
	AT_DEVICE = 8,
	AT_REVOKE = 16,
	AT_INTROSPECT = 32,
	AT_LOGOUT = 64,
	AT_REGISTER = 128 /* a member of a JSON object */
};

enum param_flags {
	PARAM_REPEATS = 1, /* may be there more than once (OAuth 2.1 §3.1 else) */
	PARAM_SECRET = 2   /* nobody but who sent it may learn it: it stands in no log and no answer */
};

/* May one of this name be there twice? */
bool param_repeats(struct str name);

/* The table as Markdown. */
void param_table_print(struct buf *out);
