/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The certificate that a client shows (RFC 8705): in the TLS handshake with us, or, as a trusted proxy names it, in
 * Client-Cert and Client-Cert-Chain (RFC 9440). That its key is the client's was proven in the handshake; nothing else
 * of it is believed here.
 */
#pragma once

#include "server/http/request.h"

struct ssl_st;
struct ssl_ctx_st;

/*
 * Ask who names this host (RFC 6066 §3), or, where it is an address, who names none, for a certificate; whoever has
 * none goes on without. Others are not asked: a browser would ask its user. `host` must live as long as the context.
 */
void client_certificate_ask(struct ssl_ctx_st *context, const char *host);

/* Into rq->certificate. `tls`: the connection's, NULL for a plain one. `by_proxy`: a trusted proxy is connected, whose
 * own certificate says nothing of the client. */
void client_certificate_take(struct request *rq, struct ssl_st *tls, bool by_proxy);
