/*
 * <termios.h>: a console has no settings, it gives a program whole lines. To ask for
 * them or to change them fails with ENOTTY.
 */
#ifndef _TERMIOS_H_
#define _TERMIOS_H_

#if defined(__cplusplus)
#pragma clang system_header
#endif

#include <sys/types.h>

#include <lab/host.h>

__BEGIN_DECLS

typedef unsigned int tcflag_t;
typedef unsigned char cc_t;
typedef unsigned int speed_t;

#define NCCS 20

struct termios {
	tcflag_t c_iflag;
	tcflag_t c_oflag;
	tcflag_t c_cflag;
	tcflag_t c_lflag;
	cc_t c_cc[NCCS];
	speed_t c_ispeed;
	speed_t c_ospeed;
};

#define VEOF 0
#define VEOL 1
#define VERASE 3
#define VKILL 5
#define VINTR 8
#define VQUIT 9
#define VSUSP 10
#define VSTART 12
#define VSTOP 13
#define VMIN 16
#define VTIME 17

#define IGNBRK 0x00000001
#define BRKINT 0x00000002
#define IGNPAR 0x00000004
#define PARMRK 0x00000008
#define INPCK 0x00000010
#define ISTRIP 0x00000020
#define INLCR 0x00000040
#define IGNCR 0x00000080
#define ICRNL 0x00000100
#define IXON 0x00000200
#define IXOFF 0x00000400
#define IXANY 0x00000800

#define OPOST 0x00000001
#define ONLCR 0x00000002

#define CSIZE 0x00000300
#define CS8 0x00000300
#define CREAD 0x00000800
#define PARENB 0x00001000
#define HUPCL 0x00004000
#define CLOCAL 0x00008000

#define ECHOE 0x00000002
#define ECHOK 0x00000004
#define ECHO 0x00000008
#define ECHONL 0x00000010
#define ISIG 0x00000080
#define ICANON 0x00000100
#define IEXTEN 0x00000400
#define TOSTOP 0x00400000
#define NOFLSH 0x80000000

#define TCSANOW 0
#define TCSADRAIN 1
#define TCSAFLUSH 2

__LAB_FN int
tcgetattr(int fd, struct termios *t)
{
	(void)fd;
	(void)t;
	errno = ENOTTY;
	return (-1);
}

__LAB_FN int
tcsetattr(int fd, int when, const struct termios *t)
{
	(void)fd;
	(void)when;
	(void)t;
	errno = ENOTTY;
	return (-1);
}

__LAB_FN void cfmakeraw(struct termios *t) { t->c_lflag &= ~(ECHO | ECHONL | ICANON | ISIG | IEXTEN); }

__END_DECLS

#endif
