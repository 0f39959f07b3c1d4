/* SPDX-License-Identifier: Apache-2.0 */
#include "server/cli/runtime.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/data/uri.h"
#include "server/db/migrate.h"
#include "server/db/pool.h"

static struct str default_data_dir(struct ctx *cx)
{
	if (geteuid() == 0)
		return STR("/var/lib/calends");
	const char *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
	if (data && data[0] == '/')
		return str_fmt(cx->mem, "%s/calends", data);
	return str_fmt(cx->mem, "%s/.local/share/calends", home ? home : "");
}

/* The first address of --listen, as a URL: any-address becomes loopback, which is where the operator sits. */
static err_t default_public_url(struct ctx *cx, struct str listen, bool tls, struct str *out)
{
	struct str first, rest = listen;
	str_cut(&rest, ',', &first);
	first = str_trim(first, STR_BLANK);
	size_t colon = first.len;
	while (colon > 0 && first.ptr[colon - 1] != ':')
		colon--;
	uint64_t port;
	if (colon < 2 || !str_to_u64(str_from(first, colon), 65535, &port) || !port)
		return REFUSE(cx, INVALID_VALUE, "listen", "--listen %.*s: give ADDRESS:PORT, like 127.0.0.1:8080",
			STR_ARG(listen));
	struct str host = str_sub(first, 0, colon - 1);
	if (str_eq(host, STR("0.0.0.0")) || str_eq(host, STR("+")))
		host = STR("127.0.0.1");
	if (str_eq(host, STR("[::]")))
		host = STR("[::1]");
	*out = str_fmt(cx->mem, "%s://%.*s:%llu", tls ? "https" : "http", STR_ARG(host), (unsigned long long)port);
	return OK;
}

/* The issuer: scheme and authority alone, without a slash at its end (RFC 8414 §2). */
static err_t check_public_url(struct ctx *cx, const char *option, struct str *url)
{
	struct uri uri;
	while (str_ends(*url, STR("/")))
		url->len--;
	if (!uri_split(*url, &uri) || !(str_eq(uri.scheme, STR("http")) || str_eq(uri.scheme, STR("https"))) ||
		!uri.host.len || uri.userinfo.ptr || uri.path.len || uri.query.ptr || uri.fragment.ptr)
		return REFUSE(cx, INVALID_VALUE, option, "--%s %.*s: give http(s)://HOST[:PORT] without a path", option,
			STR_ARG(*url));
	return OK;
}

static err_t check_tls_files(struct ctx *cx, const struct config *config)
{
	if (!config->tls_cert.ptr == !config->tls_key.ptr)
		return OK;
	return REFUSE(cx, INVALID_VALUE, config->tls_cert.ptr ? "tls-key" : "tls-cert",
		"--tls-cert and --tls-key go together: --tls-%s is missing", config->tls_cert.ptr ? "key" : "cert");
}

/* The private cluster has 100 (cluster.c): commands, a second server on the folder and the operator need some, too. */
#define PRIVATE_CONNECTIONS_MAX 80

static err_t check_connections(struct ctx *cx, const struct config *config)
{
	if (config->database_url.ptr || config->db_connections <= PRIVATE_CONNECTIONS_MAX)
		return OK;
	return REFUSE(cx, INVALID_VALUE, "db-connections",
		"--db-connections %lld: the private PostgreSQL has room for %d. Give fewer, or a PostgreSQL of your "
		"own by "
		"--database-url.",
		(long long)config->db_connections, PRIVATE_CONNECTIONS_MAX);
}

err_t runtime_settle(struct ctx *cx, struct config *config)
{
	struct str by_listen;
	TRY(check_connections(cx, config));
	TRY(check_tls_files(cx, config));
	TRY(default_public_url(cx, config->listen, config->tls_cert.ptr, &by_listen));
	if (!config->data_dir.ptr)
		config->data_dir = default_data_dir(cx);
	if (!config->public_url.ptr)
		config->public_url = by_listen;
	if (config->mtls_url.ptr)
		TRY(check_public_url(cx, "mtls-url", &config->mtls_url));
	return check_public_url(cx, "public-url", &config->public_url);
}

static err_t key_path(struct ctx *cx, const struct config *config, const char **out)
{
	struct str file = config->secret_key_file;
	if (!file.ptr)
		file = str_fmt(cx->mem, "%.*s/secret.key", STR_ARG(config->data_dir));
	*out = str_c(cx->mem, file);
	if (!*out)
		return REFUSE(cx, INVALID_VALUE, "secret-key-file", "--secret-key-file: no such path");
	return OK;
}

