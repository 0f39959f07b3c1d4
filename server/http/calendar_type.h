/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies of BODY_ICAL. */
#pragma once

#include "server/http/request.h"

/* text/calendar of version 2.0 in UTF-8, or nothing said (RFC 4791 §5.3.2.1, supported-calendar-data): else ICAL_MEDIA.
 */
MUST_CHECK err_t calendar_type_check(struct request *rq);
