/* SPDX-License-Identifier: Apache-2.0 */
#include "oauth/certificate_auth.h"

#include "oauth/client_keys.h"
#include "oauth/client_row.h"
#include "server/base/config.h"

bool certificate_auth_is_offered(const struct config *config, enum client_auth auth)
{
	bool seen = config->client_cert_header || (config->mtls_url.ptr && config->tls_cert.ptr);
	return seen && (auth != CLIENT_AUTH_TLS || config->mtls_ca.ptr);
}

static err_t refuse(struct ctx *cx, const char *wrong)
{
	return REFUSE(cx, INVALID_CLIENT, "", "The certificate is not taken: %s.", wrong);
}

/* RFC 8705 §2.1 */
static err_t prove_named(struct request *rq, const struct client_row *row)
{
	struct arena *mem = rq->cx.mem;
	const struct certificate *shown = &rq->certificate;
	if (!trust_leads(rq->app->trust, mem, shown))
		return refuse(&rq->cx, "no authority that is believed here signed it for clients, or it is expired");
	if (!certificate_is_named(mem, shown->der, (enum certificate_name)row->tls_name_kind, row->tls_name))
		return refuse(&rq->cx, "it is not of the name that the app is registered with");
	return OK;
}

/* RFC 8705 §2.2: its key is one of the app's. Who signed it, and until when it is good, says nothing then. */
static err_t prove_keyed(struct request *rq, const struct client_row *row)
{
	const struct client_keys keys = { row->id, row->jwks, row->jwks_uri, row->fetched, row->fetched_at };
	bool good;
	TRY(client_keys_certify(&rq->cx, &keys, rq->certificate.der, &good));
	return good ? OK : refuse(&rq->cx, "its key is none of the app's");
}

err_t certificate_prove(struct request *rq, struct str client_id, struct client *out)
{
	struct ctx *cx = &rq->cx;
	struct client_row row;
	err_t e = client_row_find(cx, client_id, &row);
	if (err_is(e, NOT_FOUND))
		return refuse(cx, "the app is not known");
	TRY(e);
	if (row.auth_method == CLIENT_AUTH_TLS)
		TRY(prove_named(rq, &row));
	else if (row.auth_method == CLIENT_AUTH_SELF_SIGNED)
		TRY(prove_keyed(rq, &row));
	else if (row.kind != CLIENT_PUBLIC)
		return FAIL(cx, INVALID_CLIENT, "client %.*s is not registered for certificates", STR_ARG(client_id));
	*out = client_of_row(&row);
	return OK;
}

err_t certificate_bind(struct request *rq, const struct client *client, bool has_proof, struct bytes *x5t_out)
{
	bool must = client->profile == CLIENT_FAPI2 && !has_proof;
	*x5t_out = (struct bytes){ 0 };
	if (!client->cert_bound && !must)
		return OK;
	if (!rq->certificate.der.ptr)
		return REFUSE(&rq->cx, MALFORMED, "",
			"The tokens of this app are bound to %s: none came with the request.",
			client->cert_bound ? "its certificate (RFC 8705 section 3)"
					   : "a key, by a DPoP proof, or to a certificate (FAPI 2.0)");
	*x5t_out = certificate_thumbprint(rq->cx.mem, rq->certificate.der);
	return OK;
}
