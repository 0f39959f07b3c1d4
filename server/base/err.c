/* SPDX-License-Identifier: Apache-2.0 */
#include "server/base/err.h"

#include <assert.h>

static const struct err_row rows[] = {
#define ERR(kind, api, type, code, oauth, error, dav, condition, text)                                                 \
	[kind] = { #kind, api, type, code, oauth, error, dav, condition, text },
#include "server/base/errors.def"
#undef ERR
};

static_assert(ARRAY_LEN(rows) == ERR_KINDS, "every kind of failure has its row");

const struct err_row *err_row(enum err_kind kind)
{
	assert(kind < ERR_KINDS);
	return &rows[kind];
}

bool err_is(err_t e, enum err_kind kind)
{
	return e && e->kind == kind;
}

bool err_passes(err_t e)
{
	return err_is(e, UNAVAILABLE) || err_is(e, DISK_FULL);
}

struct str err_logged(err_t e)
{
	return e->said.ptr ? e->said : e->detail;
}

struct str err_text(err_t e)
{
	return e->said.ptr ? e->said : str_of(err_row(e->kind)->text);
}

/* What was sent may stand in it, however long that was. */
#define TEXT_MAX 4096

__attribute__((format(printf, 2, 0))) static struct str text_of(struct arena *mem, const char *format, va_list args)
{
	return str_beginning(str_vfmt(mem, format, args), TEXT_MAX);
}

struct err *err_new_(struct arena *mem, enum err_kind kind, const char *file, int line, const char *format, ...)
{
	struct err *e = arena_new(mem, struct err);
	va_list args;
	va_start(args, format);
	*e = (struct err){ .kind = kind, .detail = text_of(mem, format, args), .file = file, .line = line };
	va_end(args);
	return e;
}

struct err *err_refuse_(
	struct arena *mem, enum err_kind kind, const char *param, const char *file, int line, const char *format, ...)
{
	struct err *e = arena_new(mem, struct err);
	va_list args;
	va_start(args, format);
	*e = (struct err){
		.kind = kind, .said = text_of(mem, format, args), .format = format, .file = file, .line = line
	};
	va_end(args);
	if (param[0])
		e->param = str_of(param);
	return e;
}

struct err *err_about(struct arena *mem, err_t e, const char *param)
{
	struct err *same = arena_new(mem, struct err);
	*same = *e;
	same->param = param[0] ? str_of(param) : STR_ABSENT;
	return same;
}

struct err *err_with_etag(struct arena *mem, err_t e, struct str etag)
{
	struct err *same = arena_new(mem, struct err);
	*same = *e;
	same->etag = etag;
	return same;
}
