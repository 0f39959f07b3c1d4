/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Browsers in which the owner of an account signed in before. Such a browser has limits on guessing of its own, so that
 * a stranger's guesses never lock the owner out of it. It is known by a cookie that lives long, opens nothing, and is
 * sealed under the server's key: account and a number of its own.
 */
#pragma once

#include "server/base/ctx.h"

#define KNOWN_BROWSER_S (400 * 86400) /* browsers keep no cookie longer */

struct known_browser {
	struct id account; /* live; zero: nobody is known here */
	struct id number;
};

/* Of the cookie's value as it came; nobody for what is none of ours. */
struct known_browser known_browser_read(struct ctx *cx, struct str cookie);

/* The cookie's value after this account signed in; a browser that is known for it keeps its number. */
struct str known_browser_cookie(struct ctx *cx, struct known_browser was, struct id account);
