/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "server/http/response.h"

/* Content-Disposition: a file name for whoever saves the answer (RFC 6266), ASCII for old readers, and UTF-8 where that
 * is not the same. */
void response_attachment(struct response *rs, struct str name, const char *suffix);
