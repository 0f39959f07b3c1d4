/* SPDX-License-Identifier: Apache-2.0 */
#include "server/http/tls.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "server/base/log.h"

#define FILE_MAX_OCTETS (256 * 1024)
#define SUBJECT_MAX_OCTETS 1024

/* What the two files hold; an arena owns its parts while it is read, a struct tls while it is used. */
struct tls_identity {
	X509 *cert;
	EVP_PKEY *key;
	STACK_OF(X509) * chain;
};

struct tls {
	struct tls_files files;
	SSL_CTX *context;
	pthread_mutex_t lock; /* of `current` */
	struct tls_identity current;
};

/* ---- files ---- */

static void close_file(void *fd)
{
	close((int)(intptr_t)fd);
}

struct pem_file {
	const char *option, *what, *path;
	mode_t mode;
	char *text;
	size_t len;
};

/* All of an open file, which may be shorter than it said. */
static bool read_whole(int fd, struct pem_file *from, size_t size)
{
	ssize_t got = 1;
	while (from->len < size && got > 0) {
		got = read(fd, from->text + from->len, size - from->len);
		from->len += got > 0 ? (size_t)got : 0;
	}
	return got >= 0;
}

static err_t file_read(struct ctx *cx, struct str path, struct pem_file *from)
{
	struct stat st;
	from->path = str_c(cx->mem, path);
	int fd = from->path ? open(from->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;
	if (fd < 0)
		return REFUSE(cx, INVALID_VALUE, from->option, "The %s file %.*s cannot be opened: %s.", from->what,
			STR_ARG(path), from->path ? strerror(errno) : "no such path");
	arena_defer(cx->mem, close_file, (void *)(intptr_t)fd);
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size > FILE_MAX_OCTETS)
		return REFUSE(cx, INVALID_VALUE, from->option, "The %s file %s is no file of at most %d octets.",
			from->what, from->path, FILE_MAX_OCTETS);
	from->mode = st.st_mode;
	from->text = arena_take(cx->mem, (size_t)st.st_size + 1, 1);
	if (!read_whole(fd, from, (size_t)st.st_size))
		return REFUSE(cx, INVALID_VALUE, from->option, "The %s file %s cannot be read: %s.", from->what,
			from->path, strerror(errno));
	return OK;
}

/* ---- what OpenSSL gives joins the arena ---- */

static void free_bio(void *bio)
{
	BIO_free(bio);
}

static void free_cert(void *cert)
{
	X509_free(cert);
}

static void free_chain(void *chain)
{
	sk_X509_pop_free(chain, X509_free);
}

static void free_key(void *key)
{
	EVP_PKEY_free(key);
}

static void free_ssl(void *ssl)
{
	SSL_free(ssl);
}

static void *owned(struct ctx *cx, void (*release)(void *), void *object)
{
	if (object)
		arena_defer(cx->mem, release, object);
	return object;
}

/* Why the last call failed, in OpenSSL's words; its queue is empty afterwards. */
static const char *reason(void)
{
	const char *text = ERR_reason_error_string(ERR_peek_last_error());
	ERR_clear_error();
	return text ? text : "unknown";
}

static BIO *reader(struct ctx *cx, const struct pem_file *from)
{
	BIO *bio = owned(cx, free_bio, BIO_new_mem_buf(from->text, (int)from->len));
	if (!bio)
		abort();
	return bio;
}

/* Whoever would be asked for a passphrase is not there. */
static int no_passphrase(char *into, int size, int for_writing, void *asked)
{
	(void)into;
	(void)size;
	(void)for_writing;
	*(bool *)asked = true;
	return -1;
}

static err_t read_certs(struct ctx *cx, struct str path, struct pem_file *from, struct tls_identity *out)
{
	bool asked = false;
	X509 *more;
	TRY(file_read(cx, path, from));
	BIO *bio = reader(cx, from);
	out->cert = owned(cx, free_cert, PEM_read_bio_X509(bio, NULL, no_passphrase, &asked));
	if (!out->cert)
		return REFUSE(cx, INVALID_VALUE, from->option, "%s holds no certificate in PEM that can be read: %s.",
			from->path, reason());
	out->chain = owned(cx, free_chain, sk_X509_new_null());
	while ((more = PEM_read_bio_X509(bio, NULL, no_passphrase, &asked)) != NULL)
		if (!out->chain || !sk_X509_push(out->chain, more))
			abort();
	bool ended = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
	const char *why = reason();
	if (!ended)
		return REFUSE(cx, INVALID_VALUE, from->option,
			"A certificate after the first in %s cannot be read: %s.", from->path, why);
	return OK;
}

