/* SPDX-License-Identifier: Apache-2.0 */
#include "server/mail/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool write_whole(int fd, struct str text)
{
	while (text.len) {
		ssize_t n = write(fd, text.ptr, text.len);
		if (n < 0 && errno != EINTR)
			return false;
		text = str_from(text, n > 0 ? (size_t)n : 0);
	}
	return fsync(fd) == 0;
}

err_t mail_folder_put(struct ctx *cx, struct str folder, struct str name, struct str message)
{
	struct str base = str_fmt(cx->mem, "%.*s/%.*s", STR_ARG(folder), STR_ARG(name));
	const char *part = str_c(cx->mem, str_cat(cx->mem, base, STR(".part")));
	const char *whole = str_c(cx->mem, str_cat(cx->mem, base, STR(".eml")));
	int fd = part && whole ? open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600) : -1;
	bool good = fd >= 0 && write_whole(fd, message);
	if (fd >= 0 && close(fd) != 0)
		good = false;
	if (good && rename(part, whole) == 0)
		return OK;
	return FAIL(cx, UNAVAILABLE, "%.*s: %s", STR_ARG(base), strerror(errno));
}
