/* SPDX-License-Identifier: Apache-2.0 */
/* Api-Version, or <Brand>-Version: which version of the API a request is made in (server/base/api_version.h). */
#pragma once

#include "server/base/api_version.h"
#include "server/http/route.h"

/* Sets rq->version: the header's, else the caller's own. INVALID_VALUE names those that there are. */
MUST_CHECK err_t version_choose(struct request *rq);

/* every_answer of a module with versions: Api-Version, and of an old one Deprecation (RFC 9745) and Sunset (RFC 8594).
 */
void version_headers(struct request *rq, struct response *rs);
/* The same of this version. For tests. */
void version_tell(struct response *rs, const struct api_version *version);
