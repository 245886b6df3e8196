/*
 * Spin uses all the CPU time that its node gives it, for ever, and calls nothing.
 */
int
main(void)
{
	volatile unsigned turns = 0;

	for (;;)
		turns++;
}
