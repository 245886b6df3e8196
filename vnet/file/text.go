package file

import (
	"fmt"
	"strings"
	"time"

	"wireloom/vnet/inet"
	"wireloom/vnet/kern"
)

// How a trace shows what calls on files are given.

// A PollFD is an entry of Poll's list: which events of fd are asked for, and
// which hold.
type PollFD struct {
	FD      int
	Events  int // kern.POLLIN, ...
	Revents int
}

// shownFDs is how many entries of a list a trace shows.
const shownFDs = 8

var pollBits = []struct {
	bit  int
	name string
}{
	{kern.POLLIN, "POLLIN"},
	{kern.POLLPRI, "POLLPRI"},
	{kern.POLLOUT, "POLLOUT"},
	{kern.POLLERR, "POLLERR"},
	{kern.POLLHUP, "POLLHUP"},
	{kern.POLLNVAL, "POLLNVAL"},
	{kern.POLLRDNORM, "POLLRDNORM"},
}

// PollText is how a trace shows the arguments of poll(2), and what came of them.
func PollText(fds []PollFD, timeout time.Duration) string {
	var b strings.Builder
	for i, f := range fds {
		if i == shownFDs {
			fmt.Fprintf(&b, "and %d more, ", len(fds)-i)
			break
		}
		fmt.Fprintf(&b, "%d:", f.FD)
		sep := ""
		for _, x := range pollBits {
			if f.Events&x.bit != 0 {
				b.WriteString(sep + x.name)
				sep = "|"
			}
		}
		for _, x := range pollBits {
			if f.Revents&x.bit != 0 {
				b.WriteString("=" + x.name)
			}
		}
		b.WriteString(", ")
	}
	if timeout < 0 {
		b.WriteString("for ever")
	} else {
		b.WriteString(timeout.String())
	}
	return b.String()
}

// OpenFlags is how a trace shows the flags of open(2).
func OpenFlags(flags int) string {
	return FlagNames([...]string{"O_RDONLY", "O_WRONLY", "O_RDWR", "O_ACCMODE"}[flags&3], flags&^kern.O_ASYNC)
}

// FlagNames adds the names of flags, other than those of access, to s.
func FlagNames(s string, flags int) string {
	for _, f := range []struct {
		bit  int
		name string
	}{
		{kern.O_NONBLOCK, "|O_NONBLOCK"},
		{kern.O_ASYNC, "|O_ASYNC"},
		{kern.O_APPEND, "|O_APPEND"},
		{kern.O_CREAT, "|O_CREAT"},
		{kern.O_EXCL, "|O_EXCL"},
		{kern.O_TRUNC, "|O_TRUNC"},
		{kern.O_DIRECTORY, "|O_DIRECTORY"},
		{kern.O_NOFOLLOW, "|O_NOFOLLOW"},
	} {
		if flags&f.bit != 0 {
			s += f.name
		}
	}
	return s
}

// IoctlText is how a trace shows an ioctl: its command, and an argument that is an int.
func IoctlText(cmd uint32, arg []byte) string {
	s := kern.IoctlName(cmd)
	if s == "" {
		s = inet.IoctlName(cmd)
	}
	if s == "" {
		s = fmt.Sprintf("0x%08x", cmd)
	}
	if len(arg) == 4 {
		s += fmt.Sprintf(" [%d]", kern.Int(arg))
	}
	return s
}
