/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ACL (RFC 3744 §8.1). Access is fixed: each resource has one entry, protected, for its owner, and no room for others
 * (docs/adr/0012). A request that asks for none beside it is granted as it stands; any other is refused with the
 * precondition that it breaks.
 */
#include "caldav/multistatus_rows.h"
#include "caldav/methods/methods.h"

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

static err_t privileges_check(struct ctx *cx, const struct xml_node *grant)
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

/* Whom the protected entry is for (§5.5.1). DAV:self is somebody on principals alone. */
static bool is_owner(const struct request *rq, struct resource at, const struct xml_node *principal)
{
	const struct xml_node *href = xml_child(principal, NS_DAV, "href");
	const struct xml_node *property = xml_child(principal, NS_DAV, "property");
	struct resource named;
	if (href)
		return !href_resolve(rq, href->text, &named) && named.kind == RES_PRINCIPAL;
	return xml_child(property, NS_DAV, "owner") ||
	       (at.kind == RES_PRINCIPAL && xml_child(principal, NS_DAV, "self"));
}

/* §8.1.1: principals must be known (recognized-principal) and ones that can have access (allowed-principal). */
static err_t principal_check(struct request *rq, struct resource at, const struct xml_node *principal)
{
	const struct xml_node *href = xml_child(principal, NS_DAV, "href");
	if (is_owner(rq, at, principal) || xml_child(principal, NS_DAV, "self") ||
		xml_child(principal, NS_DAV, "property"))
		return OK;
	/* Another's principal and one that never was look the same. */
	if (href)
		return FAIL(&rq->cx, DAV_PRINCIPAL, "%.*s", STR_ARG(href->text));
	return FAIL(&rq->cx, DAV_ACL_PRINCIPAL, "%.*s", STR_ARG(principal->first->local));
}

/* The entry as DAV:acl shows it: a client that sends back what it read changes nothing. */
static bool is_the_protected_one(struct request *rq, struct resource at, const struct xml_node *ace)
{
	const struct xml_node *grant = xml_child(ace, NS_DAV, "grant");
	const struct xml_node *privilege = xml_child(grant, NS_DAV, "privilege");
	return is_owner(rq, at, xml_child(ace, NS_DAV, "principal")) && xml_count(grant, NS_DAV, "privilege") == 1 &&
	       xml_child(privilege, NS_DAV, "all") && !privilege->first->next;
}

static err_t ace_check(struct request *rq, struct resource at, const struct xml_node *ace)
{
	struct ctx *cx = &rq->cx;
	const struct xml_node *principal = xml_child(ace, NS_DAV, "principal");
	const struct xml_node *grant = xml_child(ace, NS_DAV, "grant"), *deny = xml_child(ace, NS_DAV, "deny");
	if (xml_child(ace, NS_DAV, "invert"))
		return FAIL(cx, DAV_ACL_INVERT, "invert");
	if (!principal || !principal->first || xml_count(ace, NS_DAV, "principal") > 1 || !grant == !deny) /* §8.1.5 */
		return REFUSE(cx, MALFORMED, "ace", "An ace holds one principal and one of grant and deny.");
	TRY(privileges_check(cx, grant ? grant : deny));
	if (deny)
		return is_owner(rq, at, principal) ? FAIL(cx, DAV_ACL_PROTECTED, "deny") /* §8.1.3 */
						   : FAIL(cx, DAV_ACL_GRANT_ONLY, "deny");
	TRY(principal_check(rq, at, principal));
	bool is_protected = xml_child(ace, NS_DAV, "protected");
	if (is_protected && is_the_protected_one(rq, at, ace))
		return OK;
	/* §5.5.3, §5.5.4: marks of the server's own */
	if (is_protected || xml_child(ace, NS_DAV, "inherited"))
		return FAIL(cx, DAV_ACL_CONFLICT, "an entry that is marked");
	return FAIL(cx, DAV_ACL_FULL, "an ace beside the protected one");
}

err_t acl_run(struct dav_call *call)
{
	struct request *rq = call->rq;
	struct calendar calendar;
	struct object object;
	struct subject subject;
	TRY(subject_load(&rq->cx, call->at, &calendar, &object, &subject));
	for (const struct xml_node *n = call->root->first; n; n = n->next)
		if (xml_is(n, NS_DAV, "ace"))
			TRY(ace_check(rq, call->at, n));
	reply_empty(call->rs, 200);
	return OK;
}
