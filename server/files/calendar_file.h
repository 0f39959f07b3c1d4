/* SPDX-License-Identifier: Apache-2.0 */
/* A calendar as one .ics file, on REST, as a feed and on the pages. */
#pragma once

#include "caldav/calendar/store/store.h"
#include "server/http/request.h"
#include "server/http/response.h"

/* All of it, streamed, with 200, its tag and a file name; the head alone for HEAD. */
MUST_CHECK err_t calendar_send(
	struct request *rq, struct response *rs, const struct actor *actor, const struct calendar *calendar);
