#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The target `calends` of the harness: start, stop, seed, codes N, codes-openid N (see run).
PEER=calends
. "$BENCH/peers/lib.sh"
set +u
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
bin=${CALENDS_BIN:-$root/build/release/calends}
port=21100
url=http://127.0.0.1:$port
data=$D/data
cli() { "$bin" "$@" --data-dir "$data" --json; }
field() { /usr/bin/python3 -c 'import json,sys; print(json.load(sys.stdin)[sys.argv[1]])' "$1"; }

first_start() {
	printf 'benchmark password\n' | cli account create bench@example.org --name Bench --password-stdin >"$D/account.json"
	cli key create bench@example.org --kind account --name bench >"$D/key.json"
	cli client create --owner bench@example.org --name Bench --type confidential --redirect-uri http://127.0.0.1:21099/cb \
		--scope "calendars:read events:read profile:read openid" --grant authorization_code --grant refresh_token --grant client_credentials \
		--machine-scope "calendars:read events:read" >"$D/client.json"
}

# `calends` asks for no ID token; `calends-openid` is the same server, of which each code and refresh gives one.
write_env() {
	local account key client secret
	account=$(field id <"$D/account.json")
	key=$(field key <"$D/key.json")
	client=$(field client_id <"$D/client.json")
	secret=$(field client_secret <"$D/client.json")
	cat >"$BENCH_TARGETS/calends.env" <<-ENV
		PORT=$port
		START=$here/target.sh start
		STOP=$here/target.sh stop
		CAL_HOME=/dav/calendars/$account/
		AUTH=Basic $(printf '%s:%s' bench@example.org "$key" | base64 -w0)
		O_METADATA=/.well-known/oauth-authorization-server
		O_TOKEN=/oauth/token
		O_INTROSPECT=/oauth/introspect
		O_USERINFO=/oauth/userinfo
		O_CC_SCOPE=calendars:read
		O_CLIENT_ID=$client
		O_CLIENT_AUTH=Basic $(printf '%s:%s' "$client" "$secret" | base64 -w0)
		O_REDIRECT=http://127.0.0.1:21099/cb
		O_CODES=$here/target.sh codes
	ENV
	sed "s/^O_CODES=.*/&-openid/; \$aCGROUP=calends" "$BENCH_TARGETS/calends.env" >"$BENCH_TARGETS/calends-openid.env"
}

do_start() {
	spawn "$bin" serve --listen "127.0.0.1:$port" --public-url "$url" --data-dir "$data" --rate-limit 0 --write-rate 0 --heavy-requests 0 --log-level ${BENCH_LOG:-warn}
	wait_port $port 60
	[ -s "$D/client.json" ] || first_start
	write_env
}
do_seed() {
	running || do_start
	"$BENCH/run" seed calends
}

case ${1:-} in
codes) exec /usr/bin/python3 "$here/codes.py" "$url" "$(field client_id <"$D/client.json")" "$2" ;;
codes-openid) exec /usr/bin/python3 "$here/codes.py" "$url" "$(field client_id <"$D/client.json")" "$2" openid ;;
start) if running; then write_env; else do_start; fi ;;
*) case_main "$@" ;;
esac
