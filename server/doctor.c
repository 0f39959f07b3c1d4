/* SPDX-License-Identifier: Apache-2.0 */
#include "server/doctor.h"

#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <sys/time.h>
#include <unistd.h>

#include "caldav/calendar/zone/zone.h"
#include "server/cli/runtime.h"
#include "server/data/json.h"
#include "server/data/uri.h"
#include "server/db/home.h"
#include "server/db/pool.h"
#include "server/db/query.h"
#include "server/http/tls.h"
#include "server/mail/mail.h"
#include "server/user.h"
#include "sql.h"

#define SPACE_WANTED_MIB 512
#define ZONES_WANTED 300
#define CLOCK_TOLERANCE_S 5
#define CERTIFICATE_WANTED_S (INT64_C(14) * 86400)

enum grade { GOOD, WARNING, BAD };

struct finding {
	enum grade grade;
	struct str text;
};

struct visit {
	struct ctx *cx;
	struct config config;
	struct runtime runtime;
	bool settled, open;
};

__attribute__((format(printf, 3, 4))) static struct finding find(
	const struct visit *v, enum grade grade, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	struct finding finding = { grade, str_vfmt(v->cx->mem, format, args) };
	va_end(args);
	return finding;
}

static struct finding check_settings(struct visit *v)
{
	err_t e = runtime_settle(v->cx, &v->config);
	if (e)
		return find(v, BAD, "%.*s", STR_ARG(err_text(e)));
	v->settled = true;
	return find(v, GOOD, "every setting can be read");
}

static struct finding check_data_dir(struct visit *v)
{
	struct statvfs fs;
	const char *path = str_c(v->cx->mem, v->config.data_dir);
	if (!path || statvfs(path, &fs) != 0)
		return find(v, v->config.database_url.ptr ? WARNING : BAD,
			"%.*s is not there yet; `calends migrate` makes it", STR_ARG(v->config.data_dir));
	unsigned long long mib = (unsigned long long)fs.f_bavail * fs.f_frsize >> 20;
	if (mib < SPACE_WANTED_MIB)
		return find(v, BAD, "%.*s has %llu MiB left; free some space", STR_ARG(v->config.data_dir), mib);
	return find(v, GOOD, "%.*s, %llu MiB free", STR_ARG(v->config.data_dir), mib);
}

static struct finding check_database(struct visit *v)
{
	err_t e = runtime_open(v->cx, &v->config, KEY_ANY, &v->runtime);
	if (e)
		return find(v, BAD, "%.*s %.*s", STR_ARG(err_text(e)), STR_ARG(e->detail));
	v->open = true;
	e = db_check(v->cx);
	if (e)
		return find(v, BAD, "the statements do not fit the schema: %.*s", STR_ARG(e->detail));
	return find(v, GOOD, "%s, schema and statements fit",
		v->runtime.embedded ? "private PostgreSQL" : "given PostgreSQL");
}

struct database_facts {
	struct str version, fsync;
	struct instant clock;
};
DB_RESULT(database_facts, struct database_facts, version, fsync, clock);

static bool ask_database(struct visit *v, struct database_facts *out)
{
	return v->open && !db_row_(v->cx, &sql_database_facts, ROW(database_facts, out), NULL, 0);
}

static struct finding check_durability(struct visit *v)
{
	struct database_facts facts;
	if (!ask_database(v, &facts))
		return find(v, BAD, "the database does not answer");
	if (!str_eq(facts.fsync, STR("on")))
		return find(v, BAD, "fsync is off: a power cut loses what was acknowledged; set fsync = on");
	return find(v, GOOD, "PostgreSQL %.*s, fsync on", STR_ARG(facts.version));
}

static struct finding check_secret_key(struct visit *v)
{
	bool same;
	if (!v->open || db_secret_is_same(v->cx, keyring_mark(v->runtime.keys, v->cx->mem), false, &same))
		return find(v, BAD, "the database does not answer");
	if (!same)
		return find(v, BAD, "another one than the database was served with; put that file back");
	return find(v, GOOD, "the one of this database");
}

static struct finding check_clock(struct visit *v)
{
	struct database_facts facts;
	if (!ask_database(v, &facts))
		return find(v, BAD, "the database does not answer");
	long long apart = llabs(instant_s(facts.clock) - instant_s(instant_now()));
	if (apart > CLOCK_TOLERANCE_S)
		return find(
			v, BAD, "this clock and the database's are %lld s apart; run a time service on both", apart);
	return find(v, GOOD, "within %d s of the database's", CLOCK_TOLERANCE_S);
}

