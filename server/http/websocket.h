/* SPDX-License-Identifier: Apache-2.0 */
/*
 * WebSocket (RFC 6455), the server's side: frames from octets and back, pure functions over memory that the caller
 * bounds. No extensions.
 */
#pragma once

#include "server/base/buf.h"

#define WEBSOCKET_MESSAGE_MAX ((size_t)64 * 1024)

enum websocket_opcode { WS_CONTINUATION = 0, WS_TEXT = 1, WS_BINARY = 2, WS_CLOSE = 8, WS_PING = 9, WS_PONG = 10 };

/* §7.4.1 */
enum websocket_status {
	WS_NORMAL = 1000,
	WS_GOING_AWAY = 1001,
	WS_PROTOCOL_ERROR = 1002,
	WS_BAD_TEXT = 1007,
	WS_POLICY = 1008,
	WS_TOO_BIG = 1009
};

/* What answers a Sec-WebSocket-Key (§4.2.2). */
struct str websocket_accept(struct arena *mem, struct str key);
/* Sixteen octets in base64 (§4.1)? */
bool websocket_key_is(struct arena *mem, struct str key);

/* A frame as the server sends it. */
void websocket_write(struct buf *out, enum websocket_opcode opcode, struct str payload);
void websocket_write_close(struct buf *out, enum websocket_status status, struct str reason);

/* What came of a connection so far; {0} before its first octet. */
struct websocket {
	char head[14];
	size_t head_len;
	uint64_t left; /* of the frame's payload */
	size_t at;     /* octets of its payload that came */
	bool in_frame, final, control;
	enum websocket_opcode opcode;  /* of the frame */
	enum websocket_opcode message; /* that has begun; WS_CONTINUATION: none */
	char *octets;                  /* malloc'ed: of the message */
	size_t len, room;
	char control_octets[125];
	size_t control_len;
};

/* A whole message, ping, pong or close; text is valid UTF-8. False: no more is read. */
typedef bool websocket_heard(void *owner, enum websocket_opcode opcode, struct str payload);
/*
 * 0, or how the connection is to be closed: also when `heard` said false (WS_NORMAL).
 */
int websocket_read(struct websocket *ws, struct str octets, websocket_heard *heard, void *owner);
void websocket_free(struct websocket *ws);
