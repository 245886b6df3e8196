package byhand

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"wireloom/vnet/errno"
	"wireloom/vnet/kern"
	"wireloom/vnet/packet"
)

// A form is the argument of an ioctl: how it is typed, and how an answer is shown.
type form struct {
	takes string // words for help
	put   func(h *hand, arg []byte, words []string) error
	show  func(arg []byte) string
}

// namedIoctl is a device ioctl that is known by name.
type namedIoctl struct {
	name string
	form form
}

var (
	noForm    = form{put: putNothing}
	intForm   = form{takes: "INT", put: putInt}
	flagsForm = form{takes: "FLAG[,FLAG]...", put: putFlags}
	askInt    = form{put: putNothing, show: func(arg []byte) string { return fmt.Sprintf("[%d]", kern.Int(arg)) }}
	askMAC    = form{put: putNothing, show: func(arg []byte) string { return fmt.Sprintf("[%s]", packet.MAC(arg[:6])) }}
)

// deviceIoctls are those that a driver of a device may know, in the order of help.
var deviceIoctls = []namedIoctl{
	{"FIONREAD", askInt},
	{"FIONBIO", intForm},
	{"FIOASYNC", intForm},
	{"FIOSETOWN", intForm},
	{"FIOGETOWN", askInt},
	{"TIOCSPGRP", intForm},
	{"TIOCGPGRP", askInt},
	{"TUNSDEBUG", intForm},
	{"TUNGDEBUG", askInt},
	{"TUNSIFINFO", form{takes: "[mtu=INT] [type=INT] [baudrate=INT]", put: putInfo}},
	{"TUNGIFINFO", form{put: putNothing, show: showInfo}},
	{"TUNSLMODE", intForm},
	{"TUNSIFHEAD", intForm},
	{"TUNGIFHEAD", askInt},
	{"TUNSIFMODE", flagsForm},
	{"TUNSIFPID", noForm},
	{"TAPGIFNAME", form{put: putNothing, show: showName}},
	{"SIOCGIFFLAGS", form{put: putNothing, show: showFlags}},
	{"VMIO_SIOCSIFFLAGS", flagsForm},
	{"SIOCSIFADDR", form{takes: "MAC", put: putMAC}},
	{"SIOCGIFADDR", askMAC},
	{"OSIOCGIFADDR", askMAC},
}

// formOf is how the argument of a device ioctl is typed. One that has no name is
// bytes, or an int where it is four of them.
func formOf(cmd uint32) form {
	for _, x := range deviceIoctls {
		if c, ok := kern.ParseIoctl(x.name); ok && c == cmd {
			return x.form
		}
	}
	f := form{takes: "HEX...", put: putHex}
	if kern.IoctlLen(cmd) == 4 {
		f = intForm
	}
	if !kern.IoctlWrites(cmd) {
		f.put = putNothing
	}
	if kern.IoctlReads(cmd) {
		f.show = func(arg []byte) string {
			if len(arg) == 4 {
				return fmt.Sprintf("[%d]", kern.Int(arg))
			}
			return strings.TrimRight("\n"+string(dump(arg)), "\n")
		}
	}
	return f
}

func (h *hand) ioctl(args []string) error {
	if len(args) < 2 {
		return errUsage
	}
	cmd, ok := kern.ParseIoctl(strings.ToUpper(args[1]))
	if !ok {
		n, err := strconv.ParseUint(args[1], 0, 32)
		if err != nil {
			return fmt.Errorf("%.40q is no ioctl: help ioctl lists the names, and any number can be given", args[1])
		}
		cmd = uint32(n)
	}
	if c := args[0][0]; c >= 'a' && c <= 'z' {
		return h.ifioctl(args[0], cmd, args[1], args[2:])
	}
	of, err := fd(args[0])
	if err != nil {
		return err
	}
	f := formOf(cmd)
	size := kern.IoctlLen(cmd)
	if cmd == kern.VMIO_SIOCSIFFLAGS {
		size = 4 // the value itself
	}
	arg := make([]byte, size)
	if err := f.put(h, arg, args[2:]); err != nil {
		if f.takes == "" {
			return fmt.Errorf("%s takes no value", args[1])
		}
		return fmt.Errorf("%s takes %s: %w", args[1], f.takes, err)
	}
	e := h.Ioctl(of, cmd, arg)
	more := ""
	if e == errno.OK && f.show != nil {
		more = f.show(arg)
	}
	h.answer(0, e, more)
	return nil
}

