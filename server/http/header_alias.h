/* SPDX-License-Identifier: Apache-2.0 */
/* Our headers have neutral names. Clients that were written against a brand know them by that brand's. */
#pragma once

#include "server/http/request.h"

/* "<Brand>-<name>", by --brand: "Acme-Account" is Connected-Account. NULL if the brand is no name of a header. */
const char *header_alias(const struct request *rq, const char *name);

/*
 * The value of `header`, or of its alias. INVALID_VALUE when both are there and differ.
 * What comes more than once is joined (request_header_list). Absent if there is none.
 */
MUST_CHECK err_t header_or_alias(struct request *rq, const char *header, const char *name, struct str *out);