static err_t read_key(struct ctx *cx, struct str path, struct pem_file *from, struct tls_identity *out)
{
	bool asked = false;
	TRY(file_read(cx, path, from));
	if (from->mode & (S_IWGRP | S_IWOTH))
		return REFUSE(cx, INVALID_VALUE, from->option,
			"The key file %s can be written by others: chmod 600 it.", from->path);
	if (from->mode & S_IROTH)
		log_event(LOG_WARN, "tls_key_file_readable_by_all", LOG_C("file", from->path));
	out->key = owned(cx, free_key, PEM_read_bio_PrivateKey(reader(cx, from), NULL, no_passphrase, &asked));
	explicit_bzero(from->text, from->len);
	const char *why = reason();
	if (!out->key)
		return REFUSE(cx, INVALID_VALUE, from->option, "%s holds no private key in PEM that can be used: %s.",
			from->path, asked ? "it has a passphrase; take it off" : why);
	return OK;
}

/* Give it to a connection. 0: OpenSSL does not like it. */
static int identity_use(SSL *ssl, const struct tls_identity *id)
{
	return SSL_use_cert_and_key(ssl, id->cert, id->key, id->chain, 1);
}

/* Both files, and whether they fit each other and the settings. */
static err_t identity_read(struct ctx *cx, SSL_CTX *context, struct tls_files files, struct tls_identity *out)
{
	struct pem_file cert = { .option = "tls-cert", .what = "certificate" },
			key = { .option = "tls-key", .what = "key" };
	struct tls_identity id = { 0 };
	ERR_clear_error();
	TRY(read_certs(cx, files.cert, &cert, &id));
	TRY(read_key(cx, files.key, &key, &id));
	bool fits = X509_check_private_key(id.cert, id.key) == 1;
	ERR_clear_error();
	if (!fits)
		return REFUSE(cx, INVALID_VALUE, "tls-key", "The key in %s is not that of the certificate in %s.",
			key.path, cert.path);
	SSL *probe = owned(cx, free_ssl, SSL_new(context));
	if (!probe || !identity_use(probe, &id))
		return REFUSE(cx, INVALID_VALUE, "tls-cert", "The certificate in %s cannot be used: %s.", cert.path,
			reason());
	*out = id;
	return OK;
}

/* ---- what a certificate says ---- */

static struct instant time_of(const ASN1_TIME *time)
{
	struct tm tm = { 0 };
	if (!ASN1_TIME_to_tm(time, &tm))
		return INSTANT_BEFORE;
	int64_t days = days_from_civil(tm.tm_year + INT64_C(1900), tm.tm_mon + 1, tm.tm_mday);
	return instant_of_s(days * 86400 + tm.tm_hour * 3600 + tm.tm_min * 60 + tm.tm_sec);
}

static struct str subject_of(struct arena *mem, X509 *cert)
{
	char text[SUBJECT_MAX_OCTETS] = "";
	BIO *bio = BIO_new(BIO_s_mem());
	if (!bio)
		abort();
	X509_NAME_print_ex(bio, X509_get_subject_name(cert), 0, XN_FLAG_RFC2253);
	int len = BIO_read(bio, text, sizeof text);
	BIO_free(bio);
	return str_dup(mem, (struct str){ text, len > 0 ? (size_t)len : 0 });
}

static bool names(struct ctx *cx, X509 *cert, struct str host)
{
	const char *text = str_c(cx->mem, host);
	bool found = text && text[0] &&
		     (X509_check_host(cert, text, host.len, 0, NULL) == 1 || X509_check_ip_asc(cert, text, 0) == 1);
	ERR_clear_error();
	return found;
}

static struct tls_facts facts_of(struct ctx *cx, X509 *cert)
{
	return (struct tls_facts){
		.subject = subject_of(cx->mem, cert),
		.begins = time_of(X509_get0_notBefore(cert)),
		.expires = time_of(X509_get0_notAfter(cert)),
	};
}

static void warn_of_times(struct ctx *cx, const struct tls_files *files, const struct tls_facts *facts)
{
	struct instant now = instant_now();
	if (instant_before(facts->begins, now) && instant_before(now, facts->expires))
		return;
	log_event(LOG_WARN, "tls_certificate_not_valid_now", LOG_STR("file", files->cert),
		LOG_STR("begins", instant_rfc3339(cx->mem, facts->begins)),
		LOG_STR("expires", instant_rfc3339(cx->mem, facts->expires)));
}