/* The folder that holds the key: made when the default place is used and it is not there yet. */
static err_t open_keys(struct ctx *cx, const char *path, struct runtime *r)
{
	const char *dir = str_c(cx->mem, r->config.data_dir);
	if (!r->config.secret_key_file.ptr && (!dir || (mkdir(dir, 0700) != 0 && errno != EEXIST)))
		return REFUSE(cx, INVALID_VALUE, "data-dir", "--data-dir %.*s: %s", STR_ARG(r->config.data_dir),
			strerror(errno));
	return keyring_open(cx, path, &r->keys);
}

/* Can a key be made at this path, which names none yet? The data folder itself may not be there so far. */
static err_t check_key_folder(struct ctx *cx, const struct config *config, const char *path)
{
	const char *end = strrchr(path, '/');
	struct str folder = end ? str_sub(str_of(path), 0, (size_t)(end - path) + 1) : STR("./");
	struct str data = str_cat(cx->mem, config->data_dir, STR("/"));
	const char *dir = str_c(cx->mem, folder);
	if (str_eq(folder, data) || str_eq(folder, config->data_dir) || access(dir, W_OK | X_OK) == 0)
		return OK;
	return REFUSE(cx, INVALID_VALUE, "secret-key-file",
		"The secret key file %s is not there and cannot be made (--secret-key-file): its folder: %s.", path,
		strerror(errno));
}

/*
 * A key that is there is read before the database is made or changed. One that is not is made after it: the private
 * cluster makes the data folder with the owner and mode that it needs. Whether it can be is seen before.
 */
static err_t open_keys_early(struct ctx *cx, struct runtime *r)
{
	const char *path;
	TRY(key_path(cx, &r->config, &path));
	return access(path, F_OK) == 0 ? keyring_open(cx, path, &r->keys) : check_key_folder(cx, &r->config, path);
}

static err_t open_keys_late(struct ctx *cx, struct runtime *r)
{
	const char *path;
	if (r->keys)
		return OK;
	TRY(key_path(cx, &r->config, &path));
	return open_keys(cx, path, r);
}

static err_t find_database(struct ctx *cx, struct runtime *r)
{
	if (r->config.database_url.ptr)
		r->database_url = str_c(cx->mem, r->config.database_url);
	else
		TRY(embedded_open(cx, r->config.data_dir, &r->embedded, &r->database_url));
	if (!r->database_url)
		return REFUSE(cx, INVALID_VALUE, "database-url", "--database-url: not a connection string");
	return OK;
}

static err_t open_database(struct ctx *cx, enum runtime_key key, struct runtime *r)
{
	int applied;
	struct bytes mark = key == KEY_OF_DATABASE ? keyring_mark(r->keys, cx->mem) : (struct bytes){ 0 };
	struct db_settings settings = {
		.url = str_of(r->database_url),
		.connections = (unsigned)r->config.db_connections,
		.wait_ms = (unsigned)r->config.db_wait_ms,
		.statement_ms = (unsigned)r->config.deadline_ms,
		.prepare = !r->config.db_unprepared,
	};
	TRY(db_migrate(cx, r->database_url, mark, &applied));
	r->db = db_open(&settings);
	return OK;
}

static err_t open_all(struct ctx *cx, enum runtime_key key, struct runtime *r)
{
	ctx_begin(cx, PATIENCE_COMMAND_MS);
	TRY(open_keys_early(cx, r));
	TRY(find_database(cx, r));
	TRY(open_keys_late(cx, r));
	return open_database(cx, key, r);
}

err_t runtime_open(struct ctx *cx, const struct config *config, enum runtime_key key, struct runtime *out)
{
	*out = (struct runtime){ .config = *config };
	err_t e = runtime_settle(cx, &out->config);
	if (!e)
		e = open_all(cx, key, out);
	if (e) {
		runtime_close(out);
		return e;
	}
	cx->config = &out->config;
	cx->keys = out->keys;
	cx->db = out->db;
	return OK;
}

void runtime_close(struct runtime *runtime)
{
	if (runtime->db)
		db_close(runtime->db);
	keyring_close(runtime->keys);
	embedded_close(runtime->embedded);
	*runtime = (struct runtime){ 0 };
}
