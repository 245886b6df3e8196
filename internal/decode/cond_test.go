package decode

import (
	"strings"
	"testing"
)

// Fields may be right in several ways, in some of their bytes and in some of their bits.
func TestConditions(t *testing.T) {
	dns := made(t, Ethernet, "ip.src", "10.0.0.1", "ip.dst", "10.0.0.2", "udp.dstport", "53", "ip.dsfield", "0xb9", "udp.payload", "1234 8503 0001")
	for _, c := range []struct {
		name, field string
		conds       []Cond
		ok          bool
		text        string
	}{
		{"bytes at an offset", "data.data", []Cond{{Op: WantAt, At: 2, Values: []string{"85"}}}, true, "has 85 at byte 2"},
		{"other bytes there", "data.data", []Cond{{Op: WantAt, At: 3, Values: []string{"85"}}}, false, "has 85 at byte 3"},
		{"beyond the end", "data.data", []Cond{{Op: WantAt, At: 5, Values: []string{"0100"}}}, false, "has 0100 at byte 5"},
		{"far beyond", "data.data", []Cond{{Op: WantAt, At: 60000, Values: []string{"01"}}}, false, "has 01 at byte 60000"},
		{"some bits of a byte", "data.data", []Cond{{Op: WantAt, At: 3, Mask: "0f", Values: []string{"a3"}}}, true, "has a3 at byte 3 in the bits 0f"},
		{"other bits", "data.data", []Cond{{Op: WantAt, At: 3, Mask: "0f", Values: []string{"02"}}}, false, "has 02 at byte 3 in the bits 0f"},
		{"one of two beginnings", "data.data", []Cond{{Op: WantStarts, Values: []string{"ff"}}, {Op: WantStarts, Values: []string{"1234"}}}, true, "starts with ff or starts with 1234"},
		{"half a byte at the end", "data.data", []Cond{{Op: WantStarts, Values: []string{"12348"}}}, true, "starts with 12348"},
		{"another half", "data.data", []Cond{{Op: WantStarts, Values: []string{"12349"}}}, false, "starts with 12349"},
		{"a dot is any digit", "data.data", []Cond{{Op: WantIs, Values: []string{"1234 8.03 0001"}}}, true, "1234 8.03 0001"},
		{"of so many bytes", "data.data", []Cond{{Op: WantIs, Values: []string{"1234 8.03 00"}}}, false, "1234 8.03 00"},
		{"somewhere, but for a digit", "data.data", []Cond{{Op: WantContains, Values: []string{"8.03"}}}, true, "contains 8.03"},
		{"nowhere", "data.data", []Cond{{Op: WantContains, Values: []string{"7.03"}}}, false, "contains 7.03"},
		{"bits of a number", "ip.dsfield", []Cond{{Op: WantIs, Mask: "0xfc", Values: []string{"0xb8"}}}, true, "0xb8 in the bits 0xfc"},
		{"bits that are not so", "ip.dsfield", []Cond{{Op: WantIs, Mask: "0x03", Values: []string{"2"}}}, false, "2 in the bits 0x03"},
		{"not what begins so", "data.data", []Cond{{Op: WantNot, Not: []Cond{{Op: WantStarts, Values: []string{"ff"}}}}}, true, "not starts with ff"},
		{"not, of several", "data.data", []Cond{{Op: WantNot, Values: []string{"00"}, Not: []Cond{{Op: WantStarts, Values: []string{"1234"}}}}}, false, "not 00 or starts with 1234"},
		{"a value or a condition", "ip.dsfield", []Cond{{Values: []string{"0"}}, {Op: WantNot, Values: []string{"1"}}}, true, "0 or not 1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, err := WantOneOf(c.field, c.conds...)
			if err != nil {
				t.Fatal(err)
			}
			if ok, out := Compare(Ethernet, dns, []Want{w}); ok != c.ok || out[0].Want != c.text || Meets(Ethernet, dns, []Want{w}) != c.ok {
				t.Errorf("got %t, %+v; want %t, %q", ok, out, c.ok, c.text)
			}
		})
	}
	for _, c := range []struct {
		name, field string
		cond        Cond
		want        string
	}{
		{"a number has no bytes", "ip.ttl", Cond{Op: WantAt, Values: []string{"01"}}, "only bytes can have something at a byte"},
		{"a mask of another length", "data.data", Cond{Op: WantAt, Mask: "ff", Values: []string{"0102"}}, "a mask of as many bytes as the value has, 2"},
		{"a mask of a range", "ip.ttl", Cond{Mask: "0xf0", Values: []string{"1..5"}}, "mask is for a value"},
		{"a mask of nothing", "ip.ttl", Cond{Mask: "0", Values: []string{"1"}}, "a mask, such as 0xf0"},
		{"no digit", "data.data", Cond{Op: WantStarts, Values: []string{"1g."}}, "a dot for any digit"},
		{"before the frame", "data.data", Cond{Op: WantAt, At: -1, Values: []string{"00"}}, "is in no frame"},
		{"too long to be looked for by its bits", "data.data", Cond{Op: WantContains, Values: []string{strings.Repeat("0.", 65)}}, "at most 64 bytes"},
	} {
		if _, err := WantOneOf(c.field, c.cond); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", c.name, err, c.want)
		}
	}
}
