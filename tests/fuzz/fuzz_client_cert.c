/* SPDX-License-Identifier: Apache-2.0 */
/* library: http */
/* The certificate that a proxy names (RFC 9440): Client-Cert, a line feed, Client-Cert-Chain. */
#include <assert.h>
#include <string.h>

#include "server/base/config.h"
#include "server/crypto/digest.h"
#include "server/http/client_certificate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct request *request_new(struct arena *mem, struct str named, struct str chain)
{
	static const struct config config = { .client_cert_header = true };
	struct request *rq = arena_new(mem, struct request);
	*rq = (struct request){ .cx = { .mem = mem, .config = &config } };
	rq->headers[rq->header_count++] = (struct header){ STR("Client-Cert"), named };
	if (chain.ptr)
		rq->headers[rq->header_count++] = (struct header){ STR("Client-Cert-Chain"), chain };
	client_certificate_take(rq, NULL, true);
	return rq;
}

static struct str as_item(struct arena *mem, struct bytes der)
{
	return str_fmt(mem, ":%.*s:", STR_ARG(base64_of(mem, der)));
}

static bool same(struct bytes a, struct bytes b)
{
	return a.len == b.len && (!a.len || !memcmp(a.ptr, b.ptr, a.len));
}

/* What was read is one certificate, and reads as the same when it is written as RFC 9651 has it. */
static void read_again(struct arena *mem, const struct certificate *shown)
{
	struct str chain = STR_ABSENT;
	for (size_t i = 0; i < shown->chain_count; i++)
		chain = i ? str_fmt(mem, "%.*s, %.*s", STR_ARG(chain), STR_ARG(as_item(mem, shown->chain[i])))
			  : as_item(mem, shown->chain[i]);
	const struct certificate *again = &request_new(mem, as_item(mem, shown->der), chain)->certificate;
	assert(same(again->der, shown->der) && again->chain_count == shown->chain_count);
	for (size_t i = 0; i < shown->chain_count; i++)
		assert(same(again->chain[i], shown->chain[i]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *mem = arena_open();
	struct str rest = { (const char *)data, size }, first;
	(void)str_cut(&rest, '\n', &first);
	const struct certificate *shown = &request_new(mem, first, rest)->certificate;
	if (shown->der.ptr) {
		assert(certificate_thumbprint(mem, shown->der).ptr && shown->chain_count <= CERTIFICATE_CHAIN_MAX);
		read_again(mem, shown);
	} else {
		assert(!shown->chain_count);
	}
	arena_close(mem);
	return 0;
}
