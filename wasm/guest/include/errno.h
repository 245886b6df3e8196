/* <errno.h> with the errors that WASI lacks: EHOSTDOWN and others. */
#ifndef _LAB_ERRNO_H_
#define _LAB_ERRNO_H_

#include_next <errno.h>

#include <lab/errors.h>

#endif
