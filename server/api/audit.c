/* SPDX-License-Identifier: Apache-2.0 */
/* The audit log, for secret keys of the account: each of its own world. */
#include "server/account/audit.h"

#include "server/api/api.h"
#include "server/api/page.h"

struct audit_params {
	struct str kind, credential;
};

static const struct json_field audit_params[] = {
	{ .name = "kind",
		.kind = JSON_WORD,
		.of = AUDIT_KINDS,
		.offset = offsetof(struct audit_params, kind),
		.doc = "Only rows that tell of this" },
	{ .name = "credential",
		.kind = JSON_STR,
		.offset = offsetof(struct audit_params, credential),
		.doc = "Only what this did: key_…, ses_…, or the cpa_… of tokens",
		.example = "key_0355WHuCFfRpMfB53mC9Z6" },
};

static err_t read_filter(struct api_call *call, struct audit_filter *out)
{
	const struct audit_params *sent = call->params;
	*out = (struct audit_filter){ .kind = sent->kind };
	if (sent->credential.ptr && !audit_credential_parse(sent->credential, &out->credential))
		return REFUSE(&call->rq->cx, INVALID_VALUE, "credential",
			"This is not the id of a credential (key_…, ses_… or cpa_…).");
	return OK;
}

/* The position is the row's number; what begins with none is not one of ours. */
static err_t position_read(const struct page *page, int64_t *out)
{
	uint64_t number = 0;
	*out = page->back ? 0 : INT64_MAX;
	if (!page->position.ptr)
		return OK;
	if (!str_to_u64(page->position, INT64_MAX, &number) ||
		!str_eq(page->position, str_fmt(page->call->rq->cx.mem, "%llu", (unsigned long long)number)))
		return page_refuse(page);
	*out = (int64_t)number;
	return OK;
}

static struct str position_text(struct arena *mem, const struct audit_row *row)
{
	return str_fmt(mem, "%lld", (long long)row->seq);
}

static err_t run_list(struct api_call *call, struct response *rs)
{
	struct ctx *cx = &call->rq->cx;
	struct audit_filter filter;
	struct audit_row *rows;
	struct page page;
	int64_t bound;
	size_t count;
	TRY(read_filter(call, &filter));
	TRY(page_begin(call, "newest", &page));
	TRY(position_read(&page, &bound));
	TRY(audit_page(cx, call->who.account, &filter, bound, page.back, page.limit + 1, &rows, &count));
	page_cut(&page, &count);
	struct json j = api_list_begin(call, rs);
	for (size_t i = 0; i < count; i++) {
		struct audit_view view;
		TRY(audit_view_of(cx, &rows[page_row(&page, count, i)], &view));
		api_list_item(call, &j, &view);
	}
	page_end(&page, &j, count ? position_text(cx->mem, &rows[page_row(&page, count, 0)]) : STR_ABSENT,
		count ? position_text(cx->mem, &rows[page_row(&page, count, count - 1)]) : STR_ABSENT);
	return OK;
}

const struct contract list_audit = {
	.id = "listAudit",
	.summary =
		"What became of the account's credentials, consents and sign-ins, newest first, in the key's own mode.",
	PARAMS(audit_params, struct audit_params),
	.answer = &audit_resource,
	.shape = ANSWER_LIST,
	.status = 200,
	.run = run_list,
};
