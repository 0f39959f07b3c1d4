/* SPDX-License-Identifier: Apache-2.0 */
#include "server/mcp/staged.h"

#include <openssl/crypto.h>

#include "server/crypto/digest.h"
#include "server/crypto/keyring.h"

#define PREFIX "stg_"
#define MAC_OCTETS 16
#define NONCE_OCTETS 6

static struct str mac_of(const struct request *rq, const struct staged *staged, struct str nonce)
{
	struct arena *mem = rq->cx.mem;
	const struct principal *p = rq->principal;
	struct buf text = buf_new(
		mem, staged->arguments.len + 3 * (size_t)4096); /* of the header at most 4,096 octets stand in it */
	uint8_t mac[SHA256_SIZE];
	/* What is of any length stands last, and before it nothing that has a line's end. */
	buf_fmt(&text, "%.*s %.*s %s %lld %.*s %.*s\n", STR_ARG(id_uuid(mem, p->credential)),
		STR_ARG(id_uuid(mem, p->account)), staged->tool, (long long)staged->expires_at, STR_ARG(nonce),
		STR_ARG(staged->etag));
	buf_fmt(&text, "%.*s\n", STR_ARG(request_header_list(rq, "Connected-Account")));
	buf_add(&text, staged->arguments);
	struct str all = buf_str(&text);
	hmac_sha256(keyring_key(rq->cx.keys, mem, "mcp-staged"), bytes_of(all.ptr, all.len), mac);
	return hex_of(mem, bytes_of(mac, MAC_OCTETS));
}

/* stg_EXPIRY.NONCE.MAC.ETAG, the tag without its quotes. With the nonce the same thing may be wanted twice. */
struct str staged_word(const struct request *rq, const struct staged *staged)
{
	uint8_t octets[NONCE_OCTETS];
	random_fill(octets, sizeof octets);
	struct str nonce = hex_of(rq->cx.mem, bytes_of(octets, sizeof octets));
	return str_fmt(rq->cx.mem, PREFIX "%lld.%.*s.%.*s.%.*s", (long long)staged->expires_at, STR_ARG(nonce),
		STR_ARG(mac_of(rq, staged, nonce)), STR_ARG(str_trim(staged->etag, "\"")));
}

err_t staged_prove(struct request *rq, struct str word, struct staged *staged)
{
	struct str rest = str_from(word, sizeof PREFIX - 1), expiry, nonce, mac;
	uint64_t expires_at;
	if (!str_starts(word, STR(PREFIX)) || !str_cut(&rest, '.', &expiry) || !str_cut(&rest, '.', &nonce) ||
		!str_cut(&rest, '.', &mac) || !rest.ptr || !str_to_u64(expiry, INT64_MAX, &expires_at))
		return REFUSE(&rq->cx, INVALID_VALUE, "commit", "This is not what a staged call answers as `staged`.");
	staged->expires_at = (int64_t)expires_at;
	staged->etag = rest.len ? str_fmt(rq->cx.mem, "\"%.*s\"", STR_ARG(rest)) : STR("");
	struct str right = mac_of(rq, staged, nonce);
	if (mac.len != right.len || CRYPTO_memcmp(mac.ptr, right.ptr, right.len) != 0)
		return REFUSE(&rq->cx, INVALID_VALUE, "commit",
			"This is not the call that was staged: the arguments, or who calls, are others. Stage it "
			"anew.");
	if (staged->expires_at < instant_s(rq->cx.now))
		return REFUSE(&rq->cx, INVALID_VALUE, "commit",
			"What was staged is more than ten minutes old. Stage it anew.");
	return OK;
}
