/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Clients that prove themselves by a certificate, and tokens that are bound to one (RFC 8705). What is shown is the
 * request's (server/http/client_certificate.h): that its key is the client's was proven in the handshake.
 */
#pragma once

#include "oauth/client.h"
#include "server/http/router.h"

/* Does this server learn of certificates, and, for tls_client_auth, has it authorities that it believes? */
bool certificate_auth_is_offered(const struct config *config, enum client_auth auth);

/*
 * Who says it is this client, and shows a certificate without more: one that is registered for that is held to it; for
 * another the certificate proves nothing, as if there was none.
 *
 * out     as client_prove() sets it
 * errors  INVALID_CLIENT: also for an unknown client; UNAVAILABLE: its keys cannot be fetched
 * spec    RFC 8705 §2.1, §2.2
 */
MUST_CHECK err_t certificate_prove(struct request *rq, struct str client_id, struct client *out);

/*
 * What tokens are bound to that are given to this client now. Absent where its tokens are not bound to certificates.
 * One of the profile fapi2 has tokens that are bound to something: without a DPoP proof to its certificate. errors
 * MALFORMED  they are, and none was shown (RFC 8705 §3; FAPI 2.0 §5.3.2.1)
 */
MUST_CHECK err_t certificate_bind(
	struct request *rq, const struct client *client, bool has_proof, struct bytes *x5t_out);