func ioctlHelp() string {
	var b bytes.Buffer
	b.WriteString("On a descriptor of a device (TAPSDEBUG and the like of DragonFly are the same as TUNSDEBUG):\n")
	for _, x := range deviceIoctls {
		fmt.Fprintf(&b, "  %s\n", strings.TrimRight(x.name+" "+x.form.takes, " "))
	}
	b.WriteString("On an interface, as on a socket:\n")
	for _, x := range ifIoctls {
		fmt.Fprintf(&b, "  %s\n", strings.TrimRight(x.name+" "+x.takes, " "))
	}
	b.WriteString("Flags are those of an interface: UP, POINTOPOINT, ...; an INT may be $$, the process' id.\n")
	return b.String()
}

func putNothing(_ *hand, _ []byte, words []string) error {
	if len(words) > 0 {
		return fmt.Errorf("%.40q is too much", words[0])
	}
	return nil
}

// number reads an int: decimal, 0x hex or 0 octal, signed or not; what does not fit
// but for its sign is taken as its bits.
func (h *hand) number(text string) (int32, error) {
	switch {
	case text == "$$":
		return int32(h.PID()), nil
	case text == "-$$":
		return -int32(h.PID()), nil
	}
	n, err := strconv.ParseInt(text, 0, 64)
	if err != nil || n < -1<<31 || n >= 1<<32 {
		return 0, fmt.Errorf("%.40q is not an int", text)
	}
	return int32(n), nil
}

var errOneValue = errors.New("one value is wanted")

func putInt(h *hand, arg []byte, words []string) error {
	if len(words) != 1 {
		return errOneValue
	}
	n, err := h.number(words[0])
	if err == nil {
		kern.PutInt(arg, n)
	}
	return err
}

func putHex(_ *hand, arg []byte, words []string) error {
	b, err := parseHex(words, len(arg))
	copy(arg, b)
	return err
}

func putFlags(h *hand, arg []byte, words []string) error {
	if len(words) != 1 {
		return errOneValue
	}
	f, err := h.ifFlags(words[0])
	if err == nil {
		kern.PutInt(arg, int32(f))
	}
	return err
}

// ifFlags reads flags of an interface: names with commas or bars between, or a number.
func (h *hand) ifFlags(text string) (kern.IfFlags, error) {
	if n, err := h.number(text); err == nil {
		return kern.IfFlags(n), nil
	}
	var all kern.IfFlags
	for _, w := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == '|' }) {
		f, ok := kern.ParseIfFlag(strings.TrimPrefix(strings.ToUpper(w), "IFF_"))
		if !ok {
			return 0, fmt.Errorf("%.40q is no flag of an interface", w)
		}
		all |= f
	}
	return all, nil
}

func flagWords(f kern.IfFlags) string {
	return fmt.Sprintf("%x<%s>", uint32(f), strings.Join(f.Names(), ","))
}

func showFlags(arg []byte) string {
	return "[" + flagWords(kern.IfFlags(binary.LittleEndian.Uint16(arg))) + "]"
}

// putInfo reads struct tuninfo; what is not said is 0.
func putInfo(h *hand, arg []byte, words []string) error {
	if len(words) == 0 {
		return errOneValue
	}
	var v kern.IfInfo
	for _, w := range words {
		name, value, _ := strings.Cut(w, "=")
		n, err := h.number(value)
		if err != nil {
			return err
		}
		switch name {
		case "mtu":
			v.MTU = int16(n) // cut as the assignment in C cuts it
		case "type":
			v.Type = uint8(n) // cut as the assignment in C cuts it
		case "baudrate":
			v.Baudrate = n
		default:
			return fmt.Errorf("%.40q is not mtu, type or baudrate", name)
		}
	}
	v.Put(arg)
	return nil
}

func showInfo(arg []byte) string {
	v := kern.ParseIfInfo(arg)
	return fmt.Sprintf("{baudrate=%d, mtu=%d, type=%d}", v.Baudrate, v.MTU, v.Type)
}

func showName(arg []byte) string {
	name, _, _ := bytes.Cut(arg[:16], []byte{0})
	return fmt.Sprintf("[%q]", name)
}

func putMAC(_ *hand, arg []byte, words []string) error {
	mac, err := oneMAC(words)
	copy(arg, mac[:])
	return err
}

func oneMAC(words []string) (mac packet.MAC, err error) {
	if len(words) != 1 {
		return mac, errOneValue
	}
	b, err := parseHex(words, len(mac))
	if err != nil || len(b) != len(mac) {
		return mac, fmt.Errorf("%.40q is not the six bytes of an address", words[0])
	}
	return packet.MAC(b), nil
}
