/* SPDX-License-Identifier: Apache-2.0 */
/* The chain computed once more, independent of the function that wrote it (audit_add in sql/migrations). */
#include "server/account/audit.h"

#include <string.h>

#include "server/crypto/digest.h"
#include "server/db/query.h"
#include "sql.h"

struct chain_row {
	struct id account;
	int64_t seq;
	struct instant at;
	struct str kind;
	struct id subject_id;
	struct str actor;
	struct id credential_id, client_id;
	struct str network, agent;
	struct id request_id;
	struct str details;
	struct bytes hash;
	int64_t head_seq;
	struct bytes head_hash;
	int64_t kept_seq;
	struct bytes kept_hash;
	int64_t anchored_seq;
	struct bytes anchored_hash;
};
DB_RESULT(audit_chain, struct chain_row, account, seq, at, kind, subject_id, actor, credential_id, client_id, network,
	agent, request_id, details, hash, head_seq, head_hash, kept_seq, kept_hash, anchored_seq, anchored_hash);

struct chain_account {
	struct id account;
};
DB_RESULT(audit_accounts, struct chain_account, account);

struct anchor_row {
	struct str day;
	struct bytes hash, before, computed, root, now_root;
};
DB_RESULT(audit_anchors, struct anchor_row, day, hash, before, computed, root, now_root);

static struct audit_row row_of(const struct chain_row *c)
{
	return (struct audit_row){
		.account = c->account,
		.seq = c->seq,
		.at = c->at,
		.kind = c->kind,
		.subject_id = c->subject_id,
		.actor = c->actor,
		.credential_id = c->credential_id,
		.client_id = c->client_id,
		.network = c->network,
		.agent = c->agent,
		.request_id = c->request_id,
		.details = c->details,
	};
}

static struct str uuid_or_empty(struct arena *mem, struct id id)
{
	return id_is_zero(id) ? STR("") : id_uuid(mem, id);
}

/* What is hashed of a row: lines of text. `before` is the hash of the row before it. */
static struct str hashed_text(struct arena *mem, const struct audit_row *row, struct bytes before)
{
	const struct str lines[] = { STR("calends-audit-1"), hex_of(mem, before), id_uuid(mem, row->account),
		str_fmt(mem, "%lld", (long long)row->seq), str_fmt(mem, "%lld", (long long)row->at.us), row->kind,
		uuid_or_empty(mem, row->subject_id), row->actor, uuid_or_empty(mem, row->credential_id),
		uuid_or_empty(mem, row->client_id), row->network, row->agent, uuid_or_empty(mem, row->request_id),
		row->details };
	struct buf out = buf_new(mem, (size_t)1 << 20);
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		if (i > 0)
			buf_char(&out, '\n');
		buf_add(&out, lines[i]);
	}
	return buf_str(&out);
}

