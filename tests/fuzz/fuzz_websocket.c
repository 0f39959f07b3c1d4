/* SPDX-License-Identifier: Apache-2.0 */
/* library: http */
/* Frames of a WebSocket, whole and octet by octet: the same messages, the same end, and what is heard keeps to its
 * bounds. */
#include <stdlib.h>
#include <string.h>

#include "server/crypto/digest.h"
#include "server/http/websocket.h"

struct heard {
	size_t count, octets;
	unsigned sum;
};

static bool hear(void *owner, enum websocket_opcode opcode, struct str payload)
{
	struct heard *h = owner;
	if (payload.len > WEBSOCKET_MESSAGE_MAX || (opcode == WS_TEXT && !str_is_utf8(payload)))
		abort();
	h->count++;
	h->octets += payload.len;
	for (size_t i = 0; i < payload.len; i++)
		h->sum = h->sum * 31 + (unsigned char)payload.ptr[i];
	return opcode != WS_CLOSE;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct websocket whole = { 0 }, slow = { 0 };
	struct heard a = { 0 }, b = { 0 };
	int first = websocket_read(&whole, (struct str){ (const char *)data, size }, hear, &a), second = 0;
	for (size_t i = 0; i < size && !second; i++)
		second = websocket_read(&slow, (struct str){ (const char *)data + i, 1 }, hear, &b);
	if (first != second || memcmp(&a, &b, sizeof a) != 0)
		abort();
	websocket_free(&whole);
	websocket_free(&slow);
	return 0;
}
