/* SPDX-License-Identifier: Apache-2.0 */
/* Who asks, seen through the reverse proxies that the operator trusts (--trusted-proxy). */
#pragma once

#include "server/base/address.h"
#include "server/http/request.h"

struct proxy_list; /* a set of networks */

/* "10.0.0.0/8, fd00::/8, 127.0.0.1". INVALID_VALUE naming the part that is none; empty text is an empty set. */
MUST_CHECK err_t proxy_list_parse(struct ctx *cx, struct str text, const struct proxy_list **out);
bool proxy_trusted(const struct proxy_list *list, struct address a);

/*
 * Set cx.client_ip and secure; the client's address. `peer` is who is connected. The headers of a trusted peer are read
 * from the right: the first address that is not a trusted proxy is the client. A proxy writes X-Forwarded-For or
 * Forwarded (RFC 7239) and passes the other one on from strangers; when both are there and differ, neither is believed.
 */
struct address proxy_apply(struct request *rq, const struct proxy_list *list, struct address peer, bool tls);
