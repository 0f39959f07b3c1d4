/* SPDX-License-Identifier: Apache-2.0 */
/* DATA_DIR/demo.json: what a later start must tell again. */
#include "web/demo_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "server/base/config.h"
#include "server/data/json.h"

#define FILE_MAX 8192

/* clang-format off */
static const struct json_field file_fields[] = {
	{ .name = "email",         .kind = JSON_STR, .flags = JSON_NULLABLE, .offset = offsetof(struct demo, email) },
	{ .name = "password",      .kind = JSON_STR, .flags = JSON_NULLABLE, .offset = offsetof(struct demo, password) },
	{ .name = "key",           .kind = JSON_STR, .flags = JSON_NULLABLE, .offset = offsetof(struct demo, key) },
	{ .name = "client_id",     .kind = JSON_STR, .flags = JSON_NULLABLE, .offset = offsetof(struct demo, client_id) },
	{ .name = "client_secret", .kind = JSON_STR, .flags = JSON_NULLABLE, .offset = offsetof(struct demo, client_secret) },
};
/* clang-format on */

static const char *file_path(struct ctx *cx, const char *ending)
{
	return str_c(cx->mem, str_fmt(cx->mem, "%.*s/demo.json%s", STR_ARG(cx->config->data_dir), ending));
}

void demo_file_read(struct ctx *cx, struct demo *out)
{
	char *text = arena_take(cx->mem, FILE_MAX, 1);
	int fd = open(file_path(cx, ""), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	ssize_t len = fd < 0 ? 0 : read(fd, text, FILE_MAX);
	if (fd >= 0)
		close(fd);
	struct demo found = { 0 };
	if (len > 0 &&
		!json_read_known(cx, (struct str){ text, (size_t)len }, file_fields, ARRAY_LEN(file_fields), &found))
		*out = found;
}

static err_t file_fail(struct ctx *cx, const char *path)
{
	return REFUSE(cx, INTERNAL, "", "The demo's secrets cannot be kept in %s: %s.", path, strerror(errno));
}

err_t demo_file_write(struct ctx *cx, const struct demo *demo)
{
	const char *fresh = file_path(cx, ".new"), *path = file_path(cx, "");
	struct buf text = buf_new(cx->mem, FILE_MAX);
	struct json j = json_begin(&text);
	json_object(&j, NULL);
	json_write(&j, cx->mem, file_fields, ARRAY_LEN(file_fields), demo);
	json_object_end(&j);
	buf_char(&text, '\n');

	unlink(fresh);
	int fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return file_fail(cx, fresh);
	bool written = write(fd, text.ptr, text.len) == (ssize_t)text.len && fsync(fd) == 0;
	if (close(fd) != 0 || !written || rename(fresh, path) != 0)
		return file_fail(cx, path);
	return OK;
}
