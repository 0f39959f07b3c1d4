/* SPDX-License-Identifier: Apache-2.0 */
#include "server/cli/command.h"
#include "server/crypto/digest.h"
#include "server/data/xml.h"
#include "server/net/fetch.h"
#include "server/serve.h"

/* Libraries with global state are set up here, before the first thread. */
int main(int argc, char **argv)
{
	serve_prepare_process();
	xml_setup();
	crypto_setup();
	fetch_setup();
	return command_main(argc - 1, argv + 1);
}
