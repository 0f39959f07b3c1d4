/* SPDX-License-Identifier: Apache-2.0 */
#include "server/http/websocket.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/sha.h>

#define GUID "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
#define MASK_BIT 0x80
#define FINAL_BIT 0x80
#define RESERVED_BITS 0x70
#define CONTROL_MAX 125

struct str websocket_accept(struct arena *mem, struct str key)
{
	unsigned char digest[SHA_DIGEST_LENGTH];
	struct str text = str_cat(mem, key, STR(GUID));
	SHA1((const unsigned char *)text.ptr, text.len, digest);
	return base64_of(mem, bytes_of(digest, sizeof digest));
}

bool websocket_key_is(struct arena *mem, struct str key)
{
	struct bytes octets;
	return base64_to(mem, key, &octets) && octets.len == 16;
}

/* ---- sending ---- */

void websocket_write(struct buf *out, enum websocket_opcode opcode, struct str payload)
{
	buf_char(out, (char)(FINAL_BIT | (int)opcode));
	if (payload.len <= CONTROL_MAX) {
		buf_char(out, (char)payload.len);
	} else if (payload.len <= UINT16_MAX) {
		buf_char(out, 126);
		buf_char(out, (char)(payload.len >> 8));
		buf_char(out, (char)(payload.len & 0xFF));
	} else {
		buf_char(out, 127);
		for (int shift = 56; shift >= 0; shift -= 8)
			buf_char(out, (char)((uint64_t)payload.len >> shift & 0xFF));
	}
	buf_add(out, payload);
}

void websocket_write_close(struct buf *out, enum websocket_status status, struct str reason)
{
	struct buf payload = buf_new(out->mem, CONTROL_MAX);
	buf_char(&payload, (char)((unsigned)status >> 8));
	buf_char(&payload, (char)((unsigned)status & 0xFF));
	buf_add(&payload, reason);
	websocket_write(out, WS_CLOSE, buf_str(&payload));
}

/* ---- reading ---- */

static unsigned octet(const struct websocket *ws, size_t i)
{
	return (unsigned char)ws->head[i];
}

/* How long the head of the frame is, as far as it is here. */
static size_t head_needed(const struct websocket *ws)
{
	if (ws->head_len < 2)
		return 2;
	unsigned len = octet(ws, 1) & 0x7F;
	return 2 + (len == 126 ? 2U : len == 127 ? 8U : 0U) + 4;
}

static uint64_t length_of(const struct websocket *ws)
{
	unsigned len = octet(ws, 1) & 0x7F;
	size_t octets = len == 126 ? 2 : len == 127 ? 8 : 0;
	uint64_t n = octets ? 0 : len;
	for (size_t i = 0; i < octets; i++)
		n = n << 8 | octet(ws, 2 + i);
	return n;
}

/* §5.2, §5.4, §5.5: what a frame may be where it comes. */
static int begin_frame(struct websocket *ws)
{
	unsigned opcode = octet(ws, 0) & 0x0F;
	ws->final = octet(ws, 0) & FINAL_BIT;
	ws->control = opcode >= WS_CLOSE;
	ws->left = length_of(ws);
	ws->at = 0;
	ws->in_frame = true;
	ws->opcode = (enum websocket_opcode)opcode;
	bool known = opcode <= WS_BINARY || (opcode >= WS_CLOSE && opcode <= WS_PONG);
	/* Lengths have one form alone. */
	unsigned form = octet(ws, 1) & 0x7F;
	bool longer = (form == 126 && ws->left < 126) || (form == 127 && (ws->left <= UINT16_MAX || ws->left >> 63));
	if ((octet(ws, 0) & RESERVED_BITS) || !known || longer || !(octet(ws, 1) & MASK_BIT))
		return WS_PROTOCOL_ERROR;
	if (ws->control) {
		ws->control_len = 0;
		return ws->final && ws->left <= CONTROL_MAX ? 0 : WS_PROTOCOL_ERROR;
	}
	if ((opcode == WS_CONTINUATION) != (ws->message != WS_CONTINUATION))
		return WS_PROTOCOL_ERROR;
	if (opcode != WS_CONTINUATION)
		ws->message = ws->opcode;
	return ws->left <= WEBSOCKET_MESSAGE_MAX - ws->len ? 0 : WS_TOO_BIG;
}

static bool make_room(struct websocket *ws, size_t more)
{
	if (more <= ws->room - ws->len)
		return true;
	char *grown = realloc(ws->octets, ws->len + more);
	if (!grown)
		return false;
	ws->octets = grown;
	ws->room = ws->len + more;
	return true;
}

static int take_payload(struct websocket *ws, struct str *octets)
{
	size_t n = ws->left < octets->len ? (size_t)ws->left : octets->len, mask = head_needed(ws) - 4;
	if (!n)
		return 0; /* an empty frame, or the end of what came */
	if (!ws->control && !make_room(ws, n))
		return WS_TOO_BIG;
	char *into = ws->control ? ws->control_octets + ws->control_len : ws->octets + ws->len;
	for (size_t i = 0; i < n; i++)
		into[i] = (char)((unsigned char)octets->ptr[i] ^ octet(ws, mask + (ws->at + i) % 4));
	ws->at += n;
	ws->left -= n;
	ws->len += ws->control ? 0 : n;
	ws->control_len += ws->control ? n : 0;
	*octets = str_from(*octets, n);
	return 0;
}

/* §5.5.1, §7.4: a status and a text, or nothing. */
static bool close_is_good(struct str payload)
{
	if (!payload.len)
		return true;
	if (payload.len < 2)
		return false;
	unsigned status = (unsigned)(unsigned char)payload.ptr[0] << 8 | (unsigned char)payload.ptr[1];
	bool known = (status >= 1000 && status <= 1011 && (status < 1004 || status > 1006)) ||
		     (status >= 3000 && status <= 4999);
	return known && str_is_utf8(str_from(payload, 2));
}

static int end_frame(struct websocket *ws, websocket_heard *heard, void *owner)
{
	struct str whole = ws->control ? (struct str){ ws->control_octets, ws->control_len }
				       : (struct str){ ws->octets ? ws->octets : "", ws->len };
	enum websocket_opcode opcode = ws->control ? ws->opcode : ws->message;
	ws->in_frame = false;
	ws->head_len = 0;
	if (!ws->control && !ws->final)
		return 0;
	if (opcode == WS_TEXT && !str_is_utf8(whole))
		return WS_BAD_TEXT;
	if (opcode == WS_CLOSE && !close_is_good(whole))
		return WS_PROTOCOL_ERROR;
	bool goes_on = heard(owner, opcode, whole);
	if (!ws->control) {
		websocket_free(ws);
		ws->message = WS_CONTINUATION;
	}
	return goes_on ? 0 : WS_NORMAL;
}

int websocket_read(struct websocket *ws, struct str octets, websocket_heard *heard, void *owner)
{
	int fault = 0;
	while (!fault) {
		if (ws->in_frame) {
			fault = take_payload(ws, &octets);
			if (fault || ws->left)
				return fault;
			fault = end_frame(ws, heard, owner);
		} else if (octets.len) {
			ws->head[ws->head_len++] = octets.ptr[0];
			octets = str_from(octets, 1);
			if (ws->head_len >= 2 && !(octet(ws, 1) & MASK_BIT))
				return WS_PROTOCOL_ERROR;
			if (ws->head_len == head_needed(ws))
				fault = begin_frame(ws);
		} else {
			break;
		}
	}
	return fault;
}

void websocket_free(struct websocket *ws)
{
	free(ws->octets);
	ws->octets = NULL;
	ws->len = ws->room = 0;
}
