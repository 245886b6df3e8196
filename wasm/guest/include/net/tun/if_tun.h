/* Where DragonFly has <net/if_tun.h>. */
#include <net/if_tun.h>
