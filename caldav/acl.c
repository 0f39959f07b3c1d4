/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ACL (RFC 3744 §8.1). Access is fixed: each resource has one entry, protected, for its owner, and no room for others.
 * A request that asks for none beside it is granted as it stands; any other is refused with the precondition that it
 * breaks.
 */
#include "caldav/members.h"
#include "caldav/methods.h"

/* §5.3: what DAV:supported-privilege-set has. */
static bool is_supported(const struct xml_node *privilege)
{
	static const char *const names[] = { "all", "read", "read-acl", "read-current-user-privilege-set", "write",
		"write-properties", "write-content", "bind", "unbind" };
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (xml_is(privilege, NS_DAV, names[i]))
			return true;
	return xml_is(privilege, NS_CALDAV, "read-free-busy");
}

static err_t judge_privileges(struct ctx *cx, const struct xml_node *grant)
{
	size_t count = 0;
	for (const struct xml_node *n = grant->first; n; n = n->next) {
		if (!xml_is(n, NS_DAV, "privilege") || !n->first)
			return REFUSE(cx, MALFORMED, "privilege", "grant and deny hold DAV:privilege elements.");
		for (const struct xml_node *p = n->first; p; p = p->next)
			if (!is_supported(p))
				return FAIL(cx, DAV_ACL_PRIVILEGE, "%.*s", STR_ARG(p->local));
		count++;
	}
	return count ? OK : REFUSE(cx, MALFORMED, "privilege", "An ace names at least one privilege.");
}

/* §8.1.1: principals must be known (recognized-principal) and ones that can have access (allowed-principal). */
static err_t judge_principal(struct request *rq, const struct xml_node *principal)
{
	const struct xml_node *href = xml_child(principal, NS_DAV, "href");
	struct resource at;
	if (!principal->first)
		return REFUSE(&rq->cx, MALFORMED, "principal", "DAV:principal is empty.");
	if (!href)
		return xml_child(principal, NS_DAV, "self") || xml_child(principal, NS_DAV, "property")
			       ? OK
			       : FAIL(&rq->cx, DAV_ACL_PRINCIPAL, "%.*s", STR_ARG(principal->first->local));
	/* Another's principal and one that never was look the same. */
	if (href_resolve(rq, href->text, &at) || at.kind != RES_PRINCIPAL)
		return FAIL(&rq->cx, DAV_PRINCIPAL, "%.*s", STR_ARG(href->text));
	return OK;
}

static err_t judge_ace(struct request *rq, const struct xml_node *ace)
{
	struct ctx *cx = &rq->cx;
	const struct xml_node *principal = xml_child(ace, NS_DAV, "principal");
	const struct xml_node *grant = xml_child(ace, NS_DAV, "grant"), *deny = xml_child(ace, NS_DAV, "deny");
	if (xml_child(ace, NS_DAV, "invert"))
		return FAIL(cx, DAV_ACL_INVERT, "invert");
	if (!principal || !grant == !deny)
		return REFUSE(cx, MALFORMED, "ace", "An ace holds a principal and one of grant and deny.");
	TRY(judge_privileges(cx, grant ? grant : deny));
	TRY(judge_principal(rq, principal));
	if (deny)
		return FAIL(cx, DAV_ACL_GRANT_ONLY, "deny");
	return FAIL(cx, DAV_ACL_FULL, "an ace beside the protected one");
}

err_t dav_acl(struct request *rq, struct response *rs)
{
	const struct xml_node *root = NULL;
	struct calendar calendar;
	struct object object;
	struct subject subject;
	struct resource at;

	TRY(href_of_request(rq, &at));
	TRY(xml_parse(&rq->cx, rq->body, &root));
	if (!root || !xml_is(root, NS_DAV, "acl"))
		return REFUSE(&rq->cx, MALFORMED, "", "The body of an ACL request is a DAV:acl.");
	TRY(subject_load(&rq->cx, rq->principal, at, &calendar, &object, &subject));
	for (const struct xml_node *n = root->first; n; n = n->next)
		if (xml_is(n, NS_DAV, "ace"))
			TRY(judge_ace(rq, n));
	reply_empty(rs, 200);
	return OK;
}
