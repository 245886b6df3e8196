/*
 * <stdint.h>, for a program that asks what BSD it is on after including no more than
 * this: <features.h> says so.
 */
#ifndef _LAB_STDINT_H_
#define _LAB_STDINT_H_

#include <features.h>

#include_next <stdint.h>

#endif
