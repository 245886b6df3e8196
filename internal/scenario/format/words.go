package format

import (
	"encoding/hex"
	"fmt"
	"net/netip"
	"regexp"
	"strconv"
	"strings"

	"wireloom/vnet/packet"
)

// Words that stand in many places of a scenario file.

// The forms of names.
var (
	NameKey  = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,31}$`)
	IfaceKey = regexp.MustCompile(`^[a-z]{1,12}(0|[1-9][0-9]{0,4})$`)
	EndKey   = regexp.MustCompile(`^([a-z][a-z0-9_-]{0,31}\.[1-9][0-9]{0,3}|[a-z][a-z0-9_-]{0,31}:[a-z]{1,12}[0-9]{1,5})$`)
	slotForm = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,31}\.[a-z][a-z0-9_-]{0,31}$`)
)

// Shapes of words, with what each is read as.
var (
	Name    = Word("a short name: a lower-case letter, then letters, digits, - or _", NameKey, 32) // a string
	Line    = Text("a line of text")                                                               // a string
	MAC     = As(TextOf(`a MAC address in quotes, such as "02:00:00:00:00:0b"`, 17), packet.ParseMAC)
	Prefix  = As(TextOf("an address with its prefix length, such as 10.0.0.1/24", 64), netip.ParsePrefix)
	Address = As(TextOf("an IP address, such as 10.0.0.2", 64), netip.ParseAddr)
	Host    = As(TextOf("an address, such as 10.8.0.1, or with its prefix length 10.0.0.1/24", 64), parseHost) // a netip.Prefix
	Network = As(TextOf("a network, such as 10.1.0.0/16, or default", 64), parseNetwork)                       // a netip.Prefix
	LinkEnd = As(Word("an end of a link: SWITCH.PORT such as s1.1, or NODE:INTERFACE such as bob:tap0", EndKey, 64), ParseEnd)
	Program = As(Word("NODE.PROGRAM, such as bob.pingd", slotForm, 65), ParseSlot)
)

// A Slot is the place of a program on a node.
type Slot struct{ Node, Proc string }

// String is NODE.PROC.
func (s Slot) String() string { return s.Node + "." + s.Proc }

// ParseSlot reads what String writes.
func ParseSlot(s string) (Slot, error) {
	node, proc, ok := strings.Cut(s, ".")
	if !ok {
		return Slot{}, fmt.Errorf("%.80q is not NODE.PROGRAM", s)
	}
	return Slot{node, proc}, nil
}

// An End is an end of a link: a port of a switch, or an interface of a node.
type End struct {
	Switch string // with Port, from 1
	Port   int
	Node   string // with Interface
	Iface  string
}

// String is SWITCH.PORT or NODE:INTERFACE; "" of the zero value.
func (e End) String() string {
	switch {
	case e.Switch != "":
		return e.Switch + "." + strconv.Itoa(e.Port)
	case e.Node != "":
		return e.Node + ":" + e.Iface
	}
	return ""
}

// ParseEnd reads what String writes.
func ParseEnd(s string) (End, error) {
	if node, iface, ok := strings.Cut(s, ":"); ok {
		return End{Node: node, Iface: iface}, nil
	}
	name, port, ok := strings.Cut(s, ".")
	n, err := strconv.Atoi(port)
	if !ok || err != nil {
		return End{}, fmt.Errorf("%.80q is neither SWITCH.PORT nor NODE:INTERFACE", s)
	}
	return End{Switch: name, Port: n}, nil
}

// parseHost reads an address, which without a prefix length has that of a host.
func parseHost(s string) (netip.Prefix, error) {
	if a, err := netip.ParseAddr(s); err == nil {
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	return netip.ParsePrefix(s)
}

// Default is the word for the network of a route for all that no other is for.
const Default = "default"

// parseNetwork reads where a route leads.
func parseNetwork(s string) (netip.Prefix, error) {
	if s == Default {
		return netip.PrefixFrom(netip.IPv4Unspecified(), 0), nil
	}
	return netip.ParsePrefix(s)
}

// Hex is bytes in hexadecimal, at most size of them, read as []byte.
func Hex(size int64) *Shape {
	return As(TextOf("bytes in hexadecimal, such as ffffffffffff0203", 4*size), Unhex)
}

// Unhex reads bytes in hexadecimal, with blanks, line ends and colons between them.
func Unhex(s string) ([]byte, error) {
	return hex.DecodeString(strings.Map(func(r rune) rune {
		if r == ' ' || r == '\n' || r == ':' {
			return -1
		}
		return r
	}, s))
}

// A Driver is what an interface of a node is driven by.
type Driver uint8

// The drivers.
const (
	NIC Driver = iota // an ordinary Ethernet interface
	Tap               // an Ethernet device of tap(4)
	Tun               // a point-to-point device of tun(4)
)

// Driver is the driver of the end's interface, which its name begins with, as BSD names
// interfaces: tap0 is the first unit of tap(4). It may be of a device that does not exist
// yet. A port of a switch has none, like a NIC.
func (e End) Driver() Driver {
	switch strings.TrimRight(e.Iface, "0123456789") {
	case "tap":
		return Tap
	case "tun":
		return Tun
	}
	return NIC
}
