/* SPDX-License-Identifier: Apache-2.0 */
#include "server/booking/guest.h"

#include <string.h>

#include "server/account/throttle.h"
#include "server/base/address.h"
#include "server/crypto/digest.h"
#include "server/crypto/keyring.h"

#define PURPOSE "booking-form"
#define MAC_OCTETS 16
#define HOUR_S 3600
#define FROM_A_NETWORK 30    /* bookings in an hour */
#define TO_AN_ADDRESS 10     /* the same, at all pages: each is a mail */
#define BY_A_PAGE 120        /* the same; whoever uses them up keeps nobody out: */
#define SHARE_OF_A_PAGE 30   /* a part of the net (/24, of IPv6 /48) has so many of them, */
#define FIRST_OF_A_NETWORK 3 /* and of its own so many that count for itself alone */

/* ---- forms ---- */

static struct str mac_of(struct ctx *cx, const struct booking_page *page, struct id booking)
{
	struct id ids[] = { page->account, page->id, booking };
	uint8_t mac[SHA256_SIZE];
	hmac_sha256(keyring_key(cx->keys, cx->mem, PURPOSE), (struct bytes){ (const uint8_t *)ids, sizeof ids }, mac);
	return base64url_of(cx->mem, (struct bytes){ mac, MAC_OCTETS });
}

static struct str token_of(struct ctx *cx, const struct booking_page *page, struct id booking)
{
	return str_fmt(
		cx->mem, "%.*s.%.*s", STR_ARG(booking_uid(cx->mem, booking)), STR_ARG(mac_of(cx, page, booking)));
}

struct str guest_form_new(struct ctx *cx, const struct booking_page *page)
{
	return token_of(cx, page, id_new(cx->now));
}

/* An id begins with the milliseconds of when it was made (RFC 9562 §5.7). */
static int64_t made_at_s(struct id id)
{
	int64_t ms = 0;
	for (size_t i = 0; i < 6; i++)
		ms = ms << 8 | id.octets[i];
	return ms / 1000;
}

err_t guest_form_open(struct ctx *cx, const struct booking_page *page, struct str token, struct id *out)
{
	struct str rest = token, first;
	struct id booking;
	if (!str_cut(&rest, '.', &first) || !booking_of_uid(first, &booking))
		return FAIL(cx, CSRF, "no token of a guest's form");
	struct str true_one = token_of(cx, page, booking);
	if (!bytes_same(bytes_of(token.ptr, token.len), bytes_of(true_one.ptr, true_one.len)))
		return FAIL(cx, CSRF, "a token of another form, or one that was made up");
	if (made_at_s(booking) + GUEST_FORM_S < instant_s(cx->now))
		return FAIL(cx, CSRF, "a form of yesterday");
	*out = booking;
	return OK;
}

/* ---- booking ---- */

/* Letters that go to people whose address was given are signed with a name, and no place for an advertisement. */
static err_t check_name(struct ctx *cx, struct str name)
{
	if (str_find(name, STR("://")) == SIZE_MAX && str_find(name, STR("www.")) == SIZE_MAX)
		return OK;
	return REFUSE(cx, INVALID_VALUE, "name", "This is the address of a page, and no name.");
}

static err_t check_answers(struct ctx *cx, const struct booking_page *page, const struct booking_new *in)
{
	for (size_t i = 0; i < page->question_count; i++) {
		bool answered = i < in->answers.count && in->answers.items[i].len;
		if (page->questions[i].required && !answered)
			return REFUSE(cx, MISSING_FIELD, str_fmt(cx->mem, "answers[%zu].answer", i).ptr,
				"This needs an answer.");
	}
	return OK;
}

static struct str_list questions_of(struct arena *mem, const struct booking_page *page)
{
	struct str *questions = arena_array(mem, struct str, page->question_count + 1);
	for (size_t i = 0; i < page->question_count; i++)
		questions[i] = page->questions[i].text;
	return (struct str_list){ questions, page->question_count };
}

/* What was asked and answered: who leaves a question empty was not asked. */
static void keep_answered(struct arena *mem, const struct booking_page *page, struct booking_new *in)
{
	struct str *questions = arena_array(mem, struct str, page->question_count + 1);
	struct str *answers = arena_array(mem, struct str, page->question_count + 1);
	size_t count = 0;
	for (size_t i = 0; i < page->question_count && i < in->answers.count; i++)
		if (in->answers.items[i].len) {
			questions[count] = page->questions[i].text;
			answers[count++] = in->answers.items[i];
		}
	in->questions = (struct str_list){ questions, count };
	in->answers = (struct str_list){ answers, count };
}

static err_t validate(struct ctx *cx, const struct booking_page *page, struct booking_new *in)
{
	in->questions = questions_of(cx->mem, page);
	TRY(check_name(cx, in->name));
	TRY(booking_new_clean(cx, in));
	TRY(check_answers(cx, page, in));
	keep_answered(cx->mem, page, in);
	return OK;
}

#define ROOM_LIMITS 4

/*
 * A page's room is there for everybody: the first few of each part of the net take none of it, so that some who book
 * all the time, from however many addresses, wait themselves and let others in. `taken`: to be given back where nothing
 * comes of it.
 */
static err_t take_room(
	struct ctx *cx, const struct booking_page *page, struct str email, struct throttle taken[ROOM_LIMITS])
{
	struct str uid = booking_uid(cx->mem, page->id), part = address_coarse(cx->mem, cx->client_ip);
	struct str both = str_cat(cx->mem, uid, part.ptr ? part : STR(""));
	const struct throttle limits[ROOM_LIMITS] = {
		{ "bookings from network", address_network(cx->mem, cx->client_ip), FROM_A_NETWORK, HOUR_S },
		{ "bookings to address", str_lower(cx->mem, email), TO_AN_ADDRESS, HOUR_S },
		{ "bookings by page of network", both, SHARE_OF_A_PAGE, HOUR_S },
		{ "first bookings by page of network", both, FIRST_OF_A_NETWORK, HOUR_S },
	};
	struct throttle *last = &taken[ROOM_LIMITS - 1];
	memcpy(taken, limits, sizeof limits);
	TRY(throttle_take(cx, taken, ROOM_LIMITS - 1));
	err_t e = throttle_take(cx, last, 1);
	if (err_is(e, RATE_LIMITED)) {
		*last = (struct throttle){ "bookings by page", uid, BY_A_PAGE, HOUR_S };
		e = throttle_take(cx, last, 1);
	}
	if (e)
		TRY(throttle_give_back(cx, taken, ROOM_LIMITS - 1));
	return e;
}

err_t guest_book(struct ctx *cx, const struct booking_page *page, struct booking_new *in, struct booking *out)
{
	const struct actor host = actor_server(page->account);
	struct throttle taken[ROOM_LIMITS];
	err_t e = booking_get(cx, &host, in->id, out);
	if (!err_is(e, NOT_FOUND))
		return e;
	in->page = page->id;
	TRY(validate(cx, page, in));
	TRY(take_room(cx, page, in->email, taken));
	e = booking_create(cx, &host, in, out);
	if (!e)
		return OK;
	/* The same form, sent once more at this moment, was first. */
	err_t before = booking_get(cx, &host, in->id, out);
	if (!before)
		return OK;
	TRY(throttle_give_back(cx, taken, ROOM_LIMITS));
	return e;
}
