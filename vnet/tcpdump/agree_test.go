package tcpdump

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"wireloom/vnet/tcpdump/show"

	"wireloom/vnet/pcapfilter"
)

// dlts are the links in a file's header.
var dlts = map[pcapfilter.Link]uint32{pcapfilter.Ethernet: 1, pcapfilter.Raw: 101, pcapfilter.Null: 0}

// file is the packets as tcpdump reads them.
func file(t testing.TB, link pcapfilter.Link, packets []Packet) string {
	t.Helper()
	le := binary.LittleEndian
	b := append([]byte{0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0}, make([]byte, 8)...)
	b = le.AppendUint32(b, 262144)
	b = le.AppendUint32(b, dlts[link])
	for _, p := range packets {
		b = le.AppendUint32(b, uint32(p.At/time.Second))
		b = le.AppendUint32(b, uint32(p.At%time.Second/time.Microsecond))
		b = le.AppendUint32(b, uint32(len(p.Data)))
		b = le.AppendUint32(b, uint32(p.Size))
		b = append(b, p.Data...)
	}
	name := filepath.Join(t.TempDir(), "in.pcap")
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// ways are options, and how tcpdump is given them.
type way struct {
	args string
	opt  show.Options
}

var ways = []way{
	{"-n", show.Options{Numbers: true}},
	{"-ne", show.Options{Numbers: true, Link: true}},
	{"-nv", show.Options{Numbers: true, Verbose: 1}},
	{"-nvve", show.Options{Numbers: true, Verbose: 2, Link: true}},
	{"-nvvv#", show.Options{Numbers: true, Verbose: 3, Count: true}},
	{"-nq", show.Options{Numbers: true, Quiet: true}},
	{"-nqve", show.Options{Numbers: true, Quiet: true, Verbose: 1, Link: true}},
	{"-nSKv", show.Options{Numbers: true, Absolute: true, NoSums: true, Verbose: 1}},
	{"-nx", show.Options{Numbers: true, Hex: 1}},
	{"-nxx", show.Options{Numbers: true, Hex: 2}},
	{"-nX", show.Options{Numbers: true, HexASCII: 1}},
	{"-nXX", show.Options{Numbers: true, HexASCII: 2}},
	{"-nA", show.Options{Numbers: true, ASCII: 1}},
	{"-nt", show.Options{Numbers: true, Stamp: show.NoStamp}},
	{"-ntt", show.Options{Numbers: true, Stamp: show.Seconds}},
	{"-nttt", show.Options{Numbers: true, Stamp: show.SinceOne}},
	{"-ntttt", show.Options{Numbers: true, Stamp: show.Dated}},
	{"-nttttt", show.Options{Numbers: true, Stamp: show.SinceAll}},
}

// compare puts our text of the packets beside tcpdump's, in each way. The first whole are
// whole packets; shown is how many differences are.
func compare(t *testing.T, link pcapfilter.Link, packets []Packet, whole int, ways []way, shown int) {
	t.Helper()
	name := file(t, link, packets)
	for _, w := range ways {
		packets, name := packets, name
		if w.opt.Stamp == show.NoStamp && len(packets) > whole { // one difference would look like many
			packets = packets[:whole]
			name = file(t, link, packets)
		}
		c := exec.Command("tcpdump", w.args, "-r", name)
		c.Env = append(os.Environ(), "TZ=UTC")
		var errs bytes.Buffer
		c.Stderr = &errs
		want, err := c.Output()
		if err != nil {
			t.Fatalf("tcpdump %s: %v\n%s", w.args, err, errs.Bytes())
		}
		p, marks := New(w.opt), New(w.opt)
		begin := func(k Packet) string { // what stands before a packet's text
			marks.seen++
			x := &text{Text: &show.Text{Options: w.opt}, p: marks}
			if w.opt.Count {
				x.F("%5d  ", marks.seen)
			}
			x.stamp(k.At)
			return string(x.Out)
		}
		begin(packets[0])
		bad, wants := 0, string(want)
		for i, k := range packets {
			got, theirs := string(p.Append(nil, k)), wants
			if i+1 < len(packets) {
				mark := begin(packets[i+1])
				if w.opt.Stamp == show.NoStamp { // nothing to know the next by: it must be ours
					mark = ""
				}
				if mark == "" {
					theirs = wants[:min(len(got), len(wants))]
				} else if j := strings.Index(wants, "\n"+mark); j >= 0 {
					theirs = wants[:j+1]
				}
			}
			wants = wants[len(theirs):]
			if got != theirs {
				if bad++; bad <= shown {
					t.Errorf("tcpdump %s, packet %d %x\nours:   %stheirs: %s", w.args, i, k.Data, got, theirs)
				}
			}
		}
		if bad > 0 {
			t.Errorf("tcpdump %s: %d of %d packets differ", w.args, bad, len(packets))
		}
	}
}

// TestGivenCaptures compares with the captures that are named by an environment variable: for
// trying by hand.
func TestGivenCaptures(t *testing.T) {
	for _, name := range filepath.SplitList(os.Getenv("CAPTURES")) {
		t.Run(filepath.Base(name), func(t *testing.T) {
			link, packets := read(t, name)
			compare(t, link, packets, len(packets), ways, 3)
		})
	}
}

// read reads a pcap file of microseconds.
func read(t *testing.T, name string) (pcapfilter.Link, []Packet) {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	le := binary.LittleEndian
	link := pcapfilter.Ethernet
	switch le.Uint32(b[20:]) {
	case 1:
	case 101:
		link = pcapfilter.Raw
	default:
		link = pcapfilter.Null
	}
	var out []Packet
	for b = b[24:]; len(b) >= 16; {
		n := le.Uint32(b[8:])
		at := time.Duration(le.Uint32(b))*time.Second + time.Duration(le.Uint32(b[4:]))*time.Microsecond
		out = append(out, Packet{Link: link, At: at, Data: b[16 : 16+n], Size: int(le.Uint32(b[12:]))})
		b = b[16+n:]
	}
	return link, out
}

// TestMix compares with packets of every kind, and with what is left of them cut and changed.
func TestMix(t *testing.T) {
	whole := mix(t)
	packets := slices.Clone(whole)
	r := rand.New(rand.NewPCG(5, 6))
	for range 2 {
		for _, f := range whole {
			x := slices.Clone(f)
			for range 1 + r.IntN(3) {
				x[12+r.IntN(len(x)-12)] = byte(r.Uint32())
			}
			packets = append(packets, x, f[:14+r.IntN(len(f)-13)])
		}
	}
	list := func(link pcapfilter.Link, front func(f []byte) []byte) (out []Packet) {
		for i, f := range packets {
			if f = front(f); len(f) == 0 {
				continue
			}
			k := Packet{Link: link, At: time.Duration(i) * 1234567 * time.Microsecond, Data: f, Size: len(f)}
			if i >= len(whole) && i%5 == 0 {
				k.Size += i % 70
			}
			out = append(out, k)
		}
		return out
	}
	compare(t, pcapfilter.Ethernet, list(pcapfilter.Ethernet, func(f []byte) []byte { return f }), len(whole), ways, 6)
	some := slices.DeleteFunc(slices.Clone(ways), func(w way) bool { return w.opt.Stamp != 0 || w.opt.ASCII+w.opt.HexASCII+w.opt.Hex > 1 })
	compare(t, pcapfilter.Raw, list(pcapfilter.Raw, func(f []byte) []byte { return f[14:] }), len(whole), some, 6)
	compare(t, pcapfilter.Null, list(pcapfilter.Null, func(f []byte) []byte {
		family := byte(2)
		if len(f) > 14 && f[14]>>4 == 6 {
			family = 28
		}
		return append([]byte{family, 0, 0, 0}, f[14:]...)
	}), len(whole), some, 6)
}
