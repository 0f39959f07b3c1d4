/* SPDX-License-Identifier: Apache-2.0 */
#include <libxml/parser.h>

#include "server/cli/command.h"
#include "server/crypto/digest.h"
#include "server/serve.h"

/* Libraries with global state are set up here, before the first thread. */
int main(int argc, char **argv)
{
	serve_prepare_process();
	xmlInitParser();
	crypto_setup();
	return command_main(argc - 1, argv + 1);
}
