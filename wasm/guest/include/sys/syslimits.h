/* <sys/syslimits.h>: <limits.h> has them. */
#include <limits.h>
