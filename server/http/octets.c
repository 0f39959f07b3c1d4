/* SPDX-License-Identifier: Apache-2.0 */
#include "server/http/octets.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "server/http/park_private.h"

/* The first of a connection's octets are counted with the connection. */
#define OCTETS_FREE ((size_t)4096)

static size_t charge_of(size_t room)
{
	return room > OCTETS_FREE ? room : 0;
}

bool octets_room(struct peer *p, struct octets *o, size_t more, size_t max)
{
	struct ledger *ledger = p->park->settings.ledger;
	assert(o->at <= o->len && o->len <= o->room && more > 0);
	if (more > max - (o->len - o->at))
		return false;
	if (more <= o->room - o->len)
		return true;
	if (o->at) {
		memmove(o->ptr, o->ptr + o->at, o->len - o->at);
		o->len -= o->at;
		o->at = 0;
	}
	if (more <= o->room - o->len)
		return true;
	size_t room = o->room ? 2 * o->room : OCTETS_FREE, needed = o->len + more;
	room = room < needed ? needed : room > max ? max : room;
	size_t charge = charge_of(room) - charge_of(o->room);
	if (charge && !ledger_take(ledger, LEDGER_OCTETS, peer_network(p), charge))
		return false;
	char *grown = realloc(o->ptr, room);
	if (!grown) {
		if (charge)
			ledger_give(ledger, LEDGER_OCTETS, peer_network(p), charge);
		return false;
	}
	o->ptr = grown;
	o->room = room;
	return true;
}

void octets_free(struct peer *p, struct octets *o)
{
	assert(o->at <= o->len && o->len <= o->room && !o->room == !o->ptr);
	if (charge_of(o->room))
		ledger_give(p->park->settings.ledger, LEDGER_OCTETS, peer_network(p), charge_of(o->room));
	free(o->ptr);
	*o = (struct octets){ 0 };
}
