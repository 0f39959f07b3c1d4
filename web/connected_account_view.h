/* SPDX-License-Identifier: Apache-2.0 */
/* What the pages of connected apps have in common. */
#pragma once

#include "oauth/connected_account.h"
#include "server/data/html.h"
#include "server/http/router.h"

/* Values of one connection: the app, what it may in one line and in full, since when and until when. */
void connected_account_values(struct request *rq, struct html_values *v, const struct connected_account *c);
