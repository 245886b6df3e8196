/* <string.h>, whose strerror knows the errors of a BSD; and strsignal. */
#ifndef _LAB_STRING_H_
#define _LAB_STRING_H_

#if defined(__cplusplus)
#pragma clang system_header
#endif

#include_next <string.h>

#include <lab/errors.h>
#include <lab/strsignal.h>

#endif
