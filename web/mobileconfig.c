/* SPDX-License-Identifier: Apache-2.0 */
#include "web/mobileconfig.h"

#include "server/base/config.h"
#include "server/data/html.h"
#include "server/data/uri.h"
#include "server/http/disposition.h"

static void text(struct buf *out, const char *key, struct str value)
{
	buf_fmt(out, "<key>%s</key><string>", key);
	html_escape(out, value);
	BUF_LIT(out, "</string>\n");
}

/* A UUID of its own for each payload: that of the key, and one beside it. */
static struct str uuid_of(struct arena *mem, struct id id, uint8_t beside)
{
	id.octets[15] ^= beside;
	struct str hex = str_upper(mem, hex_of(mem, bytes_of(id.octets, sizeof id.octets)));
	return str_fmt(
		mem, "%.8s-%.4s-%.4s-%.4s-%.12s", hex.ptr, hex.ptr + 8, hex.ptr + 12, hex.ptr + 16, hex.ptr + 20);
}

static void head(struct buf *out, struct request *rq, const char *type, const char *name, struct id key, uint8_t beside)
{
	text(out, "PayloadType", str_of(type));
	BUF_LIT(out, "<key>PayloadVersion</key><integer>1</integer>\n");
	text(out, "PayloadUUID", uuid_of(rq->cx.mem, key, beside));
	text(out, "PayloadIdentifier",
		str_fmt(rq->cx.mem, "caldav.%s.%.*s", name, STR_ARG(id_text(rq->cx.mem, "key", key))));
	text(out, "PayloadDisplayName", rq->cx.config->brand);
}

static void account(struct buf *out, struct request *rq, const struct mobileconfig *of)
{
	struct uri site;
	bool is_url = uri_split(rq->cx.config->public_url, &site),
	     is_https = is_url && str_eq(site.scheme, STR("https"));
	text(out, "CalDAVAccountDescription", rq->cx.config->brand);
	text(out, "CalDAVHostName", is_url ? site.host : rq->cx.config->public_url);
	if (is_url && site.port.len)
		buf_fmt(out, "<key>CalDAVPort</key><integer>%.*s</integer>\n", STR_ARG(site.port));
	buf_fmt(out, "<key>CalDAVUseSSL</key><%s/>\n", is_https ? "true" : "false");
	text(out, "CalDAVPrincipalURL",
		str_fmt(rq->cx.mem, "/dav/principals/%.*s/", STR_ARG(id_text(rq->cx.mem, "usr", of->account))));
	text(out, "CalDAVUsername", of->email);
	text(out, "CalDAVPassword", of->secret);
}

void mobileconfig_reply(struct response *rs, const struct mobileconfig *of)
{
	struct request *rq = rs->rq;
	struct buf *out = reply(rs, 200, "application/x-apple-aspen-config");
	rs->may_gzip = false; /* it holds a secret */
	response_attachment(rs, rq->cx.config->brand, ".mobileconfig");
	response_header(rs, "Cache-Control", STR("no-store"));
	BUF_LIT(out,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" "
		"\"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n<plist version=\"1.0\"><dict>\n");
	head(out, rq, "Configuration", "profile", of->key, 1);
	BUF_LIT(out, "<key>PayloadContent</key><array><dict>\n");
	head(out, rq, "com.apple.caldav.account", "account", of->key, 0);
	account(out, rq, of);
	BUF_LIT(out, "</dict></array>\n</dict></plist>\n");
}
