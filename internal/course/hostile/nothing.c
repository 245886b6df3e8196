/* Nothing does nothing. */
#include <poll.h>

int
main(void)
{
	for (;;)
		(void)poll(0, 0, -1);
}
