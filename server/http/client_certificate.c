/* SPDX-License-Identifier: Apache-2.0 */
#include "server/http/client_certificate.h"

#include <openssl/ssl.h>

#include "server/base/address.h"
#include "server/base/config.h"
#include "server/base/log.h"

#define CHAIN_OCTETS_MAX (64 * 1024L)

/* ---- in the handshake ---- */

static int any_will_do(int good, X509_STORE_CTX *work)
{
	(void)good;
	(void)work;
	return 1;
}

static int on_name(SSL *ssl, int *alert, void *host)
{
	struct str wanted = str_of(host), asked = str_of(SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name));
	struct address ignored;
	(void)alert;
	if (asked.ptr ? str_eq_nocase(asked, wanted) : address_parse(wanted, &ignored))
		SSL_set_verify(ssl, SSL_VERIFY_PEER, any_will_do);
	return SSL_TLSEXT_ERR_OK;
}

void client_certificate_ask(SSL_CTX *context, const char *host)
{
	SSL_CTX_set_max_cert_list(context, CHAIN_OCTETS_MAX);
	SSL_CTX_set_tlsext_servername_callback(context, on_name);
	SSL_CTX_set_tlsext_servername_arg(context, (void *)(uintptr_t)host);
}

static struct bytes der_of(struct arena *mem, X509 *cert)
{
	int len = cert ? i2d_X509(cert, NULL) : -1;
	if (len <= 0 || (size_t)len > CERTIFICATE_MAX)
		return (struct bytes){ 0 };
	uint8_t *octets = arena_take(mem, (size_t)len, 1);
	unsigned char *at = octets;
	i2d_X509(cert, &at);
	return bytes_of(octets, (size_t)len);
}

static void take_from_tls(struct request *rq, SSL *tls)
{
	struct arena *mem = rq->cx.mem;
	struct certificate shown = { .der = der_of(mem, SSL_get0_peer_certificate(tls)) };
	if (!shown.der.ptr)
		return;
	STACK_OF(X509) *chain = SSL_get_peer_cert_chain(tls); /* in a server without the first */
	struct bytes *items = arena_array(mem, struct bytes, CERTIFICATE_CHAIN_MAX);
	for (int i = 0; i < sk_X509_num(chain) && shown.chain_count < CERTIFICATE_CHAIN_MAX; i++)
		items[shown.chain_count++] = der_of(mem, sk_X509_value(chain, i));
	shown.chain = items;
	rq->certificate = shown;
}

/* ---- from a proxy ---- */

/* One Byte Sequence (RFC 9651 §3.3.5); parameters may follow it. */
static bool read_octets(struct arena *mem, struct str item, struct bytes *out)
{
	struct str text;
	item = str_trim(item, STR_BLANK);
	if (!str_cut(&item, ':', &text) || text.len || !item.ptr || !str_cut(&item, ':', &text) || !item.ptr)
		return false;
	item = str_trim(item, STR_BLANK);
	return (!item.len || item.ptr[0] == ';') && text.len && text.len <= 2 * CERTIFICATE_MAX &&
	       base64_to(mem, text, out);
}

static void take_from_proxy(struct request *rq)
{
	struct arena *mem = rq->cx.mem;
	struct str named = request_header_list(rq, "Client-Cert"), rest = request_header_list(rq, "Client-Cert-Chain"),
		   one;
	struct certificate shown = { 0 };
	if (!named.ptr)
		return;
	struct bytes *items = arena_array(mem, struct bytes, CERTIFICATE_CHAIN_MAX);
	bool good = read_octets(mem, named, &shown.der) && certificate_thumbprint(mem, shown.der).ptr;
	while (good && shown.chain_count < CERTIFICATE_CHAIN_MAX && str_cut(&rest, ',', &one))
		good = read_octets(mem, one, &items[shown.chain_count++]);
	shown.chain = items;
	if (good)
		rq->certificate = shown;
	else
		log_event(LOG_WARN, "client_cert_not_read", LOG_STR("id", id_text(mem, "req", rq->cx.request_id)));
}

void client_certificate_take(struct request *rq, SSL *tls, bool by_proxy)
{
	bool named = rq->cx.config && rq->cx.config->client_cert_header;
	if (by_proxy && named)
		take_from_proxy(rq);
	if (!by_proxy && tls)
		take_from_tls(rq, tls);
}
