/* Hi is the least that a C program does: it starts, says so and ends. */
#include <stdio.h>

int
main(void)
{
	puts("hi");
	return (0);
}
