/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "server/http/router.h"

/* The CalDAV account that a profile sets up. */
struct mobileconfig {
	struct id account, key;
	struct str email, secret; /* of the account; of the key */
};

/*
 * A configuration profile for Apple's systems with one CalDAV account (Apple, Device Management Profiles, CalDAV):
 * property list 1.0 as XML. It holds the key, so it is an answer of its own that nobody keeps.
 */
void mobileconfig_reply(struct response *rs, const struct mobileconfig *of);
