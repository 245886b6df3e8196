/* Where DragonFly has <net/if_tap.h>. */
#include <net/if_tap.h>
