/* SPDX-License-Identifier: Apache-2.0 */
/* Text that grows, and the end of the tool. */
#include "embed.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void stop(const char *file, int line, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	fprintf(stderr, "%s:%d: ", file, line);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	exit(1);
}

void *grow(void *ptr, size_t size)
{
	void *bigger = realloc(ptr, size);
	if (!bigger)
		stop("embed", 0, "out of memory");
	return bigger;
}

void text_add(struct text *t, char c)
{
	if (t->len + 1 >= t->cap) {
		t->cap = t->cap ? t->cap * 2 : 1024;
		t->ptr = grow(t->ptr, t->cap);
	}
	t->ptr[t->len++] = c;
	t->ptr[t->len] = 0;
}

void text_append(struct text *t, const char *more)
{
	for (; *more; more++)
		text_add(t, *more);
}

struct text replaced(const struct text *sql, const char *word, const char *value)
{
	struct text out = { 0 };
	for (const char *p = sql->ptr; *p;) {
		bool is_word = strncmp(p, word, strlen(word)) == 0;
		if (is_word)
			text_append(&out, value);
		else
			text_add(&out, *p);
		p += is_word ? strlen(word) : 1;
	}
	return out;
}

struct text file_read(const char *path)
{
	struct text t = { 0 };
	FILE *f = fopen(path, "r");
	if (!f)
		stop(path, 0, "cannot be read");
	for (int c; (c = fgetc(f)) != EOF;) {
		if (!c)
			stop(path, 0, "holds a NUL");
		text_add(&t, (char)c);
	}
	fclose(f);
	text_add(&t, '\n');
	return t;
}
