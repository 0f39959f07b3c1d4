/* SPDX-License-Identifier: Apache-2.0 */
#include "server/mail/mail.h"

#include <string.h>

#include "server/base/config.h"
#include "server/crypto/digest.h"
#include "server/crypto/keyring.h"
#include "server/crypto/seal.h"
#include "server/db/query.h"
#include "sql.h"

#define TO_ONE_PART 10 /* of what an account may send: so much to one address */

struct room_row {
	struct instant free_at;
	bool unconfirmed;
};
DB_RESULT(mail_undelivered, struct mail_undelivered, recipient, fault, status, finished_at);
DB_RESULT(mail_add, struct room_row, free_at, unconfirmed);

bool mail_is_possible(const struct ctx *cx, struct id account)
{
	return id_is_test(account) || cx->config->smtp_url.len || cx->config->mail_folder.len;
}

struct bytes mail_key(const struct ctx *cx)
{
	return keyring_key(cx->keys, cx->mem, "mail-letter");
}

struct str mail_seal_context(struct arena *mem, struct id account, struct id letter)
{
	return str_cat(mem, id_uuid(mem, account), id_uuid(mem, letter));
}

static err_t refuse_room(struct ctx *cx, struct instant free_at)
{
	int64_t wait_s = instant_s(free_at) - instant_s(cx->now) + 1;
	struct err *e = REFUSE(cx, RATE_LIMITED, "",
		"This account has sent as much mail as it may in 24 hours, %lld messages and a tenth of that to one "
		"address. Nothing was done. Wait as long as Retry-After says, or name fewer recipients.",
		(long long)cx->config->mail_a_day);
	e->retry_after_s = wait_s < 1 ? 1 : (int)wait_s;
	return e;
}

err_t mail_add(struct ctx *cx, const struct mail_new *mail)
{
	struct mail_message message = mail->message;
	struct id letter = id_new(cx->now);
	bool test = id_is_test(mail->account);
	struct bytes sealed = bytes_of("", 0);
	int32_t most = (int32_t)cx->config->mail_a_day;
	struct room_row row;
	if (!mail_is_possible(cx, mail->account))
		return FAIL(cx, MAIL_NOT_CONFIGURED, "neither --smtp-url nor --mail-folder");
	random_fill(message.id.octets, sizeof message.id.octets);
	message.from.email = cx->config->mail_from;
	message.date = cx->now;
	struct str answers_to =
		message.reply_to.email; /* an account's may be any; the message is one for all recipients */
	message.reply_to.email = mail_is_address(answers_to) && !mail_needs_utf8(answers_to)
					 ? mail_address_sent(cx->mem, answers_to)
					 : STR_ABSENT;
	if (!test) {
		struct str text = mail_message_write(cx->mem, &message);
		sealed = seal(cx->mem, mail_key(cx), mail_seal_context(cx->mem, mail->account, letter),
			bytes_of(text.ptr, text.len));
	}
	TRY(db_row(cx, &sql_mail_add, ROW(mail_add, &row), IN(mail->account), IN(letter),
		db_in_id_or_null(mail->object), IN(mail->recipients), IN(sealed), IN(test), IN(most),
		IN(most < TO_ONE_PART ? 1 : most / TO_ONE_PART), IN(mail->own), IN(mail->asked)));
	if (row.unconfirmed)
		return FAIL(cx, EMAIL_UNCONFIRMED, "mail in the name of an address that nobody confirmed");
	return instant_is_none(row.free_at) ? OK : refuse_room(cx, row.free_at);
}

err_t mail_undelivered(
	struct ctx *cx, struct id account, struct id object, struct mail_undelivered **out, size_t *count_out)
{
	return db_rows(cx, &sql_mail_undelivered, mail_undelivered, out, count_out, IN(account), IN(object));
}
