/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mail in a user's name: written down in the transaction of what it tells of, and sent afterwards by a job (sender.h),
 * so that there are both or neither. See docs/mail.md.
 *
 * In test mode nothing leaves: it counts as delivered.
 */
#pragma once

#include "server/base/ctx.h"
#include "server/mail/message.h"

/* Where mail goes, of the settings. */
struct mail_settings {
	bool on;                   /* somewhere */
	struct str folder;         /* absent: to the server */
	struct str url;            /* as server/net takes it, without a user */
	struct str host, port;     /* to be told */
	struct str user, password; /* absent: none */
	struct str authorities, from;
	bool starttls; /* of smtp:// */
};

/*
 * errors  INVALID_VALUE, with the option and how to mend it: a URL that is none, a sender that is missing or none, both
 * a server and a folder, a password without a user, a file that cannot be read
 */
MUST_CHECK err_t mail_settings_read(struct ctx *cx, struct mail_settings *out);

/*
 * What is used again for each mail: the folder may be written into, the authorities of --smtp-ca be read. Asked once
 * more when a server that root started has become another user. errors  INVALID_VALUE, as above
 */
MUST_CHECK err_t mail_settings_check_access(struct ctx *cx);

/* Is there a way for mail of this account? Of test mode always. */
bool mail_is_possible(const struct ctx *cx, struct id account);

struct mail_new {
	struct id account;
	struct id object;            /* the event that it is about; zero: none */
	struct str_list recipients;  /* mail_is_address(), each once */
	struct mail_message message; /* its sender, id and date are set here, and its name for the sender stays */
	bool own;   /* the server's own word to the account's owner: it takes none of the user's room */
	bool asked; /* of those: anybody may have asked for it, so that it takes none of notices' room either */
};

/*
 * Writes it down, in the caller's transaction if there is one.
 *
 * errors  MAIL_NOT_CONFIGURED; EMAIL_UNCONFIRMED (not of `own`); RATE_LIMITED (--mail-a-day, not of `own`), with the
 * time after which there is room
 */
MUST_CHECK err_t mail_add(struct ctx *cx, const struct mail_new *mail);

/* Somebody whom mail did not reach, for good. */
struct mail_undelivered {
	struct str recipient, fault; /* fault: a name of server/net/faults.def */
	int16_t status;              /* of the server's last reply; 0: none */
	struct instant finished_at;
};
/* To whom the last mail about an event did not go; of the days for which it is kept. */
MUST_CHECK err_t mail_undelivered(
	struct ctx *cx, struct id account, struct id object, struct mail_undelivered **out, size_t *count_out);

/* The key that letters are sealed with, and what to. */
struct bytes mail_key(const struct ctx *cx);
struct str mail_seal_context(struct arena *mem, struct id account, struct id letter);
