package byhand

import (
	"fmt"
	"strconv"
	"strings"

	"wireloom/vnet/errno"
	"wireloom/vnet/kern"
)

// fileCalls are the calls on one descriptor.
var fileCalls = []call{
	{"open", "open PATH [rdonly|wronly|rdwr] [nonblock] [async]", "open a device, rdwr unless said otherwise", (*hand).open},
	{"read", "read FD [BYTES]", "read, from a device one packet (2048 bytes of it)", (*hand).read},
	{"write", "write FD [HEX|HEX*TIMES]...", "write, to a device one packet", (*hand).write},
	{"fcntl", "fcntl FD [nonblock|async on|off]", "show or set a flag of the file (F_GETFL, F_SETFL)", (*hand).fcntl},
	{"stat", "stat FD", "fstat: who the device belongs to, and when it was used", (*hand).stat},
	{"close", "close FD", "close a descriptor", (*hand).close},
}

// openWords are the flags of open by the words for them.
var openWords = map[string]int{
	"rdonly": kern.O_RDONLY, "wronly": kern.O_WRONLY, "rdwr": kern.O_RDWR, "nonblock": kern.O_NONBLOCK, "async": kern.O_ASYNC,
}

func (h *hand) open(args []string) error {
	if len(args) == 0 {
		return errUsage
	}
	access, flags := -1, 0
	for _, w := range args[1:] {
		bit, ok := openWords[strings.TrimPrefix(strings.ToLower(w), "o_")]
		switch {
		case !ok:
			return fmt.Errorf("%.40q is no flag", w)
		case bit > kern.O_RDWR:
			flags |= bit
		case access >= 0:
			return fmt.Errorf("%s contradicts the access that was said before", w)
		default:
			access = bit
		}
	}
	if access < 0 {
		access = kern.O_RDWR
	}
	n, e := h.Open(args[0], access|flags)
	more := ""
	if e == errno.OK && h.PathOf(n) != args[0] {
		more = h.PathOf(n) // a cloning device opens another
	}
	h.answer(n, e, more)
	return nil
}

func (h *hand) read(args []string) error {
	if len(args) < 1 || len(args) > 2 {
		return errUsage
	}
	from, err := fd(args[0])
	if err != nil {
		return err
	}
	size := 2048
	if len(args) == 2 {
		n, err := strconv.ParseUint(args[1], 0, 31)
		if err != nil || n > handIO {
			return fmt.Errorf("%.40q bytes cannot be read, 0 to %d can", args[1], handIO)
		}
		size = int(n)
	}
	buf := make([]byte, size)
	n, e := h.Read(from, buf)
	h.answer(n, e, "")
	h.Printf("%s", dump(buf[:n]))
	return nil
}

func (h *hand) write(args []string) error {
	if len(args) == 0 {
		return errUsage
	}
	to, err := fd(args[0])
	if err != nil {
		return err
	}
	data, err := parseHex(args[1:], handIO)
	if err != nil {
		return err
	}
	n, e := h.Write(to, data)
	h.answer(n, e, "")
	return nil
}

func (h *hand) fcntl(args []string) error {
	if len(args) != 1 && len(args) != 3 {
		return errUsage
	}
	of, err := fd(args[0])
	if err != nil {
		return err
	}
	flags, e := h.Flags(of)
	if len(args) == 1 {
		h.answer(flags, e, fileFlags(flags))
		return nil
	}
	bit, ok := openWords[strings.TrimPrefix(strings.ToLower(args[1]), "o_")]
	if !ok || bit <= kern.O_RDWR {
		return fmt.Errorf("%.40q is no flag that can be changed: nonblock and async can", args[1])
	}
	switch args[2] {
	case "on":
		flags |= bit
	case "off":
		flags &^= bit
	default:
		return fmt.Errorf("%.40q is neither on nor off", args[2])
	}
	h.answer(0, h.SetFlags(of, flags), "")
	return nil
}

// fileFlags names the flags of a file: "O_RDWR|O_NONBLOCK".
func fileFlags(flags int) string {
	s := [...]string{"O_RDONLY", "O_WRONLY", "O_RDWR", "O_ACCMODE"}[flags&3]
	if flags&kern.O_NONBLOCK != 0 {
		s += "|O_NONBLOCK"
	}
	if flags&kern.O_ASYNC != 0 {
		s += "|O_ASYNC"
	}
	return s
}

func (h *hand) stat(args []string) error {
	if len(args) != 1 {
		return errUsage
	}
	of, err := fd(args[0])
	if err != nil {
		return err
	}
	st, e := h.Fstat(of)
	h.answer(0, e, fmt.Sprintf("{rdev=%d,%d mode=%04o uid=%d gid=%d atime=%.6f mtime=%.6f ctime=%.6f birthtime=%.6f}",
		st.Major, st.Minor, st.Mode, st.UID, st.GID,
		st.Accessed.Seconds(), st.Modified.Seconds(), st.Changed.Seconds(), st.Created.Seconds()))
	return nil
}

func (h *hand) close(args []string) error {
	if len(args) != 1 {
		return errUsage
	}
	of, err := fd(args[0])
	if err != nil {
		return err
	}
	h.answer(0, h.Close(of), "")
	return nil
}