static bool same(struct bytes a, struct bytes b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static bool hash_holds(struct arena *mem, const struct chain_row *row, struct bytes before)
{
	uint8_t digest[SHA256_SIZE];
	struct audit_row content = row_of(row);
	struct str text = hashed_text(mem, &content, before);
	sha256(bytes_of(text.ptr, text.len), digest);
	return same(row->hash, bytes_of(digest, sizeof digest));
}

static void break_at(struct audit_told *told, struct id account, int64_t seq, struct str reason)
{
	told->account = account;
	told->seq = seq;
	told->reason = reason;
}

/* The head remembers where the chain ends, and where it ended at the last anchor. */
static void check_ends(
	struct ctx *cx, const struct chain_row *head, int64_t seq, struct bytes hash, struct audit_told *told)
{
	if (seq < head->head_seq)
		break_at(told, head->account, seq + 1,
			str_fmt(cx->mem, "this row and all after it are missing: the chain had %lld rows",
				(long long)head->head_seq));
	else if (seq != head->head_seq || !same(hash, head->head_hash))
		break_at(told, head->account, seq, STR("the head of the chain tells of another last row"));
	else if (head->anchored_seq > head->head_seq)
		break_at(told, head->account, head->anchored_seq, STR("the last anchor was over more rows"));
}

static void check_chain(struct ctx *cx, const struct chain_row *rows, size_t count, struct audit_told *told)
{
	if (!rows[0].head_hash.ptr) {
		break_at(told, rows[0].account, rows[0].seq, STR("the head of this chain is missing"));
		return;
	}
	int64_t seq = rows[0].kept_seq;
	struct bytes before = rows[0].kept_hash;
	for (size_t i = 0; i < count && rows[i].hash.ptr; i++) {
		struct arena_mark mark = arena_mark(cx->mem);
		bool holds = hash_holds(cx->mem, &rows[i], before);
		arena_rewind(cx->mem, mark);
		if (rows[i].seq != seq + 1) {
			break_at(told, rows[i].account, seq + 1, STR("this row is missing"));
			return;
		}
		if (!holds || (rows[i].seq == rows[i].anchored_seq && !same(rows[i].hash, rows[i].anchored_hash))) {
			break_at(told, rows[i].account, rows[i].seq,
				holds ? STR("this row is not the one that was anchored")
				      : STR("this row or the one before it was changed"));
			return;
		}
		before = rows[i].hash;
		seq = rows[i].seq;
		told->rows++;
	}
	check_ends(cx, &rows[0], seq, before, told);
}

static err_t verify_chain(struct ctx *cx, struct id account, struct audit_told *told)
{
	struct chain_row *rows;
	size_t count;
	TRY(db_rows(cx, &sql_audit_chain, audit_chain, &rows, &count, IN(account)));
	if (count == 0)
		return OK;
	told->accounts++;
	check_chain(cx, rows, count, told);
	return OK;
}

static err_t verify_anchors(struct ctx *cx, struct audit_told *told)
{
	struct anchor_row *rows;
	size_t count;
	TRY(db_rows(cx, &sql_audit_anchors, audit_anchors, &rows, &count, IN_NONE));
	for (size_t i = 0; i < count && !told->reason.ptr; i++) {
		bool linked = i == 0 || same(rows[i].before, rows[i - 1].hash);
		if (!linked || !same(rows[i].hash, rows[i].computed))
			told->reason = str_fmt(cx->mem, "the anchor of %.*s %s", STR_ARG(rows[i].day),
				linked ? "was changed" : "does not follow from the one before");
	}
	if (!told->reason.ptr && count > 0 && !same(rows[count - 1].root, rows[count - 1].now_root))
		told->reason = str_fmt(cx->mem, "the heads of the chains are not those of the anchor of %.*s",
			STR_ARG(rows[count - 1].day));
	return OK;
}

err_t audit_verify(struct ctx *cx, struct id account, struct audit_told *out)
{
	struct chain_account *accounts;
	struct chain_account worlds[] = { { id_in_mode(account, false) }, { id_in_mode(account, true) } };
	size_t count = ARRAY_LEN(worlds);
	*out = (struct audit_told){ 0 };
	if (id_is_zero(account))
		TRY(db_rows(cx, &sql_audit_accounts, audit_accounts, &accounts, &count, IN_NONE));
	else
		accounts = worlds;
	for (size_t i = 0; i < count && !out->reason.ptr; i++) {
		struct audit_told found = *out;
		struct arena_mark mark = arena_mark(cx->mem);
		ctx_go_on(cx);
		TRY(verify_chain(cx, accounts[i].account, &found));
		if (found.reason.ptr) { /* its memory stays */
			*out = found;
			return OK;
		}
		*out = found;
		arena_rewind(cx->mem, mark);
	}
	return id_is_zero(account) && !out->reason.ptr ? verify_anchors(cx, out) : OK;
}

/* ---- export ---- */

static err_t export_row(struct ctx *cx, const struct chain_row *row, struct bytes before, struct buf *out)
{
	struct audit_row content = row_of(row);
	struct audit_view view;
	struct json j = json_begin(out);
	TRY(audit_view_of(cx, &content, &view));
	json_object(&j, NULL);
	json_write(&j, cx->mem, audit_resource.fields, audit_resource.count, &view);
	json_id(&j, "account", "usr", id_in_mode(row->account, false));
	json_str(&j, "hashed", hashed_text(cx->mem, &content, before));
	json_str(&j, "hash", hex_of(cx->mem, row->hash));
	json_object_end(&j);
	buf_char(out, '\n');
	return OK;
}

static err_t export_world(struct ctx *cx, struct id account, struct buf *out)
{
	struct chain_row *rows;
	size_t count;
	TRY(db_rows(cx, &sql_audit_chain, audit_chain, &rows, &count, IN(account)));
	struct bytes before = count ? rows[0].kept_hash : (struct bytes){ 0 };
	struct ctx each = *cx; /* `out` grows in cx->mem */
	err_t e = OK;
	each.mem = arena_open();
	for (size_t i = 0; i < count && rows[i].hash.ptr && !e; i++) {
		if (export_row(&each, &rows[i], before, out))
			e = FAIL(cx, INTERNAL, "row %lld has no details", (long long)rows[i].seq);
		arena_reset(each.mem);
		before = rows[i].hash;
	}
	arena_close(each.mem);
	return e;
}

err_t audit_export(struct ctx *cx, struct id account, struct buf *out)
{
	TRY(export_world(cx, id_in_mode(account, false), out));
	TRY(export_world(cx, id_in_mode(account, true), out));
	return out->full ? FAIL(cx, INTERNAL, "the export is too large") : OK;
}