/* ---- settings ---- */

static int on_certificate(SSL *ssl, void *arg)
{
	struct tls *tls = arg;
	pthread_mutex_lock(&tls->lock);
	int given = identity_use(ssl, &tls->current);
	pthread_mutex_unlock(&tls->lock);
	return given;
}

/* RFC 7301 §3.2: a client that offers only what we do not speak is told so. */
static int on_protocols(SSL *ssl, const unsigned char **out, unsigned char *len, const unsigned char *offered,
	unsigned offered_len, void *arg)
{
	static const unsigned char ours[] = "\x08http/1.1";
	unsigned char *chosen;
	(void)ssl;
	(void)arg;
	if (SSL_select_next_proto(&chosen, len, ours, sizeof ours - 1, offered, offered_len) != OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	*out = chosen;
	return SSL_TLSEXT_ERR_OK;
}

/*
 * TLS 1.2 and 1.3, forward secrecy and authenticated encryption alone (RFC 9325 §4.2). Sessions live in tickets, so
 * that the server remembers nothing of a client. Buffers go back while a connection idles. A write is done when a
 * record is, so that a time-out counts for a record and not for a whole answer.
 */
static SSL_CTX *context_new(void)
{
	static const unsigned char name[] = "calends";
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());
	if (!context || !SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) ||
		!SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20") ||
		!SSL_CTX_set_session_id_context(context, name, sizeof name - 1))
		abort();
	SSL_CTX_set_options(context, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA |
					     SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
	SSL_CTX_set_mode(context,
		SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_alpn_select_cb(context, on_protocols, NULL);
	return context;
}

/* The files into `tls`, which holds references of its own. */
static err_t load(struct ctx *cx, struct tls *tls, struct tls_facts *facts)
{
	struct tls_identity fresh, old;
	TRY(identity_read(cx, tls->context, tls->files, &fresh));
	*facts = facts_of(cx, fresh.cert);
	warn_of_times(cx, &tls->files, facts);

	X509_up_ref(fresh.cert);
	EVP_PKEY_up_ref(fresh.key);
	fresh.chain = X509_chain_up_ref(fresh.chain);
	if (!fresh.chain)
		abort();
	pthread_mutex_lock(&tls->lock);
	old = tls->current;
	tls->current = fresh;
	pthread_mutex_unlock(&tls->lock);
	X509_free(old.cert);
	EVP_PKEY_free(old.key);
	sk_X509_pop_free(old.chain, X509_free);
	return OK;
}

err_t tls_open(struct ctx *cx, struct tls_files files, struct tls **out)
{
	struct tls_facts facts;
	struct tls *tls = calloc(1, sizeof *tls);
	if (!tls)
		abort();
	tls->files = files;
	tls->context = context_new();
	pthread_mutex_init(&tls->lock, NULL);
	SSL_CTX_set_cert_cb(tls->context, on_certificate, tls);
	err_t e = load(cx, tls, &facts);
	if (e) {
		tls_close(tls);
		return e;
	}
	*out = tls;
	return OK;
}

void tls_close(struct tls *tls)
{
	if (!tls)
		return;
	X509_free(tls->current.cert);
	EVP_PKEY_free(tls->current.key);
	sk_X509_pop_free(tls->current.chain, X509_free);
	SSL_CTX_free(tls->context);
	pthread_mutex_destroy(&tls->lock);
	free(tls);
}

err_t tls_reload(struct ctx *cx, struct tls *tls, struct tls_facts *out)
{
	return load(cx, tls, out);
}

static void free_context(void *context)
{
	SSL_CTX_free(context);
}

err_t tls_look(struct ctx *cx, struct tls_files files, struct str host, struct tls_facts *out)
{
	struct tls_identity id;
	SSL_CTX *context = owned(cx, free_context, context_new());
	TRY(identity_read(cx, context, files, &id));
	*out = facts_of(cx, id.cert);
	out->names_host = names(cx, id.cert, host);
	return OK;
}

struct ssl_st *tls_begin(struct tls *tls, int fd)
{
	SSL *ssl = SSL_new(tls->context);
	if (ssl && !SSL_set_fd(ssl, fd)) {
		SSL_free(ssl);
		return NULL;
	}
	if (ssl)
		SSL_set_accept_state(ssl);
	return ssl;
}

void *tls_context(struct tls *tls)
{
	return tls->context;
}
