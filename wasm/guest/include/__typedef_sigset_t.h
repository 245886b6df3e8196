/* In place of wasi-libc's. */
#include <lab/sigset.h>