static struct finding check_zones(struct visit *v)
{
	err_t e = zone_setup(v->cx);
	size_t count = zone_count();
	if (e || count < ZONES_WANTED)
		return find(v, BAD, "%zu time zones found; install the package tzdata", count);
	return find(v, GOOD, "%zu time zones", count);
}

static bool is_loopback(struct str host)
{
	return str_starts(host, STR("127.")) || str_eq(host, STR("localhost")) || str_eq(host, STR("::1"));
}

static struct finding check_public_url(struct visit *v)
{
	struct uri uri;
	if (!uri_split(v->config.public_url, &uri))
		return find(v, BAD, "%.*s is no URL", STR_ARG(v->config.public_url));
	if (str_eq(uri.scheme, STR("https")))
		return find(v, GOOD, "%.*s", STR_ARG(v->config.public_url));
	if (!is_loopback(uri.host))
		return find(v, BAD,
			"%.*s is not https: passwords and tokens would travel in clear, and Apple's clients refuse it; "
			"give --tls-cert and --tls-key, or put a TLS proxy in front, and set --public-url https://…",
			STR_ARG(v->config.public_url));
	return find(v, GOOD, "%.*s (this machine only)", STR_ARG(v->config.public_url));
}

static struct finding grade_certificate(
	struct visit *v, const struct tls_facts *facts, const struct uri *url, const char *until)
{
	struct str file = v->config.tls_cert;
	struct instant now = instant_now();
	if (!instant_before(now, facts->expires))
		return find(v, BAD, "the certificate in %.*s expired at %s; renew it and send SIGHUP", STR_ARG(file),
			until);
	if (instant_before(now, facts->begins))
		return find(v, BAD,
			"the certificate in %.*s is not valid before %.*s; give another, or check the clock",
			STR_ARG(file), STR_ARG(instant_rfc3339(v->cx->mem, facts->begins)));
	if (!str_eq(url->scheme, STR("https")))
		return find(v, WARNING, "this server speaks TLS, but %.*s does not say so; set --public-url https://…",
			STR_ARG(v->config.public_url));
	if (!facts->names_host)
		return find(v, WARNING,
			"the certificate in %.*s (%.*s) is not for %.*s, so that clients refuse it; get one with that "
			"name",
			STR_ARG(file), STR_ARG(facts->subject), STR_ARG(url->host));
	if (!instant_before(instant_add_s(now, CERTIFICATE_WANTED_S), facts->expires))
		return find(v, WARNING, "the certificate in %.*s expires at %s; renew it and send SIGHUP",
			STR_ARG(file), until);
	return find(v, GOOD, "the certificate in %.*s (%.*s) is valid until %s", STR_ARG(file), STR_ARG(facts->subject),
		until);
}

static struct finding check_certificate(struct visit *v)
{
	struct uri url;
	struct tls_facts facts;
	if (!uri_split(v->config.public_url, &url))
		return find(v, BAD, "%.*s is no URL", STR_ARG(v->config.public_url));
	err_t e = tls_look(v->cx, (struct tls_files){ v->config.tls_cert, v->config.tls_key }, url.host, &facts);
	if (e)
		return find(v, BAD, "%.*s", STR_ARG(err_text(e)));
	return grade_certificate(v, &facts, &url, instant_rfc3339(v->cx->mem, facts.expires).ptr);
}

/* Root reads them at the start; at SIGHUP the server's own user does. */
static struct finding check_renewal(struct visit *v, struct finding certificate)
{
	const struct str files[] = { v->config.tls_cert, v->config.tls_key };
	if (certificate.grade != GOOD || !user_visit())
		return certificate;
	for (size_t i = 0; i < ARRAY_LEN(files) && certificate.grade == GOOD; i++)
		if (access(str_c(v->cx->mem, files[i]), R_OK) != 0)
			certificate = find(v, WARNING,
				"%.*s: %s as the user that the server becomes; it would not be read again at SIGHUP, "
				"when the certificate is renewed",
				STR_ARG(files[i]), strerror(errno));
	user_return();
	return certificate;
}

static struct finding check_tls(struct visit *v)
{
	if (v->config.tls_cert.ptr)
		return check_renewal(v, check_certificate(v));
	bool https = str_starts(v->config.public_url, STR("https://"));
	if (https && !v->config.trusted_proxy.ptr)
		return find(v, WARNING,
			"who terminates TLS is not named: give --tls-cert and --tls-key, or set --trusted-proxy to the "
			"proxy's address, or every client has the proxy's address in limits and logs");
	return find(
		v, GOOD, "%s", https ? "terminated by the trusted proxy" : "not used on this machine's own address");
}

