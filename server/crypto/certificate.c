/* SPDX-License-Identifier: Apache-2.0 */
#include "server/crypto/certificate.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "server/base/buf.h"
#include "server/crypto/digest.h"

#define NAME_MAX_OCTETS ((size_t)1024)

struct trust {
	X509_STORE *store;
};

static void free_cert(void *cert)
{
	X509_free(cert);
}

static X509 *cert_of(struct arena *mem, struct bytes der)
{
	const unsigned char *at = der.ptr;
	X509 *cert = der.ptr && der.len <= CERTIFICATE_MAX ? d2i_X509(NULL, &at, (long)der.len) : NULL;
	ERR_clear_error();
	if (!cert)
		return NULL;
	arena_defer(mem, free_cert, cert);
	return at == der.ptr + der.len ? cert : NULL;
}

struct bytes certificate_thumbprint(struct arena *mem, struct bytes der)
{
	return cert_of(mem, der) ? secret_hash(mem, bytes_str(der)) : (struct bytes){ 0 };
}

/* ---- names ---- */

/* Without the blanks after separators; what is escaped stays. */
static struct str dn_form(struct arena *mem, struct str text)
{
	struct buf out = buf_new(mem, 4 * NAME_MAX_OCTETS);
	bool separated = true;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		if (c == ' ' && separated)
			continue;
		separated = c == ',' || c == '+';
		buf_char(&out, c);
		if (c == '\\' && i + 1 < text.len)
			buf_char(&out, text.ptr[++i]);
	}
	return out.full ? STR_ABSENT : buf_str(&out);
}

static struct str subject_of(struct arena *mem, X509 *cert)
{
	char *text;
	BIO *bio = BIO_new(BIO_s_mem());
	if (!bio)
		abort();
	X509_NAME_print_ex(bio, X509_get_subject_name(cert), 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
	long len = BIO_get_mem_data(bio, &text);
	struct str subject = str_dup(mem, (struct str){ text, len > 0 ? (size_t)len : 0 });
	BIO_free(bio);
	return subject;
}

static bool subject_is(struct arena *mem, X509 *cert, struct str name)
{
	struct str is = dn_form(mem, subject_of(mem, cert)), wanted = dn_form(mem, name);
	return is.len && wanted.len && str_eq_nocase(is, wanted);
}

static struct str text_of(const ASN1_STRING *octets)
{
	return (struct str){ (const char *)ASN1_STRING_get0_data(octets), (size_t)ASN1_STRING_length(octets) };
}

static bool ip_is(struct arena *mem, const ASN1_STRING *octets, struct str name)
{
	const char *text = str_c(mem, name);
	ASN1_OCTET_STRING *wanted = text ? a2i_IPADDRESS(text) : NULL;
	bool same = wanted && ASN1_OCTET_STRING_cmp(wanted, octets) == 0;
	ASN1_OCTET_STRING_free(wanted);
	ERR_clear_error();
	return same;
}

/* clang-format off */
static const struct { enum certificate_name kind; int type; } alternatives[] = {
	{ CERTIFICATE_DNS, GEN_DNS }, { CERTIFICATE_URI, GEN_URI }, { CERTIFICATE_IP, GEN_IPADD }, { CERTIFICATE_EMAIL, GEN_EMAIL },
};
/* clang-format on */

/* As they are written: no wildcard stands for anything here. */
static bool alternative_is(struct arena *mem, const GENERAL_NAME *one, enum certificate_name kind, struct str name)
{
	int type;
	const ASN1_STRING *value = GENERAL_NAME_get0_value(one, &type);
	for (size_t i = 0; i < ARRAY_LEN(alternatives); i++) {
		if (alternatives[i].kind != kind || alternatives[i].type != type)
			continue;
		if (kind == CERTIFICATE_IP)
			return ip_is(mem, value, name);
		return kind == CERTIFICATE_DNS ? str_eq_nocase(text_of(value), name) : str_eq(text_of(value), name);
	}
	return false;
}

bool certificate_is_named(struct arena *mem, struct bytes der, enum certificate_name kind, struct str name)
{
	X509 *cert = cert_of(mem, der);
	bool found = false;
	if (!cert || !name.len)
		return false;
	if (kind == CERTIFICATE_SUBJECT)
		return subject_is(mem, cert, name);
	GENERAL_NAMES *all = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
	for (int i = 0; i < sk_GENERAL_NAME_num(all) && !found; i++)
		found = alternative_is(mem, sk_GENERAL_NAME_value(all, i), kind, name);
	GENERAL_NAMES_free(all);
	ERR_clear_error();
	return found;
}

bool certificate_name_fits(struct arena *mem, enum certificate_name kind, struct str name)
{
	if (!name.len || name.len > NAME_MAX_OCTETS)
		return false;
	if (kind != CERTIFICATE_IP)
		return true;
	const char *text = str_c(mem, name);
	ASN1_OCTET_STRING *address = text ? a2i_IPADDRESS(text) : NULL;
	bool fits = address != NULL;
	ASN1_OCTET_STRING_free(address);
	ERR_clear_error();
	return fits;
}

/* ---- trust ---- */

err_t trust_open(struct ctx *cx, const char *option, struct str file, struct trust **out)
{
	const char *path = str_c(cx->mem, file);
	struct trust *trust = calloc(1, sizeof *trust);
	if (!trust)
		abort();
	trust->store = X509_STORE_new();
	if (!trust->store)
		abort();
	/* An authority that is named here is believed, whoever vouches for it elsewhere. */
	X509_STORE_set_flags(trust->store, X509_V_FLAG_PARTIAL_CHAIN);
	bool read = path && X509_STORE_load_file(trust->store, path) == 1;
	const char *why = ERR_reason_error_string(ERR_peek_last_error());
	ERR_clear_error();
	if (read) {
		*out = trust;
		return OK;
	}
	trust_close(trust);
	return REFUSE(cx, INVALID_VALUE, option, "%.*s holds no certificates in PEM that can be read: %s.",
		STR_ARG(file), why ? why : "no such path");
}

void trust_close(struct trust *trust)
{
	if (!trust)
		return;
	X509_STORE_free(trust->store);
	free(trust);
}

static STACK_OF(X509) * chain_of(struct arena *mem, const struct certificate *shown)
{
	STACK_OF(X509) *chain = sk_X509_new_null();
	if (!chain)
		abort();
	for (size_t i = 0; i < shown->chain_count && i < CERTIFICATE_CHAIN_MAX; i++) {
		X509 *one = cert_of(mem, shown->chain[i]);
		if (one && !sk_X509_push(chain, one))
			abort();
	}
	return chain;
}

bool trust_leads(const struct trust *trust, struct arena *mem, const struct certificate *shown)
{
	X509 *cert = cert_of(mem, shown->der);
	if (!trust || !cert)
		return false;
	STACK_OF(X509) *chain = chain_of(mem, shown);
	X509_STORE_CTX *work = X509_STORE_CTX_new();
	bool good = work && X509_STORE_CTX_init(work, trust->store, cert, chain) == 1 &&
		    X509_STORE_CTX_set_purpose(work, X509_PURPOSE_SSL_CLIENT) == 1 && X509_verify_cert(work) == 1;
	X509_STORE_CTX_free(work);
	sk_X509_free(chain); /* its items are the arena's */
	ERR_clear_error();
	return good;
}
