/* SPDX-License-Identifier: Apache-2.0 */
/* What a stream tells, as events of the format text/event-stream. No text of a user's is in them, so no line ends
 * early. */
#include "server/stream/stream_private.h"

#include "caldav/calendar/store/store.h"
#include "server/data/json.h"

#define DATA_MAX ((size_t)64 * 1024)

/* ---- ids ---- */

/* Absent where there is no number yet. */
static struct str token_text(struct arena *mem, struct str public_url, const struct stream_position *position)
{
	struct sync_token token = { .calendar = position->calendar, .modseq = position->modseq };
	return position->modseq ? sync_token_text(mem, public_url, token) : STR_ABSENT;
}

void stream_id_write(
	struct buf *out, struct str public_url, const struct stream_position *positions, size_t count, size_t first)
{
	char before = '?';
	if (first < count && !positions[first].modseq)
		first = 0;
	while (first < count && !positions[first].modseq)
		first++;
	if (first >= count)
		return;
	buf_add(out, token_text(out->mem, public_url, &positions[first]));
	for (size_t i = 0; i < count; i++) {
		if (i == first || !positions[i].modseq)
			continue;
		buf_char(out, before);
		buf_add(out, id_text(out->mem, "cal", positions[i].calendar));
		buf_char(out, '=');
		buf_int(out, positions[i].modseq);
		before = '&';
	}
}

static bool number_of(struct str text, struct stream_position *out)
{
	struct str name;
	uint64_t n;
	if (!str_cut(&text, '=', &name) || !id_parse(name, "cal", &out->calendar) || !str_to_u64(text, INT64_MAX, &n))
		return false;
	out->modseq = (int64_t)n;
	return n > 0;
}

bool stream_id_parse(struct arena *mem, struct str text, struct stream_position **out, size_t *count_out)
{
	struct str rest = text, token, number;
	struct sync_token first;
	if (!str_cut(&rest, '?', &token) || !sync_token_parse(token, &first))
		return false;
	size_t room = 1, count = 1;
	for (size_t i = 0; i < rest.len; i++)
		room += rest.ptr[i] == '=';
	struct stream_position *positions = arena_array(mem, struct stream_position, room + 1);
	positions[0] = (struct stream_position){ first.calendar, first.modseq };
	while (rest.ptr && str_cut(&rest, '&', &number))
		if (count > room || !number_of(number, &positions[count++]))
			return false;
	*out = positions;
	*count_out = count;
	return true;
}

struct str stream_id_of(struct arena *mem, struct str public_url, const struct stream *s, size_t which)
{
	struct buf out = buf_new(mem, DATA_MAX);
	struct stream_position *positions = arena_array(mem, struct stream_position, s->count + 1);
	for (size_t i = 0; i < s->count; i++)
		positions[i] = s->calendars[i].at;
	stream_id_write(&out, public_url, positions, s->count, which);
	return buf_str(&out);
}

/* ---- events ---- */

static struct json begin(struct buf *out, struct str id, const char *type, const char *object)
{
	if (id.len) {
		BUF_LIT(out, "id: ");
		buf_add(out, id);
		buf_char(out, '\n');
	}
	buf_fmt(out, "event: %s\ndata: ", type);
	struct json j = json_begin(out);
	json_object(&j, NULL);
	json_str(&j, "object", str_of(object));
	return j;
}

static void end(struct buf *out, struct json *j)
{
	json_object_end(j);
	BUF_LIT(out, "\n\n");
}

static void write_token(
	struct json *j, struct arena *mem, struct str public_url, const struct stream_position *position)
{
	json_id(j, "calendar_id", "cal", position->calendar);
	json_str(j, "sync_token", token_text(mem, public_url, position));
}

void stream_write_ready(struct buf *out, struct arena *mem, struct str public_url, const struct stream_new *in)
{
	struct buf id = buf_new(mem, DATA_MAX);
	stream_id_write(&id, public_url, in->positions, in->count, 0);
	struct json j = begin(out, buf_str(&id), "ready", "stream");
	json_array(&j, "calendars");
	for (size_t i = 0; i < in->count; i++) {
		json_object(&j, NULL);
		write_token(&j, mem, public_url, &in->positions[i]);
		json_object_end(&j);
	}
	json_array_end(&j);
	json_bool(&j, "livemode", !id_is_test(in->account));
	end(out, &j);
}

void stream_write_removed(struct buf *out, struct arena *mem, struct str id, struct id calendar)
{
	(void)mem;
	struct json j = begin(out, id, "calendar_removed", "calendar_removed");
	json_id(&j, "calendar_id", "cal", calendar);
	end(out, &j);
}

void stream_write_change(struct buf *out, struct arena *mem, struct str public_url, const struct stream *s,
	size_t which, const struct stream_change *change)
{
	struct json j = begin(out, stream_id_of(mem, public_url, s, which), "change", "change");
	json_id(&j, "event_id", "evt", change->event);
	json_bool(&j, "deleted", change->deleted);
	write_token(&j, mem, public_url, &s->calendars[which].at);
	json_bool(&j, "livemode", !id_is_test(s->in.account));
	end(out, &j);
}

void stream_write_resync(struct buf *out, struct arena *mem, struct str public_url, const struct stream *s,
	size_t which, const char *why)
{
	struct json j = begin(out, stream_id_of(mem, public_url, s, which), "resync", "resync");
	write_token(&j, mem, public_url, &s->calendars[which].at);
	json_str(&j, "reason", str_of(why));
	json_bool(&j, "livemode", !id_is_test(s->in.account));
	end(out, &j);
}
