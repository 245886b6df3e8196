/*
 * What a BSD has and WASI lacks, from the module "tuntap".
 *
 * ioctl(2) with a BSD's request numbers, in which the direction and the length
 * of the argument are coded (_IOR, _IOW of <sys/ioccom.h>).
 */
#ifndef TUNTAP_H
#define TUNTAP_H

#include <errno.h>
#include <stdint.h>

__attribute__((import_module("tuntap"), import_name("ioctl")))
int32_t __tuntap_ioctl(int32_t fd, uint32_t request, void *arg, uint32_t len);

/* tuntap_ioctl returns 0, or -1 with errno set. */
static inline int
tuntap_ioctl(int fd, uint32_t request, void *arg)
{
	int32_t r = __tuntap_ioctl(fd, request, arg, request >> 16 & 0x1fff);

	if (r < 0) {
		errno = -r;
		return (-1);
	}
	return (r);
}

#endif
