/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The link that a telephone's camera found on the setup page (setup.c). Looking uses nothing up, since cameras and
 * messengers look, too; the button makes the key, and the profile with it. Who has the link need not be signed in here.
 */
#include "server/account/device_link.h"
#include "server/http/access.h"
#include "web/mobileconfig.h"
#include "web/page.h"
#include "web/pages.h"

/* Guesses at links are visits, and counted as those. */
static err_t link_values(struct request *rq, struct html_values **out)
{
	struct device_link link;
	TRY(access_count_visit(rq));
	TRY(device_link_read(&rq->cx, rq->args[0], &link));
	struct html_values *v = page_new(rq, "Set up this device?", NULL);
	html_set(v, "token", rq->args[0]);
	html_set(v, "account_address", link.email);
	html_set(v, "device_name", link.name);
	*out = v;
	return OK;
}

err_t link_device_page(struct request *rq, struct response *rs)
{
	struct html_values *v;
	TRY(link_values(rq, &v));
	return page_reply(rs, 200, "link_device", v);
}

err_t link_device_post(struct request *rq, struct response *rs)
{
	struct html_values *v;
	struct device_link link;
	struct mobileconfig profile;
	TRY(link_values(rq, &v));
	err_t e = device_link_use(&rq->cx, rq->args[0], &link, &profile.key, &profile.secret);
	if (e)
		return err_is(e, NOT_FOUND) ? e : page_again(rs, "link_device", v, e);
	profile.account = link.account;
	profile.email = link.email;
	mobileconfig_reply(rs, &profile);
	return OK;
}
