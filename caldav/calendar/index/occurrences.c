/* SPDX-License-Identifier: Apache-2.0 */
/*
 *     version  1
 *     origin   zigzag    first of the first span
 *     from     zigzag    origin - from, or 1 << 62 for no beginning
 *     length   varint    last - first of spans that do not say otherwise
 *     runs:    gap       varint, from the start before to the first of this run
 *              head      varint, (count - 1) << 1 | own length
 *              step      varint, if count > 1
 *              length    varint, if own
 *
 * An example, in seconds: 100 to 130, 200 to 230, 300 to 330 and 450 to 500, complete from 40 on.
 *
 *     01            version
 *     c8 01         origin 100
 *     78            from: 60 before it
 *     1e            length 30
 *     00 04 64      a run: begins at the origin, three of them, a step of 100
 *     96 01 01 32   a run: 150 after the last start (300), one, with a length of its own: 50
 *
 * Asked for 310 to 460: of the first run all that end by 310 are skipped by one division, so that number 2 (300 to 330)
 * is the first that is told; the next run has one that begins before 460.
 */
#include "caldav/calendar/index/occurrences.h"

#include "caldav/calendar/ical/dates.h"
#include "server/base/buf.h"

#define VERSION 1
#define NO_BEGINNING (INT64_C(1) << 61)
#define OCTETS_MAX ((size_t)1 << 20)

static void put(struct buf *out, uint64_t n)
{
	for (; n > 127; n >>= 7)
		buf_char(out, (char)(unsigned char)((n & 127U) | 128U));
	buf_char(out, (char)n);
}

static uint64_t zigzag(int64_t n)
{
	return n < 0 ? ((uint64_t)(-(n + 1)) << 1 | 1) : (uint64_t)n << 1;
}

static int64_t unzigzag(uint64_t n)
{
	return n & 1 ? -(int64_t)(n >> 1) - 1 : (int64_t)(n >> 1);
}

/* Into ±2^61, so that sums of a few do not overflow: all that has a date is far inside. */
static int64_t near(int64_t t)
{
	return t > NO_BEGINNING - 1 ? NO_BEGINNING - 1 : t < 1 - NO_BEGINNING ? 1 - NO_BEGINNING : t;
}

static int64_t length_of(struct occurrence_span span)
{
	return near(span.last) - near(span.first);
}

/* How many spans from i on have one step and one length? */
static size_t run_length(const struct occurrence_span *spans, size_t count, size_t i)
{
	int64_t length = length_of(spans[i]);
	size_t n = i + 1;
	while (n < count && length_of(spans[n]) == length &&
		(n == i + 1 || spans[n].first - spans[n - 1].first == spans[i + 1].first - spans[i].first))
		n++;
	return n - i;
}

struct bytes occurrences_pack(struct arena *mem, const struct occurrence_span *spans, size_t count, int64_t from)
{
	struct buf out = buf_new(mem, OCTETS_MAX);
	int64_t origin = count ? near(spans[0].first) : 0, length = count ? length_of(spans[0]) : 0, before = origin;
	put(&out, VERSION);
	put(&out, zigzag(origin));
	put(&out, zigzag(from == INT64_MIN ? NO_BEGINNING : origin - near(from)));
	put(&out, (uint64_t)length);
	for (size_t i = 0; i < count;) {
		size_t n = run_length(spans, count, i);
		int64_t own = length_of(spans[i]);
		put(&out, (uint64_t)(spans[i].first - before));
		put(&out, (uint64_t)(n - 1) << 1 | (own != length));
		if (n > 1)
			put(&out, (uint64_t)(spans[i + 1].first - spans[i].first));
		if (own != length)
			put(&out, (uint64_t)own);
		before = spans[i + n - 1].first;
		i += n;
	}
	return bytes_of(out.ptr, out.len);
}

/* ---- reading ---- */

struct reader {
	const uint8_t *at, *end;
	bool bad;
};

static uint64_t get(struct reader *r)
{
	uint64_t n = 0;
	for (unsigned shift = 0; shift < 63; shift += 7) {
		if (r->at == r->end)
			break;
		uint8_t octet = *r->at++;
		n |= (uint64_t)(octet & 127) << shift;
		if (octet < 128)
			return n;
	}
	r->bad = true;
	return 0;
}

struct head {
	int64_t origin, from, length;
};

static bool head_read(struct reader *r, struct head *out)
{
	if (get(r) != VERSION)
		return false;
	out->origin = unzigzag(get(r));
	int64_t back = unzigzag(get(r));
	out->length = (int64_t)get(r);
	if (r->bad || out->origin != near(out->origin) || back > 2 * NO_BEGINNING || back < -2 * NO_BEGINNING ||
		out->length > 2 * NO_BEGINNING)
		return false;
	out->from = back == NO_BEGINNING ? INT64_MIN : out->origin - back;
	return true;
}

int64_t occurrences_from(struct bytes occ)
{
	struct reader r = { .at = occ.ptr, .end = occ.ptr ? occ.ptr + occ.len : NULL };
	struct head h;
	return occ.ptr && head_read(&r, &h) ? h.from : INT64_MAX;
}

void occurrences_walk(
	struct bytes occ, int64_t a, int64_t b, bool (*visit)(void *to, struct occurrence_span span), void *to)
{
	struct reader r = { .at = occ.ptr, .end = occ.ptr ? occ.ptr + occ.len : NULL };
	struct head h;
	if (!occ.ptr || !head_read(&r, &h))
		return;
	int64_t first = h.origin;
	a = near(a);
	b = near(b);
	while (r.at < r.end) {
		int64_t gap = (int64_t)get(&r);
		uint64_t head = get(&r);
		int64_t more = (int64_t)(head >> 1), step = more ? (int64_t)get(&r) : 0;
		int64_t length = head & 1 ? (int64_t)get(&r) : h.length, last_first, way;
		if (r.bad || length > 2 * NO_BEGINNING || __builtin_add_overflow(first, gap, &first) || first >= b ||
			__builtin_mul_overflow(more, step, &way) || __builtin_add_overflow(first, way, &last_first) ||
			last_first >= NO_BEGINNING)
			return;
		int64_t i = 0; /* the first of the run that ends after a */
		if (first + length <= a && step > 0)
			i = floor_div(a - length - first, step) + 1;
		for (; i <= more && first + i * step < b; i++)
			if (first + i * step + length > a &&
				!visit(to, (struct occurrence_span){ first + i * step, first + i * step + length }))
				return;
		first = last_first;
	}
}
