/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a domain's calendar programs find by the user's e-mail address alone: PACC (draft-ietf-mailmaint-pacc-02) and
 * Autoconfig (draft-ietf-mailmaint-autoconfig). Both name our CalDAV address; their octets change only when our address
 * or name does, since PACC's digest of them stands in the DNS.
 */
#include "server/base/config.h"
#include "server/data/html.h"
#include "server/data/json.h"
#include "server/data/uri.h"
#include "web/pages.h"

#define AN_HOUR STR("public, max-age=3600")

static struct str dav_url(struct request *rq)
{
	return str_fmt(rq->cx.mem, "%.*s/dav/", STR_ARG(rq->cx.config->public_url));
}

err_t user_agent_configuration(struct request *rq, struct response *rs)
{
	const struct config *config = rq->cx.config;
	struct json j = json_begin(reply(rs, 200, "application/json"));
	response_header(rs, "Cache-Control", AN_HOUR);
	json_object(&j, NULL);
	json_object(&j, "protocols");
	json_object(&j, "caldav");
	json_str(&j, "url", dav_url(rq));
	json_object_end(&j);
	json_object_end(&j);
	json_object(&j, "authentication");
	json_object(&j, "oauth-public");
	json_str(&j, "issuer", config->public_url);
	json_object_end(&j);
	json_bool(&j, "password", true);
	json_object_end(&j);
	json_object(&j, "info");
	json_object(&j, "provider");
	json_str(&j, "name", config->brand);
	json_str(&j, "shortName", config->brand);
	json_object_end(&j);
	json_object(&j, "help");
	json_str(&j, "documentation", str_fmt(rq->cx.mem, "%.*s/docs/caldav", STR_ARG(config->public_url)));
	json_object_end(&j);
	json_object_end(&j);
	json_object_end(&j);
	return OK;
}

static void element(struct buf *out, const char *name, struct str text)
{
	buf_fmt(out, "<%s>", name);
	html_escape(out, text);
	buf_fmt(out, "</%s>\n", name);
}

/* serverURL is what the programs before the draft read. */
err_t autoconfig_xml(struct request *rq, struct response *rs)
{
	const struct config *config = rq->cx.config;
	struct uri site;
	struct str domain = uri_split(config->public_url, &site) ? site.host : config->public_url;
	struct buf *out = reply(rs, 200, "application/xml; charset=utf-8");
	response_header(rs, "Cache-Control", AN_HOUR);
	BUF_LIT(out,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<clientConfig version=\"1.2\">\n<emailProvider id=\"");
	html_escape(out, domain);
	BUF_LIT(out, "\">\n");
	element(out, "domain", domain);
	element(out, "displayName", config->brand);
	element(out, "displayShortName", config->brand);
	BUF_LIT(out, "</emailProvider>\n<calendar type=\"caldav\">\n");
	element(out, "url", dav_url(rq));
	element(out, "serverURL", dav_url(rq));
	element(out, "username", STR("%EMAILADDRESS%"));
	element(out, "authentication", STR("OAuth2"));
	element(out, "authentication", STR("http-basic"));
	BUF_LIT(out, "</calendar>\n<oAuth2>\n");
	element(out, "issuer", config->public_url);
	BUF_LIT(out, "</oAuth2>\n</clientConfig>\n");
	return OK;
}
