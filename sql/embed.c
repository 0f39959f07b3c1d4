/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
int main(int argc, char **argv)
{
	char path[4096];
	if (argc < 2)
		return 2;
	for (int i = 0; i < 2; i++) {
		snprintf(path, sizeof path, "%s/sql.%c", argv[1], i ? 'h' : 'c');
		FILE *f = fopen(path, "w");
		if (!f)
			return 1;
		fputs(i ? "#pragma once\n" : "typedef int none;\n", f);
		fclose(f);
	}
	return 0;
}