static bool answers(const struct visit *v, struct str host, struct str port)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *found = NULL;
	if (getaddrinfo(str_c(v->cx->mem, host), str_c(v->cx->mem, port), &hints, &found) != 0)
		return false;
	int fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct timeval limit = { .tv_sec = 3 };
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
	bool connected = fd >= 0 && connect(fd, found->ai_addr, found->ai_addrlen) == 0;
	if (fd >= 0)
		close(fd);
	freeaddrinfo(found);
	return connected;
}

/* Is somebody listening where the public URL points? */
static struct finding check_reachable(struct visit *v)
{
	struct uri uri;
	if (!uri_split(v->config.public_url, &uri))
		return find(v, BAD, "no URL");
	struct str port = uri.port.len ? uri.port : str_eq(uri.scheme, STR("https")) ? STR("443") : STR("80");
	if (!answers(v, uri.host, port))
		return find(v, WARNING, "nothing listens at %.*s port %.*s now; check the DNS, and `calends serve`",
			STR_ARG(uri.host), STR_ARG(port));
	return find(v, GOOD, "something listens at %.*s port %.*s", STR_ARG(uri.host), STR_ARG(port));
}

static struct finding check_mail(struct visit *v)
{
	struct mail_settings mail;
	const struct config *before = v->cx->config;
	v->cx->config = &v->config;
	err_t e = mail_settings_read(v->cx, &mail);
	if (!e && user_visit()) { /* root may write into every folder; the server does not stay root */
		e = mail_settings_check_access(v->cx);
		user_return();
	}
	v->cx->config = before;
	if (e)
		return find(v, BAD, "%.*s", STR_ARG(err_text(e)));
	if (!mail.on)
		return find(v, GOOD, "none is sent; --smtp-url and --mail-from would");
	if (mail.folder.len)
		return find(v, WARNING, "it is written into %.*s and reaches nobody", STR_ARG(mail.folder));
	if (!answers(v, mail.host, mail.port))
		return find(v, WARNING, "nothing listens at %.*s port %.*s now: mail waits until something does",
			STR_ARG(mail.host), STR_ARG(mail.port));
	return find(v, GOOD, "from %.*s by %.*s port %.*s%s", STR_ARG(mail.from), STR_ARG(mail.host),
		STR_ARG(mail.port),
		mail.starttls || str_starts(mail.url, STR("smtps:")) ? ", encrypted" : ", in clear");
}

static const struct {
	const char *name;
	struct finding (*run)(struct visit *v);
} checks[] = {
	{ "settings", check_settings }, /* the others read what this fills in */
	{ "database", check_database },
	{ "durability", check_durability },
	{ "data folder", check_data_dir },
	{ "secret key", check_secret_key },
	{ "clock", check_clock },
	{ "time zones", check_zones },
	{ "public URL", check_public_url },
	{ "TLS", check_tls },
	{ "reachable", check_reachable },
	{ "mail", check_mail },
};

err_t doctor_command(struct ctx *cx, const struct command_call *call)
{
	static const char *const words[] = { "good", "warning", "bad" };
	struct visit v = { .cx = cx, .config = *call->config };
	struct json j = json_begin(call->out);
	size_t bad = 0;
	if (call->config->json) {
		json_object(&j, NULL);
		json_array(&j, "checks");
	}
	for (size_t i = 0; i < ARRAY_LEN(checks) && (i == 0 || v.settled); i++) {
		struct finding found = checks[i].run(&v);
		bad += found.grade == BAD;
		if (!call->config->json) {
			buf_fmt(call->out, "%-8s %-12s %.*s\n", words[found.grade], checks[i].name,
				STR_ARG(found.text));
			continue;
		}
		json_object(&j, NULL);
		json_str(&j, "check", str_of(checks[i].name));
		json_str(&j, "finding", str_of(words[found.grade]));
		json_str(&j, "text", found.text);
		json_object_end(&j);
	}
	if (call->config->json) {
		json_array_end(&j);
		json_object_end(&j);
		buf_char(call->out, '\n');
	}
	if (v.open) {
		db_end(cx);
		runtime_close(&v.runtime);
		cx->db = NULL;
	}
	return bad ? REFUSE(cx, INVALID_VALUE, "", "%zu of the checks are bad; see what each says", bad) : OK;
}
