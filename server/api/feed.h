/* SPDX-License-Identifier: Apache-2.0 */
/* A calendar as one .ics file, on REST. */
#pragma once

#include "caldav/calendar/store/store.h"
#include "server/http/router.h"

/* All of it, streamed, with 200, its tag and a file name; the head alone for HEAD. */
MUST_CHECK err_t calendar_send(
	struct request *rq, struct response *rs, const struct actor *actor, const struct calendar *calendar);

/* GET /feed/{feedToken} and /feed/{feedToken}.ics. */
handler feed_get;
void feed_every_answer(struct request *rq, struct response *rs); /* of its module */
