/* SPDX-License-Identifier: Apache-2.0 */
/* Which of several media types an answer has (RFC 9110 §12.5.1). */
#pragma once

#include "server/base/str.h"

/*
 * The one of `types` ("application/json", lower case) that the Accept header likes best; of equals the first. Absent or
 * empty: the first. A more exact range wins over a wider one, whatever stands first; its parameters but q are not
 * looked at. A member that is malformed (a q of more than three digits, or above 1) says nothing.
 *
 * False: every member is well formed, and they allow none of the types.
 */
bool accept_choose(struct str accept, const struct str *types, size_t count, size_t *out);
