package filter

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"wireloom/internal/decode"
)

func ping(t testing.TB) decode.Packet {
	t.Helper()
	b, err := decode.Build(decode.Ethernet, []decode.KV{
		{Name: "eth.src", Value: "02:00:00:00:00:01"},
		{Name: "eth.dst", Value: "02:00:00:00:00:02"},
		{Name: "ip.src", Value: "10.0.0.1"},
		{Name: "ip.dst", Value: "10.0.0.2"},
		{Name: "icmp.seq", Value: "7"},
		{Name: "data.text", Value: "caf\xc3\xa9"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return decode.Packet{Link: decode.Ethernet, Data: b, At: 1500 * time.Millisecond, Iface: "s1.2"}
}

// What tshark 4.0 can't be asked, because it came later or means something else there.
func TestMatch(t *testing.T) {
	p := ping(t)
	for _, c := range []struct {
		name, filter string
		want         bool
	}{
		{"nothing lets everything through", "", true},
		{"blanks too", " \t ", true},
		{"a chain begins with a value", "10 < ip.ttl < 100", true},
		{"a chain fails at one of its comparisons", "10 < ip.ttl < 20", false},
		{"xor of two that hold", "ip xor icmp", false},
		{"xor of one that holds", "ip xor arp", true},
		{"and binds more than xor, xor more than or", "ip or ip xor ip and arp", true},
		{"a value of a name", `icmp.type == "echo request"`, true},
		{"a value stands on the left", "64 == ip.ttl && 65 > ip.ttl", true},
		{"an absent field is not unequal", "tcp.port != 80", false},
		{"nor in a set", "tcp.port in {80}", false},
		{"but not in one", "tcp.port not in {80}", true},
		{"a slice beyond the end is like no bytes", "eth.src[4:9] == 00:02 or eth.src[9]", false},
		{"and so it is unlike all", "eth.src[4:9] != 00:02", true},
		{"a slice of a slice", "eth.src[2:4][3] == 1", true},
		{"a number in bytes", "eth.src[5] == 1", true},
		{"bytes above 127 in a regular expression", `data.data matches "\\xc3\\xa9$"`, true},
		{"the case of letters does not matter", `data.data matches "^CAF"`, true},
		{"a byte is a character", `data.data matches "^caf..$"`, true},
		{"a letter beyond ASCII is its bytes", `data.data matches "é"`, true},
		{"where and when it was seen", "frame.interface_name == \"s1.2\" and frame.time_relative == 1.5", true},
		{"how many there are", "count(ip.addr) == 2 and count(ip) == 1", true},
		{"bits of two fields", "icmp.seq & ip.ttl == 0", true},
		{"any and all", "any ip.addr == 10.0.0.1 and all ip.addr == 10.0.0.0/30 and not all ip.addr == 10.0.0.1", true},
		{"a network of no bits", "ip.src == 0.0.0.0/0", true},
		{"one layer of several", "ip.src#1 == 10.0.0.1 and not ip.src#2", true},
	} {
		f, err := Compile(c.filter)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if got := f.Match(decode.Open(p)); got != c.want {
			t.Errorf("%s: %s: got %v, want %v", c.name, c.filter, got, c.want)
		}
	}
}

// An error says what is wrong, where, and what to do.
func TestErrors(t *testing.T) {
	for _, c := range []struct {
		filter string
		column int
		want   string
	}{
		{"ip.scr == 10.0.0.1", 1, "did you mean ip.src?"},
		{"arp and ip.tll > 3", 9, "did you mean ip.ttl?"},
		{"dns.name == \"a\"", 1, "dns.qry.name"},
		{"tcp.seq == 0", 1, "use tcp.seq_raw"},
		{"arp and frame.number < 3", 9, "use frame.time_relative"},
		{"ip.ttl = 64", 8, "= is no comparison: write =="},
		{"ip.ttl == 64 && ", 17, "ends too early"},
		{"(arp or ip", 1, "this bracket is not closed"},
		{"arp)", 4, ") can't stand here"},
		{"arp AND ip", 5, "written in small letters: and"},
		{"arp ip", 5, "join conditions with and, or, xor"},
		{"(tcp.flags & 2) == 2", 17, "round brackets stand around conditions only"},
		{"tcp.port in 80", 13, "a set stands in braces"},
		{"tcp.port in {80 81}", 17, "commas between"},
		{"tcp.port in {90..80}", 14, "its lower end first"},
		{"ip.src == 10.0.0.0/33", 11, "compare it with one, such as 10.0.0.1"},
		{"ip.src == \"10.0.0.1\"", 11, "ip.src is an IPv4 address"},
		{"ip.ttl == 256", 11, "at most 255"},
		{"ip.ttl == big", 11, "this is no number"},
		{"ip.ttl + 1 == 3", 8, "sums are not in this language"},
		{"ip.ttl == -1", 11, "no negative numbers"},
		{"eth.src == 02:00", 12, "take a slice of it"},
		{"eth.src[0:3 == 02:00:00", 8, "this bracket is not closed"},
		{"eth.src[x] == 02", 9, "a slice is"},
		{"eth.src[5] == 10", 15, "write 0x10 or 0xa"},
		{"ip.ttl[0] == 1", 1, "has no bytes to choose from"},
		{"dns.qry.name == example.org", 17, "in double quotes, such as \"example.org\""},
		{"dns.qry.name matches \"(\"", 22, "missing closing )"},
		{"dns.qry.name matches \"(?=a)\"", 22, "docs/filters.md"},
		{"dns.qry.name matches www", 22, "stands in double quotes"},
		{"ip.ttl contains 4", 1, "string(ip.ttl)"},
		{"tcp == 4", 1, "is a protocol"},
		{"ip.src == eth.src", 8, "can't be compared"},
		{"arp.opcode == \"shout\"", 15, "\"request\", \"reply\""},
		{"tcp.flags.syn == 2", 18, "compare it with 1 or 0"},
		{"len(ip.ttl) == 1", 5, "len takes bytes or text"},
		{"length(frame) == 1", 1, "there are len, count, lower, upper, string"},
		{"len(frame)", 1, "compare it, as in len(...) > 1"},
		{"1 == 1", 3, "neither side is a field"},
		{"\"abc\"", 1, "a value alone is no condition"},
		{"any arp", 1, "any stands before a comparison"},
		{"frame contains \"\\q\"", 17, "no escape like this"},
		{"frame contains \"abc", 16, "this quote is not closed"},
		{"ip.src#0 == 10.0.0.1", 8, "which layer is meant"},
		{"é == 1", 1, "has no meaning here"},
		{"arp and é", 9, "has no meaning here"},
		{"ip.src == ${ip.dst}", 11, "not in this language"},
		{"\xff", 1, "not UTF-8"},
		{strings.Repeat("!", 60) + "arp", 51, "more than 50 deep"},
		{strings.Repeat("(", 60) + "arp", 51, "more than 50 deep"},
		{strings.Repeat("arp or ", 500) + "arp", 1, "more than 400"},
		{strings.Repeat(" ", MaxText) + "arp", 1, "at most 4096"},
		{"frame matches \"((a{50}){50}){2}\"", 15, "repeat"},
	} {
		_, err := Compile(c.filter)
		var e *Error
		if !errors.As(err, &e) {
			t.Errorf("%s: error %v, want one with %q", c.filter, err, c.want)
			continue
		}
		if e.Column != c.column && !strings.HasPrefix(c.want, "more than ") || !strings.Contains(e.Say, c.want) {
			t.Errorf("%.80s: column %d: %s; want column %d and %q", c.filter, e.Column, e.Say, c.column, c.want)
		}
	}
}

// The form in which a filter is shown is the filter.
func TestString(t *testing.T) {
	for _, c := range [][2]string{
		{"ip.src==10.0.0.1&&!(arp||tcp.flags&2)", "ip.src == 10.0.0.1 and not (arp or tcp.flags & 2)"},
		{"(arp or ip) and (tcp or udp xor dns)", "(arp or ip) and (tcp or udp xor dns)"},
		{"arp or (ip or tcp)", "arp or (ip or tcp)"},
		{"tcp.port in {80,443,8000..8080}", "tcp.port in {80, 443, 8000..8080}"},
		{"tcp.port not in {0x50}", "not tcp.port in {0x50}"},
		{"eth.src[0-2] eq aa-bb-cc and eth.src[-1] == 0x05", "eth.src[0:3] == aa:bb:cc and eth.src[-1:1] == 05:"},
		{"any ip.addr != 10.0.0.1", "any ip.addr != 10.0.0.1"},
		{"ip.addr === 10.0.0.1 or ip.addr ~= 10.0.0.2", "ip.addr === 10.0.0.1 or ip.addr !== 10.0.0.2"},
		{`frame matches r"a\.b" and lower(dns.qry.name) contains "\x00é"`, `frame matches "a\\.b" and lower(dns.qry.name) contains "\x00\xc3\xa9"`},
		{"1 < ip.ttl < 9", "1 < ip.ttl and ip.ttl < 9"},
		{"ip.src#2 == 10.0.0.1", "ip.src#2 == 10.0.0.1"},
	} {
		f, err := Compile(c[0])
		if err != nil {
			t.Errorf("%s: %v", c[0], err)
			continue
		}
		if got := f.String(); got != c[1] {
			t.Errorf("%s: got %s, want %s", c[0], got, c[1])
		}
		again(t, f)
	}
}

// again compiles what a filter is shown as.
func again(t *testing.T, f *Filter) *Filter {
	t.Helper()
	g, err := Compile(f.String())
	if err != nil {
		t.Fatalf("%s, as a filter is shown: %v", f, err)
	}
	if g.String() != f.String() {
		t.Fatalf("%s is shown as %s when it is read again", f, g)
	}
	return g
}

// FuzzCompile: no text makes the compiler panic; what compiles is shown so that it
// compiles to the same; and neither chooses other frames, whatever they are.
func FuzzCompile(f *testing.F) {
	text, err := os.ReadFile("testdata/filters.txt")
	if err != nil {
		f.Fatal(err)
	}
	frame := ping(f).Data
	for line := range strings.Lines(string(text)) {
		f.Add(strings.TrimPrefix(strings.TrimSpace(line), "refused: "), frame)
	}
	f.Fuzz(func(t *testing.T, text string, frame []byte) {
		c, err := Compile(text)
		if err != nil {
			var e *Error
			if !errors.As(err, &e) || e.Column < 1 || e.Say == "" {
				t.Errorf("%q: error %v", text, err)
			}
			return
		}
		before := bytes.Clone(frame)
		p := decode.Open(decode.Packet{Link: decode.Ethernet, Data: frame, Iface: "s1.1"})
		if got, want := again(t, c).Match(p), c.Match(p); got != want {
			t.Errorf("%q: got %v of its shown form, want %v", text, got, want)
		}
		if !bytes.Equal(frame, before) {
			t.Error("matching changed the frame")
		}
	})
}
