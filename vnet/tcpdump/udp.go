package tcpdump

import (
	"bytes"

	"wireloom/vnet/tcpdump/message"
	"wireloom/vnet/tcpdump/show"
)

// udp writes a datagram.
func (t *text) udp(b []byte, size int, d datagram) {
	t.Proto = "udp"
	ends := func() {
		if d.proto == protoUDP {
			t.F("%s > %s: ", d.src, d.dst)
		}
	}
	if len(b) < 4 {
		ends()
		t.Truncated()
		return
	}
	src, dst := t.U16(b, 0), t.U16(b, 2)
	t.endpoints(d, protoUDP, src, dst)
	if size < 8 {
		t.F("truncated-udp %d", size)
		return
	}
	if len(b) < 6 {
		t.Truncated()
		return
	}
	length := t.U16(b, 4)
	if length < 8 {
		t.F("truncated-udplength %d", length)
		return
	}
	length -= 8
	size = min(size-8, length)
	if len(b) < 8 {
		t.Truncated()
		return
	}
	data := b[8:]
	if t.V(1) && !t.NoSums && !d.fragmented && (d.six || t.V(2)) {
		have := t.U16(b, 6)
		switch {
		case have == 0 && !d.six:
			t.S("[no cksum] ")
		case len(data) >= size:
			if left := t.sum(d, protoUDP, b[:size+8]); left != 0 {
				t.F("[bad udp cksum 0x%04x -> 0x%04x!] ", have, show.SumShouldBe(have, left))
			} else {
				t.S("[udp sum ok] ")
			}
		}
	}
	either := func(n int) bool { return src == n || dst == n }
	switch {
	case t.Quiet:
	case either(53):
		message.DNS(t.Text, data, size, false)
		return
	case either(5353):
		message.DNS(t.Text, data, size, true)
		return
	case either(67), either(68):
		message.DHCP(t.Text, data, size)
		return
	case src == 49152:
		t.shim(data, size)
		return
	}
	if length > size && !d.fragmented {
		t.F("UDP, bad length %d > %d", length, size)
	} else {
		t.F("UDP, length %d", length)
	}
}

// shim writes a datagram that comes from port 49152. To tcpdump that is a shim of Broadcom's,
// though it is the first port that a BSD gives a program: so it says of a student's datagram
// what makes no sense, and agreeing with it is better than one odd line that differs.
func (t *text) shim(b []byte, size int) {
	t.Proto = "bcm_li"
	if size < 4 {
		t.F(" (length %d < 4)", size)
		t.Invalid()
		return
	}
	v, line := t.U32(b, 0), ""
	if t.V(1) {
		line = "\n    "
	}
	kind := v >> 25 & 0xf
	t.F("%sBCM-LI-SHIM: direction %s, pkt-type %s, pkt-subtype %s, li-id %d%s", line,
		show.Name(map[int]string{1: "unused", 2: "egress", 3: "ingress"}, v>>29, "unknown"),
		show.Name(map[int]string{4: "undecided", 5: "ipv4", 6: "ipv6", 7: "ethernet"}, kind, "unknown"),
		show.Name(map[int]string{1: "single VLAN tag", 2: "double VLAN tag", 3: "untagged"}, v>>22&7, "unknown"), v&0x3fffff, line)
	b, size = show.After(b, 4), size-4
	if !t.V(1) {
		show.At(b, 0, size)
		return
	}
	if kind == 4 {
		if version := uint32(t.U8(b, 0) >> 4); version == 4 || version == 6 {
			kind = map[uint32]uint32{4: 5, 6: 6}[version]
		} else {
			t.S("unknown payload")
			return
		}
	}
	switch kind {
	case 7:
		t.Proto = "ether"
		t.ether(b, size)
	case 5:
		t.ipv4(b, size)
	case 6:
		t.ipv6(b, size)
	default:
		t.Invalid()
	}
}

// stream writes what a TCP segment carries, where its port is that of a protocol of text,
// or DNS.
func (t *text) stream(b []byte, size, f, src, dst int) {
	either := func(n int) bool { return src == n || dst == n }
	switch {
	case f&tcpRst != 0 && t.V(1):
		t.resetData(b, size)
	case either(25):
		t.lines(b, size, "smtp", smtpCommands, false)
	case either(21):
		t.lines(b, size, "ftp", ftpCommands, false)
	case either(80), either(8080):
		t.lines(b, size, "http", httpCommands, true)
	case either(53):
		t.Proto = "domain"
		if size < 2 {
			t.F(" [DNS over TCP: length %d < 2]", size)
			t.Invalid()
			return
		}
		if n := t.U16(b, 0); n != size-2 {
			t.F(" [prefix length(%d) != length(%d)]", n, size-2)
			t.Invalid()
			return
		}
		t.S(" ")
		message.DNS(t.Text, b[2:], size-2, false)
	}
}

