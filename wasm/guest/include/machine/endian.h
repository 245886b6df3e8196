#include <sys/endian.h>
