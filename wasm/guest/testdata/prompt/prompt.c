/* Asks for a name without a newline, and reads the answer in the way that is asked for. */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int
main(int argc, char *argv[])
{
	char name[80], *line = NULL;
	size_t size = 0;
	int c = 0;

	if (argc != 2)
		errx(64, "usage: prompt how");
	printf("name? ");
	if (strcmp(argv[1], "fgets") == 0)
		return (fgets(name, sizeof(name), stdin) == NULL);
	if (strcmp(argv[1], "getchar") == 0)
		return ((c = getchar()) == EOF);
	if (strcmp(argv[1], "scanf") == 0)
		return (scanf("%79s", name) != 1);
	if (strcmp(argv[1], "getline") == 0)
		return (getline(&line, &size, stdin) < 0);
	errx(64, "%s: no way to read", argv[1]);
}