// resetData writes the text that a reset may carry (RFC 1122, 4.2.2.12).
func (t *text) resetData(b []byte, size int) {
	const limit = 30
	if len(b) >= size {
		t.S(" [RST")
	} else {
		t.S(" [!RST")
	}
	if size > limit {
		size = limit
		t.S("+")
	}
	t.S(" ")
	t.Chars(b, size)
	t.S("]")
}

var (
	httpCommands = []string{
		"GET", "PUT", "COPY", "HEAD", "LOCK", "MOVE", "POLL", "POST", "BCOPY", "BMOVE", "MKCOL", "TRACE", "LABEL", "MERGE", "DELETE", "SEARCH", "UNLOCK",
		"REPORT", "UPDATE", "NOTIFY", "BDELETE", "CONNECT", "OPTIONS", "CHECKIN", "PROPFIND", "CHECKOUT", "CCM_POST", "SUBSCRIBE", "PROPPATCH", "BPROPFIND",
		"BPROPPATCH", "UNCHECKOUT", "MKACTIVITY", "MKWORKSPACE", "UNSUBSCRIBE", "RPC_CONNECT", "VERSION-CONTROL", "BASELINE-CONTROL",
	}
	ftpCommands = []string{
		"ACCT", "APPE", "CWD", "DELE", "EPRT", "EPSV", "HELP", "LIST", "MDTM", "MKD", "NLST", "PASS", "PASV", "PORT", "PWD", "QUIT", "RETR", "RMD", "RNFR",
		"RNTO", "SITE", "SIZE", "STAT", "STOR", "SYST", "TYPE", "USER",
	}
	smtpCommands = []string{
		"DATA", "EHLO", "EXPN", "HELO", "HELP", "MAIL", "NOOP", "QUIT", "RCPT", "RSET", "SAML", "SEND", "SOML", "VRFY", "STARTTLS",
	}
)

// lines writes what looks like a request or an answer of a protocol of text: its first line,
// or with -v all of them. second says that an answer's number is the second word.
func (t *text) lines(b []byte, size int, proto string, commands []string, second bool) {
	t.S(": ")
	t.Proto = proto
	word, next := token(b, 0, size)
	known := false
	for _, c := range commands {
		known = known || word != nil && bytes.EqualFold(word, []byte(c))
	}
	if word != nil && !known {
		if second {
			word, _ = token(b, next, size)
		}
		digits := 0
		for digits < min(len(word), 3) && word[digits] >= '0' && word[digits] <= '9' {
			digits++
		}
		known = digits == 3 && (len(word) == 3 || word[3] <= ' ' || word[3] >= 0x7f)
	}
	t.S(string(bytes.ToUpper([]byte(proto))))
	switch {
	case !known:
	case t.V(1):
		t.F(", length: %d", size)
		for i := 0; i >= 0 && i < size; {
			i = t.line("\n\t", b, i, size)
		}
	default:
		t.line(": ", b, 0, size)
	}
}

// token is a word of a message of size bytes, and where the next begins; nil where there is
// none, or it was not all captured.
func token(b []byte, start, size int) ([]byte, int) {
	const longest = 127
	space := func(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }
	i := start
	for ; i < size; i++ {
		if i >= len(b) || i-start > longest {
			return nil, 0
		}
		if space(b[i]) {
			break
		}
		if b[i] < ' ' || b[i] >= 0x7f {
			return nil, 0
		}
	}
	if i == start {
		return nil, 0
	}
	word := b[start:i]
	for i < len(b) && b[i] == ' ' {
		i++
	}
	return word, i
}

// line writes a line of printable letters; it returns where the next begins, or -1.
func (t *text) line(prefix string, b []byte, from, size int) int {
	for i := from; i < size; i++ {
		if i >= len(b) {
			t.Truncated()
			return -1
		}
		c := b[i]
		switch {
		case c == '\n':
			t.F("%s%s", prefix, b[from:i])
			return i + 1
		case c == '\r':
			if i+1 >= size || i+1 >= len(b) || b[i+1] != '\n' {
				return -1
			}
			t.F("%s%s", prefix, b[from:i])
			return i + 2
		case (c < ' ' || c >= 0x7f) && c != '\t':
			return -1
		}
	}
	t.F("%s%s", prefix, b[from:size])
	t.Truncated()
	return -1
}
