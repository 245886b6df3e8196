package decode

import (
	"bytes"
	"runtime"
	"strings"
	"testing"

	"wireloom/vnet/packet"
	"wireloom/vnet/packet/packettest"
)

func seeds(f *testing.F) {
	for _, in := range [][]string{
		{"arp.opcode", "1"},
		with("icmp.seq", "1", "data.data", "01"),
		with("icmp.type", "3", "icmp.code", "1", "data.data", "4500001c000000004011000001010101020202020007000900080000"),
		with("udp.srcport", "53", "udp.dstport", "67", "data.data", "01"),
		with("vlan.id", "9", "tcp.options.mss_val", "9", "tcp.options.timestamp.tsval", "1"),
		with("ip.options", "94040000", "udp.dstport", "1"),
		{"icmpv6.nd.na.target_address", "fd00::2", "icmpv6.opt.linkaddr", "02:00:00:00:00:01"},
		{"ipv6.nxt", "0", "data.data", "1100010400000000", "ipv6.src", "fd00::1"},
	} {
		b := build(f, Ethernet, in...)
		f.Add(uint8(0), b)
		f.Add(uint8(1), b[14:])
		f.Add(uint8(2), append([]byte{2, 0, 0, 0}, b[14:]...))
	}
	arp := build(f, Ethernet, "arp.hw.size", "200", "arp.proto.size", "90", "data.data", strings.Repeat("00", 600))
	f.Add(uint8(0), arp)
}

// FuzzDecode: nothing panics, every byte range is in the frame, and nothing
// changes the frame.
func FuzzDecode(f *testing.F) {
	seeds(f)
	var all []Want
	for _, i := range FieldNames() {
		if w, err := NewWant(i.Name, WantIs, "any"); err == nil {
			all = append(all, w)
		}
	}
	f.Fuzz(func(t *testing.T, link uint8, b []byte) {
		before := bytes.Clone(b)
		Summarize(Link(link), b)
		checkTree(t, Tree(Link(link), b), b)
		if ok, _ := Compare(Link(link), b, all); ok != Meets(Link(link), b, all) {
			t.Error("Compare and Meets differ")
		}
		if !bytes.Equal(b, before) {
			t.Error("decoding changed the frame")
		}
	})
}

// FuzzBuild: no fields make building panic, and what is built decodes within its bounds.
func FuzzBuild(f *testing.F) {
	f.Add("ip.ttl", "3", "udp.dstport", "53")
	f.Add("eth.dst", "ff:ff:ff:ff:ff:ff", "arp.opcode", "reply")
	f.Add("tcp.options", "01:02", "data.data", "dead")
	f.Fuzz(func(t *testing.T, n1, v1, n2, v2 string) {
		b, err := Build(Ethernet, kvs(n1, v1, n2, v2))
		if err != nil {
			return
		}
		Summarize(Ethernet, b)
		checkTree(t, Tree(Ethernet, b), b)
	})
}

// FuzzAgainstWire holds gopacket's reading and package wire's to each other.
func FuzzAgainstWire(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, _ uint8, b []byte) {
		if len(b) > MaxFrame {
			return
		}
		ls := walk(Ethernet, b)
		has := func(p proto) *layer {
			for i := range ls {
				if ls[i].proto == p && ls[i].bad == "" {
					return &ls[i]
				}
			}
			return nil
		}
		want := func(name, v string) {
			if diff := compare(t, Ethernet, b, kvs(name, v)); len(diff) != 0 {
				t.Errorf("%+v: wire says %s\n%x", diff, v, b)
			}
		}
		e, err := packet.ParseEthernet(b)
		if err != nil {
			if ls[0].bad == "" {
				t.Errorf("wire refuses a frame: %v", err)
			}
			return
		}
		want("eth.src", e.Src().String())
		want("eth.dst", e.Dst().String())
		if e.Type() == packet.TypeARP {
			a, err := packet.ParseARP(e.Payload())
			if err == nil {
				want("arp.src.hw_mac", packettest.SenderMAC(a).String())
				want("arp.dst.proto_ipv4", a.TargetIP().String())
			}
		}
		if e.Type() == packet.TypeIPv4 {
			p, err := packet.ParseIPv4(e.Payload())
			l := has(pIPv4)
			if err != nil && l != nil || err == nil && l == nil && p.HeaderLen() == packet.IPv4Len {
				t.Errorf("IPv4: wire says %v, decode %+v", err, ls) // of options only gopacket looks at the form
			}
			if err == nil {
				want("ip.src", p.Src().String())
				want("ip.dst", p.Dst().String())
			}
		}
		if e.Type() == packet.TypeIPv6 {
			p, err := packet.ParseIPv6(e.Payload())
			if err == nil {
				want("ipv6.src", p.Src().String())
				want("ipv6.dst", p.Dst().String())
			}
			if l := has(pIPv6); err != nil && l != nil {
				t.Errorf("IPv6: wire says %v, decode %+v", err, ls)
			}
		}
		if e.Type() == packet.TypeIPv4 || e.Type() == packet.TypeIPv6 {
			agreeOnChecksums(t, ls, b)
		}
	})
}

// agreeOnChecksums: every checksum that wire finds wrong decode finds wrong, with
// the same right value, and the other way round.
func agreeOnChecksums(t *testing.T, ls []layer, b []byte) {
	wrong := map[string]uint16{}
	for i := range ls {
		if c := ls[i].check; c.known && c.got != c.want {
			wrong[protos[ls[i].proto].short] = c.want
		}
	}
	for _, c := range packettest.Checksums(b) {
		if got, ok := wrong[c.Header]; !ok || got != c.Want {
			t.Errorf("wire: %v; decode: should be 0x%04x (%v)", c, got, ok)
		}
		delete(wrong, c.Header)
	}
	if e, _ := packet.ParseEthernet(b); !ipOK(e) {
		return // wire verifies nothing in what it refuses
	}
	for name, want := range wrong {
		t.Errorf("decode: %s checksum should be 0x%04x; wire finds nothing wrong", name, want)
	}
}

func ipOK(e packet.Ethernet) bool {
	_, err4 := packet.ParseIPv4(e.Payload())
	_, err6 := packet.ParseIPv6(e.Payload())
	return err4 == nil || err6 == nil
}

// The worst frames found take less than a megabyte.
func TestMemoryIsBounded(t *testing.T) {
	hop := build(t, Ethernet, "ipv6.nxt", "0", "data.data", "3aff"+strings.Repeat("00", 2046)+strings.Repeat("ab", 60000))
	full := bytes.Repeat([]byte{0xff}, MaxFrame)
	arp := append(build(t, Ethernet, "arp.hw.size", "255", "arp.proto.size", "255"), make([]byte, 65000)...)
	nd := build(t, Ethernet, "icmpv6.type", "133", "data.data", strings.Repeat("0101020000000001", 8000))
	for i, b := range [][]byte{hop, full, arp, nd, make([]byte, MaxFrame)} {
		for link := Ethernet; link <= Null; link++ {
			var m0, m1 runtime.MemStats
			runtime.ReadMemStats(&m0)
			Tree(link, b)
			Summarize(link, b)
			compare(t, link, b, kvs("data.data", "00"))
			runtime.ReadMemStats(&m1)
			if n := m1.TotalAlloc - m0.TotalAlloc; n > 1<<20 {
				t.Errorf("frame %d, link %d: %d bytes allocated, want at most 1 MiB", i, link, n)
			}
		}
	}
}
