/* SPDX-License-Identifier: Apache-2.0 */
#include "server/mcp/routes.h"

#include "server/mcp/message.h"

#define MESSAGE_MAX KIB(512)
#define CALLERS (TOKEN | ACCOUNT_KEY | SECRET_KEY | RESTRICTED_KEY)

/* No GET: nothing is told unasked. No DELETE: there is no session. No scope: each tool asks for those of its operation.
 * A page of an origin that nobody named is refused, as the transport demands (DNS rebinding).
 */
static const struct route routes[] = {
	{ METHOD_POST, "/mcp", CALLERS, 0, BODY_JSON, MESSAGE_MAX, mcp_post, "MCP 2025-06-18, Streamable HTTP",
		CORS_KEYS | KNOWN_PAGES | HEAVY },
};

const struct module mcp_module = {
	.name = "Model Context Protocol",
	.prefix = "/mcp",
	.audience = AUDIENCE_MCP,
	.routes = routes,
	.route_count = ARRAY_LEN(routes),
	.rate_limited = true,
};
