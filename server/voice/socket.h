/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The voice backend of test mode: a WebSocket that says what it is, and then echoes each message. It holds no thread
 * (server/http/held_connection.h), and ends within a second when its session does.
 */
#pragma once

#include "server/http/router.h"

#define VOICE_SOCKETS_EACH 10 /* of a user */
#define VOICE_SOCKETS_ALL 1000
#define VOICE_EVERY_MS 250 /* the job */

struct voice_sockets; /* outlives requests */

struct voice_sockets *voice_sockets_open(void);
void voice_sockets_close(struct voice_sockets *sockets); /* no connection and no job uses it any more */
unsigned voice_sockets_count(struct voice_sockets *sockets);

/* A job: sockets whose session lives no more. And its bell: it rests while no socket is open. */
struct job_bell *voice_sockets_bell(struct voice_sockets *sockets);
err_t voice_sockets_run(struct ctx *cx, void *sockets);

extern const struct module voice_module;
