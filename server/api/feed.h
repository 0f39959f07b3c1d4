/* SPDX-License-Identifier: Apache-2.0 */
/* A calendar as a feed. */
#pragma once

#include "server/http/router.h"

/* GET /feed/{feedToken} and /feed/{feedToken}.ics. */
handler feed_get;
void feed_every_answer(struct request *rq, struct response *rs); /* of its module */
