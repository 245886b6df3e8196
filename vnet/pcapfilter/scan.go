package pcapfilter

import (
	"fmt"
	"net/netip"
	"strings"
)

// A kind is what a token is.
type kind uint8

const (
	kEnd   kind = iota
	kWord       // a keyword, under the name that the parser knows it by, or a sign
	kNum        // a number, or the name of one
	kID         // a name
	kHost4      // two to four numbers with dots between
	kHost6      // an IPv6 address
	kMAC        // an Ethernet address
)

type token struct {
	kind kind
	text string
	n    uint32 // of kNum
}

// keywords are the words of the grammar; the value is the name that stands for them all.
var keywords = map[string]string{
	"dst": "dst", "src": "src", "link": "ether", "ether": "ether", "ppp": "ether", "slip": "ether", "fddi": "ether", "tr": "ether", "wlan": "ether",
	"arp": "arp", "rarp": "rarp", "ip": "ip", "sctp": "sctp", "tcp": "tcp", "udp": "udp", "icmp": "icmp", "igmp": "igmp", "igrp": "igrp", "pim": "pim",
	"vrrp": "vrrp", "carp": "carp", "ip6": "ip6", "icmp6": "icmp6", "ah": "ah", "esp": "esp", "atalk": "atalk", "aarp": "aarp", "decnet": "decnet",
	"lat": "lat", "sca": "sca", "moprc": "moprc", "mopdl": "mopdl", "iso": "iso", "stp": "stp", "ipx": "ipx", "netbeui": "netbeui",
	"host": "host", "net": "net", "mask": "mask", "port": "port", "portrange": "portrange", "proto": "proto", "protochain": "protochain", "gateway": "gateway",
	"less": "less", "greater": "greater", "byte": "byte", "broadcast": "broadcast", "multicast": "multicast",
	"and": "and", "&&": "and", "or": "or", "||": "or", "not": "!", "len": "len", "length": "len", "inbound": "inbound", "outbound": "outbound",
	"vlan": "vlan", "mpls": "mpls", "pppoed": "pppoed", "pppoes": "pppoes", "geneve": "geneve", "llc": "llc", "radio": "radio",
}

// numbers are the names of offsets and values.
var numbers = map[string]uint32{
	"icmptype": 0, "icmpcode": 1, "icmp-echoreply": 0, "icmp-unreach": 3, "icmp-sourcequench": 4, "icmp-redirect": 5, "icmp-echo": 8,
	"icmp-routeradvert": 9, "icmp-routersolicit": 10, "icmp-timxceed": 11, "icmp-paramprob": 12, "icmp-tstamp": 13, "icmp-tstampreply": 14,
	"icmp-ireq": 15, "icmp-ireqreply": 16, "icmp-maskreq": 17, "icmp-maskreply": 18,
	"icmp6type": 0, "icmp6code": 1, "icmp6-destinationunreach": 1, "icmp6-packettoobig": 2, "icmp6-timeexceeded": 3, "icmp6-parameterproblem": 4,
	"icmp6-echo": 128, "icmp6-echoreply": 129, "icmp6-multicastlistenerquery": 130, "icmp6-multicastlistenerreportv1": 131,
	"icmp6-multicastlistenerdone": 132, "icmp6-routersolicit": 133, "icmp6-routeradvert": 134, "icmp6-neighborsolicit": 135,
	"icmp6-neighboradvert": 136, "icmp6-redirect": 137, "icmp6-multicastlistenerreportv2": 143,
	"tcpflags": 13, "tcp-fin": 1, "tcp-syn": 2, "tcp-rst": 4, "tcp-push": 8, "tcp-ack": 16, "tcp-urg": 32, "tcp-ece": 64, "tcp-cwr": 128,
}

// signs are the operators, the longest first.
var signs = []string{">=", "<=", "!=", "==", "<<", ">>", "&&", "||"}

// scan cuts a text into tokens, of which the last is kEnd. As with lex the longest match
// counts, and of equal ones the one that is listed first there.
func scan(text string) ([]token, error) {
	var out []token
	for at := 0; at < len(text); {
		c := text[at]
		switch {
		case strings.IndexByte(" \r\n\t", c) >= 0:
			at++
			continue
		case c == '\\':
			n := strings.IndexAny(text[at+1:], " !()\n\t")
			if n < 0 {
				n = len(text) - at - 1
			}
			if n == 0 {
				return nil, errSyntax
			}
			out = append(out, token{kind: kID, text: text[at+1 : at+1+n]})
			at += 1 + n
			continue
		}
		t, n, err := longest(text[at:])
		if err != nil {
			return nil, err
		}
		if n == 0 {
			if t, n = sign(text[at:]); n == 0 {
				return nil, errSyntax
			}
		}
		out = append(out, t)
		at += n
	}
	return append(out, token{}), nil
}

