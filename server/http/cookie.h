/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names and attributes of our cookies. Behind https a cookie is `__Host-name`: Secure, Path=/, no Domain (RFC 6265bis
 * §4.1.3.2). On plain http, which browsers allow for a loopback server, it is `name_<port>`, since cookies ignore
 * ports.
 */
#pragma once

#include "server/base/ctx.h"

#define CSRF_COOKIE_LEN 64
#define LANGUAGE_COOKIE "language" /* of the pages, for the time of one authorization request (ui_locales) */

/* "session", "csrf" → the cookie's name under this server's public URL. */
struct str cookie_name(struct ctx *cx, const char *name);

/* A Set-Cookie: HttpOnly, SameSite=Lax, Path=/. max_age_s < 0: until the browser closes; 0 deletes it. */
struct str cookie_line(struct ctx *cx, const char *name, struct str value, int64_t max_age_s);
