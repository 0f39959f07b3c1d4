/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The properties of RFC 3744 §5. Access is fixed: an account's tree is its own, wholly, and nobody else's; a credential
 * may have less than its account, and DAV:current-user-privilege-set tells that: what it has, it may, and what contains
 * another privilege is never told without it (§5.4). Who may list calendars and see when they are busy has
 * CALDAV:read-free-busy there, not DAV:read: names and colours are told beside it, no event is.
 */
#include "caldav/props/props.h"

static const struct {
	enum privilege bit;
	struct str element;
} privileges[] = {
	{ PRIV_READ, STR_INIT("<D:privilege><D:read/></D:privilege>") },
	{ PRIV_READ_FREE_BUSY, STR_INIT("<D:privilege><C:read-free-busy/></D:privilege>") },
	{ PRIV_READ_ACL, STR_INIT("<D:privilege><D:read-acl/></D:privilege>") },
	{ PRIV_READ_PRIVILEGES, STR_INIT("<D:privilege><D:read-current-user-privilege-set/></D:privilege>") },
	{ PRIV_WRITE_PROPERTIES, STR_INIT("<D:privilege><D:write-properties/></D:privilege>") },
	{ PRIV_WRITE_CONTENT, STR_INIT("<D:privilege><D:write-content/></D:privilege>") },
	{ PRIV_BIND, STR_INIT("<D:privilege><D:bind/></D:privilege>") },
	{ PRIV_UNBIND, STR_INIT("<D:privilege><D:unbind/></D:privilege>") },
};

#define PRIV_WRITE (PRIV_WRITE_PROPERTIES | PRIV_WRITE_CONTENT | PRIV_BIND | PRIV_UNBIND)
#define PRIV_ALL (PRIV_READ | PRIV_READ_FREE_BUSY | PRIV_READ_ACL | PRIV_READ_PRIVILEGES | PRIV_WRITE)

uint64_t scopes_to_read(enum resource_kind kind)
{
	if (kind == RES_HOME || kind == RES_CALENDAR)
		return CALENDARS_READ;
	return kind == RES_OBJECT ? EVENTS_READ : 0;
}

/* Who has access is the owner's to know (RFC 3744 §3.6); what is nobody's tells nothing about anybody. */
static bool may_read_acl(const struct subject *subject)
{
	enum resource_kind kind = subject->at.kind;
	return kind == RES_ROOT || kind == RES_PRINCIPALS || kind == RES_HOMES || (subject->at.actor->rights & OWNER);
}

static unsigned privileges_of(const struct subject *subject)
{
	uint64_t scopes = subject->at.actor->rights, to_read = scopes_to_read(subject->at.kind);
	bool owner = (scopes & OWNER) != 0;
	unsigned can = may_read_acl(subject) ? PRIV_READ_ACL : 0u;

	if ((scopes & to_read) == to_read)
		can |= PRIV_READ_PRIVILEGES | PRIV_READ_FREE_BUSY;
	switch (subject->at.kind) {
	case RES_ROOT:
	case RES_PRINCIPALS:
	case RES_HOMES:
		return can | PRIV_READ;
	case RES_PRINCIPAL:
		return can | PRIV_READ | (owner ? PRIV_WRITE_PROPERTIES : 0u);
	case RES_HOME:
		if (scopes & CALENDARS_READ)
			can |= PRIV_READ;
		if (scopes & CALENDARS_MANAGE) /* limited to single calendars it makes none (calendar_create()) */
			can |= subject->at.actor->calendars.items ? PRIV_UNBIND : PRIV_BIND | PRIV_UNBIND;
		return can | (owner ? PRIV_WRITE : 0u);
	case RES_CALENDAR:
		if ((can & PRIV_READ_FREE_BUSY) && (scopes & EVENTS_READ))
			can |= PRIV_READ;
		if (scopes & CALENDARS_WRITE)
			can |= PRIV_WRITE_PROPERTIES;
		break;
	case RES_OBJECT:
		if (scopes & EVENTS_READ)
			can |= PRIV_READ;
		if (scopes & EVENTS_WRITE)
			can |= PRIV_WRITE_PROPERTIES;
		break;
	}
	if ((scopes & EVENTS_WRITE) && subject->calendar && subject->calendar->writable)
		can |= PRIV_WRITE_CONTENT | PRIV_BIND | PRIV_UNBIND;
	return can;
}

int prop_current_user_privilege_set(const struct prop_context *context, const struct subject *subject, struct buf *out)
{
	(void)context;
	unsigned can = privileges_of(subject);
	if ((can & PRIV_ALL) == PRIV_ALL)
		BUF_LIT(out, "<D:privilege><D:all/></D:privilege>");
	if ((can & PRIV_WRITE) == PRIV_WRITE)
		BUF_LIT(out, "<D:privilege><D:write/></D:privilege>");
	for (size_t i = 0; i < ARRAY_LEN(privileges); i++)
		if (can & privileges[i].bit)
			buf_add(out, privileges[i].element);
	return 200;
}

/* RFC 3744 §5.3; RFC 4791 §6.1.1: read-free-busy is part of read. */
int prop_supported_privilege_set(const struct prop_context *context, const struct subject *subject, struct buf *out)
{
#define DESCRIBED(name, text)                                                                                          \
	"<D:privilege>" name "</D:privilege><D:description xml:lang=\"en\">" text "</D:description>"
#define PRIVILEGE(name, text) "<D:supported-privilege>" DESCRIBED(name, text) "</D:supported-privilege>"
	(void)context, (void)subject;
	/* clang-format off */
	BUF_LIT(out, "<D:supported-privilege>" DESCRIBED("<D:all/>", "Everything")
		"<D:supported-privilege>" DESCRIBED("<D:read/>", "Read")
			PRIVILEGE("<C:read-free-busy/>", "See when it is busy")
		"</D:supported-privilege>"
		PRIVILEGE("<D:read-acl/>", "Read who has access")
		PRIVILEGE("<D:read-current-user-privilege-set/>", "Read what one may do oneself")
		"<D:supported-privilege>" DESCRIBED("<D:write/>", "Write")
			PRIVILEGE("<D:write-properties/>", "Change properties")
			PRIVILEGE("<D:write-content/>", "Change content")
			PRIVILEGE("<D:bind/>", "Add members")
			PRIVILEGE("<D:unbind/>", "Remove members")
		"</D:supported-privilege>"
	"</D:supported-privilege>");
	/* clang-format on */
	return 200;
#undef PRIVILEGE
#undef DESCRIBED
}

/* RFC 3744 §5.5: the one entry, which is protected. What belongs to nobody can be read by who is signed in. */
int prop_acl(const struct prop_context *context, const struct subject *subject, struct buf *out)
{
	(void)context;
	if (!may_read_acl(subject))
		return 403;
	BUF_LIT(out, "<D:ace><D:principal>");
	if (id_is_zero(subject->at.account)) {
		BUF_LIT(out, "<D:authenticated/></D:principal><D:grant><D:privilege><D:read/></D:privilege></D:grant>");
	} else {
		account_href(out, RES_PRINCIPAL, subject->at.actor);
		BUF_LIT(out, "</D:principal><D:grant><D:privilege><D:all/></D:privilege></D:grant>");
	}
	BUF_LIT(out, "<D:protected/></D:ace>");
	return 200;
}

int prop_acl_restrictions(const struct prop_context *context, const struct subject *subject, struct buf *out)
{
	(void)context, (void)subject;
	BUF_LIT(out, "<D:grant-only/><D:no-invert/>");
	return 200;
}
