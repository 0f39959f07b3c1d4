/* SPDX-License-Identifier: Apache-2.0 */
#include "server/base/log.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/base/clock.h"

#define LINE_MAX_OCTETS 4096

static enum log_level log_level = LOG_INFO;
static int log_fd = STDERR_FILENO;

/* Whoever truncates the file meanwhile (logrotate's copytruncate) must not get a hole as long as all that was there. */
static void append_always(int fd)
{
	struct stat file;
	int flags = fcntl(fd, F_GETFL);
	if (flags >= 0 && fstat(fd, &file) == 0 && S_ISREG(file.st_mode))
		(void)fcntl(fd, F_SETFL, flags | O_APPEND);
}

void log_setup(enum log_level level, int fd)
{
	log_level = level;
	log_fd = fd;
	append_always(fd);
}

bool log_enabled(enum log_level level)
{
	return level <= log_level;
}

struct line {
	size_t len;
	char text[LINE_MAX_OCTETS];
};

/* One octet is always left for the line's end. A longer line is cut. */
static void put(struct line *line, const char *text, size_t len)
{
	size_t left = sizeof line->text - 1 - line->len;
	if (len > left)
		len = left;
	memcpy(line->text + line->len, text, len);
	line->len += len;
}

static bool plain(struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.ptr[i];
		if (c <= ' ' || c == '"' || c == '\\' || c == 0x7F || c == '=')
			return false;
	}
	return s.len > 0;
}

static void put_quoted(struct line *line, struct str s)
{
	put(line, "\"", 1);
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.ptr[i];
		char escaped[5];
		if (c < ' ' || c == 0x7F)
			put(line, escaped, (size_t)snprintf(escaped, sizeof escaped, "\\x%02x", c));
		else if (c == '"' || c == '\\')
			put(line, (char[]){ '\\', (char)c }, 2);
		else
			put(line, &s.ptr[i], 1);
	}
	put(line, "\"", 1);
}

/* In decimal, with zeros before it up to `width` digits. */
static void put_number(struct line *line, int64_t value, size_t width)
{
	char digits[24];
	size_t at = sizeof digits;
	uint64_t left = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
	do {
		digits[--at] = (char)('0' + left % 10);
		left /= 10;
	} while (left || sizeof digits - at < width);
	if (value < 0)
		digits[--at] = '-';
	put(line, digits + at, sizeof digits - at);
}

static void put_field(struct line *line, const struct log_field *field)
{
	put(line, " ", 1);
	put(line, field->key, strlen(field->key));
	put(line, "=", 1);
	if (field->is_number)
		put_number(line, field->number, 1);
	else if (plain(field->text))
		put(line, field->text.ptr, field->text.len);
	else
		put_quoted(line, field->text);
}

/* 2026-11-24T09:00:00.000000Z */
static void put_stamp(struct line *line)
{
	struct instant now = instant_now();
	int64_t s = instant_s(now), year;
	int month, day, of_day = (int)(s % 86400);
	civil_from_days(s / 86400, &year, &month, &day);
	const struct {
		int64_t value;
		size_t width;
		char after;
	} parts[] = { { year, 4, '-' }, { month, 2, '-' }, { day, 2, 'T' }, { of_day / 3600, 2, ':' },
		{ of_day / 60 % 60, 2, ':' }, { of_day % 60, 2, '.' }, { now.us - s * US_PER_S, 6, 'Z' } };
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		put_number(line, parts[i].value, parts[i].width);
		put(line, &parts[i].after, 1);
	}
}

void log_write_(enum log_level level, const char *event, const struct log_field *fields, size_t count)
{
	static const char *const names[] = { "error", "warn", "info", "debug" };
	if (!log_enabled(level))
		return;
	struct line line;
	line.len = 0;
	put_stamp(&line);
	put_field(&line, &LOG_C("level", names[level]));
	put_field(&line, &LOG_C("event", event));
	for (size_t i = 0; i < count; i++)
		if (fields[i].is_number || fields[i].text.ptr)
			put_field(&line, &fields[i]);
	line.text[line.len++] = '\n';
	/* Nowhere to tell when the log itself cannot be written. */
	if (write(log_fd, line.text, line.len) < 0)
		return;
}