func sign(s string) (token, int) {
	for _, x := range signs {
		if !strings.HasPrefix(s, x) {
			continue
		}
		name := x
		switch x {
		case "==":
			name = "="
		case "&&", "||":
			name = keywords[x]
		}
		return token{kind: kWord, text: name}, len(x)
	}
	if strings.IndexByte("+-*/%:[]!<>()&|^=", s[0]) >= 0 {
		return token{kind: kWord, text: s[:1]}, 1
	}
	return token{}, 0
}

func run(s string, ok func(byte) bool) int {
	n := 0
	for n < len(s) && ok(s[n]) {
		n++
	}
	return n
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
func isHex(c byte) bool   { return isDigit(c) || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F' }
func isAlnum(c byte) bool { return isDigit(c) || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }

// longest is the longest token that is no sign; n is 0 where none begins here.
func longest(s string) (t token, n int, err error) {
	// A name begins and ends with a letter or digit, and may end with a dot.
	if isAlnum(s[0]) {
		n = run(s, func(c byte) bool { return isAlnum(c) || c == '-' || c == '_' || c == '.' })
		for s[n-1] == '-' || s[n-1] == '_' {
			n--
		}
		t = token{kind: kID, text: s[:n]}
	}
	take := func(k kind, size int) {
		if size > 0 && size >= n {
			t, n = token{kind: k, text: s[:size]}, size
		}
	}
	take(kHost4, dotted(s))
	take(kNum, number(s))
	take(kMAC, mac(s))
	take(kHost6, ip6(s))
	if t.kind == kID {
		if name, ok := keywords[t.text]; ok {
			return token{kind: kWord, text: name}, n, nil
		}
		if v, ok := numbers[t.text]; ok {
			return token{kind: kNum, text: t.text, n: v}, n, nil
		}
	}
	if t.kind == kNum {
		t.n, err = value(t.text)
	}
	return t, n, err
}

// number is the length of a decimal, octal or hexadecimal number.
func number(s string) int {
	if len(s) > 2 && s[0] == '0' && (s[1] == 'x' || s[1] == 'X') && isHex(s[2]) {
		return 2 + run(s[2:], isHex)
	}
	return run(s, isDigit)
}

// value is what a number says: stou of libpcap.
func value(s string) (uint32, error) {
	var v, base uint64 = 0, 10
	digits := s
	switch {
	case strings.HasPrefix(s, "0x"), strings.HasPrefix(s, "0X"):
		base, digits = 16, s[2:]
	case s[0] == '0' && len(s) > 1:
		base, digits = 8, s[1:]
	}
	for i := range len(digits) {
		var d uint64
		if c := digits[i]; isDigit(c) {
			d = uint64(c - '0')
		} else {
			d = uint64(c|0x20-'a') + 10
		}
		if d >= base {
			return 0, fmt.Errorf("number %s contains non-octal digit", s)
		}
		if v = v*base + d; v > 0xffffffff {
			return 0, fmt.Errorf("number %s overflows 32 bits", s)
		}
	}
	return uint32(v), nil
}

// dotted is the length of two to four numbers with dots between.
func dotted(s string) int {
	at, parts := 0, 0
	for parts < 4 {
		n := number(s[at:])
		if n == 0 {
			break
		}
		parts++
		end := at + n
		if parts == 4 || end+1 >= len(s) || s[end] != '.' || number(s[end+1:]) == 0 {
			if parts < 2 {
				return 0
			}
			return end
		}
		at = end + 1
	}
	return 0
}

// mac is the length of an Ethernet address: six bytes with :, - or . between, or three
// times four digits with dots or nothing between.
func mac(s string) int {
	for _, sep := range []byte{':', '-', '.'} {
		at := 0
		for i := range 6 {
			n := min(run(s[at:], isHex), 2)
			if n == 0 {
				break
			}
			at += n
			if i == 5 {
				return at
			}
			if at >= len(s) || s[at] != sep {
				break
			}
			at++
		}
	}
	if len(s) >= 14 && s[4] == '.' && s[9] == '.' && run(s, isHex) == 4 && run(s[5:], isHex) == 4 && run(s[10:], isHex) >= 4 {
		return 14
	}
	if run(s, isHex) >= 12 {
		return 12
	}
	return 0
}

// macBytes reads what mac has found.
func macBytes(s string) (out [6]byte) {
	digits := strings.FieldsFunc(s, func(r rune) bool { return r == ':' || r == '-' || r == '.' })
	if len(digits) != 6 { // groups of two bytes: cut them
		all := strings.Join(digits, "")
		digits = digits[:0]
		for i := 0; i+2 <= len(all); i += 2 {
			digits = append(digits, all[i:i+2])
		}
	}
	for i := range out {
		v, _ := value("0x" + digits[i]) // two digits are a number
		out[i] = byte(v)
	}
	return out
}

// ip6 is the length of an IPv6 address.
func ip6(s string) int {
	const longestText = 45
	n := run(s, func(c byte) bool { return isHex(c) || c == ':' || c == '.' })
	for n = min(n, longestText); n > 1; n-- {
		if a, err := netip.ParseAddr(s[:n]); err == nil && a.Is6() {
			return n
		}
	}
	return 0
}
