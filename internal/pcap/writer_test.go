package pcap

import (
	"bytes"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/google/gopacket/pcapgo"

	"wireloom/vnet/packet"
)

var update = flag.Bool("update", false, "rewrite the golden file")

// broken fails after it has taken n bytes.
type broken struct{ n int }

var errBroken = errors.New("disk full")

func (b *broken) Write(p []byte) (int, error) {
	if b.n -= len(p); b.n < 0 {
		return 0, errBroken
	}
	return len(p), nil
}

func unhex(s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return b
}

var (
	arp  = unhex("ffffffffffff0200000000010806000108000604000102000000000a0a000001" + "0000000000000a000002")
	ip   = unhex("450000200000000040119ec80a0000010a000002115c0035000c0000" + "61626364")
	null = append([]byte{2, 0, 0, 0}, ip...)
)

// must is for what cannot fail in a test.
func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// written is the capture that the golden file holds.
func written(t *testing.T) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := NewWriter(&out, 0)
	must(t, err)
	for _, i := range []*Interface{
		{Name: "s1.1", Description: "port 1 of switch s1", Link: packet.LinkEthernet},
		{Name: "bob:tun0", Comment: "filter: ip", Link: packet.LinkRaw},
		{Name: "eve:tun0", Link: packet.LinkNull},
	} {
		_, err := w.Interface(i)
		must(t, err)
	}
	put := func(iface int, link packet.Link, p *Packet) {
		t.Helper()
		ok, err := w.Packet(iface, link, p)
		if must(t, err); !ok {
			t.Fatal("a packet is left out where there is no limit")
		}
	}
	put(0, packet.LinkEthernet, &Packet{At: 1, Frame: 7, Flow: Outbound, Data: arp})
	put(1, packet.LinkRaw, &Packet{At: time.Millisecond, Flow: Inbound, Data: ip, Comments: []string{"a comment", "another, ünïcode"}})
	put(0, packet.LinkEthernet, &Packet{At: 2*time.Millisecond + 3, Missing: 12, Data: arp[:33], Comments: []string{"dropped (queue-full)"}})
	put(2, packet.LinkNull, &Packet{At: 5 * time.Second, Data: null})
	must(t, w.Statistics(0, 6*time.Second, &Statistics{From: 1, Received: 15, Dropped: 1, Accepted: 14, Missing: 12, Written: 2}))
	must(t, w.Flush())
	return out.Bytes()
}

func TestGolden(t *testing.T) {
	const golden = "testdata/golden.pcapng"
	got := written(t)
	if *update {
		must(t, os.WriteFile(golden, got, 0o644))
	}
	want, err := os.ReadFile(golden)
	must(t, err)
	if !bytes.Equal(got, want) {
		t.Errorf("the capture is not the one in %s:\n got %x\nwant %x", golden, got, want)
	}
	for _, tell := range []string{"amd64", "arm64", "linux", "darwin", "gopacket"} {
		if bytes.Contains(got, []byte(tell)) {
			t.Errorf("the capture tells %q of the machine that wrote it", tell)
		}
	}
}

// Another program's reader finds what was written.
func TestReadBack(t *testing.T) {
	r, err := pcapgo.NewNgReader(bytes.NewReader(written(t)), pcapgo.NgReaderOptions{WantMixedLinkType: true})
	must(t, err)
	for i, want := range []struct {
		at    time.Duration
		iface string
		link  int
		data  []byte
	}{
		{1, "s1.1", 1, arp},
		{time.Millisecond, "bob:tun0", 101, ip},
		{2*time.Millisecond + 3, "s1.1", 1, arp[:33]},
		{5 * time.Second, "eve:tun0", 0, null},
	} {
		data, ci, err := r.ReadPacketData()
		must(t, err)
		f, err := r.Interface(ci.InterfaceIndex)
		must(t, err)
		if f.Name != want.iface || int(f.LinkType) != want.link || f.SnapLength != SnapLen || f.TimestampResolution != 9 {
			t.Errorf("frame %d: interface %q link %d snap %d, want %q %d", i, f.Name, f.LinkType, f.SnapLength, want.iface, want.link)
		}
		if got := ci.Timestamp.Sub(time.Unix(0, 0)); got != want.at {
			t.Errorf("frame %d: at %v, want %v", i, got, want.at)
		}
		if !bytes.Equal(data, want.data) || ci.Length != len(want.data) {
			t.Errorf("frame %d: %x of %d bytes, want %x", i, data, ci.Length, want.data)
		}
	}
	if _, _, err := r.ReadPacketData(); !errors.Is(err, io.EOF) {
		t.Errorf("after the last frame: %v, want EOF", err)
	}
	f, err := r.Interface(0)
	must(t, err)
	if s := f.Statistics; s.PacketsReceived != 15 || s.PacketsDropped != 1 || s.EndTime.Sub(time.Unix(0, 0)) != 6*time.Second {
		t.Errorf("statistics %+v", s)
	}
	if got := r.SectionInfo(); got.Application != "wireloom" || got.OS != "" || got.Hardware != "" {
		t.Errorf("section info %+v, want the application alone", got)
	}
}

func TestWriterRefuses(t *testing.T) {
	w, err := NewWriter(io.Discard, 0)
	must(t, err)
	_, err = w.Interface(&Interface{Name: "s1.1", Link: packet.LinkEthernet})
	must(t, err)
	iface := func(i Interface) error {
		_, err := w.Interface(&i)
		return err
	}
	frame := func(link packet.Link, p Packet) error {
		_, err := w.Packet(0, link, &p)
		return err
	}
	for _, tc := range []struct {
		name string
		err  error
		want string
	}{
		{"time before the start", frame(packet.LinkEthernet, Packet{At: -1}), "before the lab's start"},
		{"another link type", frame(packet.LinkRaw, Packet{}), "link type ethernet: a frame of link type raw"},
		{"unknown link type", iface(Interface{Name: "x", Link: 9}), "unknown link type 9"},
		{"no name", iface(Interface{Link: packet.LinkEthernet}), "want 1 to 255"},
		{"long name", iface(Interface{Name: strings.Repeat("n", 256), Link: packet.LinkEthernet}), "want 1 to 255"},
	} {
		if tc.err == nil || !strings.Contains(tc.err.Error(), tc.want) {
			t.Errorf("%s: error %v, want one with %q", tc.name, tc.err, tc.want)
		}
	}
	must(t, frame(packet.LinkEthernet, Packet{Data: arp, Comments: []string{strings.Repeat("ü", 70000), "\xff"}}))
	for i := range MaxInterfaces {
		err = iface(Interface{Name: fmt.Sprint(i), Link: packet.LinkEthernet})
	}
	if err == nil || !strings.Contains(err.Error(), "at most 65536") {
		t.Errorf("one interface too many: %v", err)
	}
}

// What a capture lacks for its limit is its end, and there is room for what it counts.
func TestLimitOfBytes(t *testing.T) {
	var out bytes.Buffer
	const limit = 1000
	w, err := NewWriter(&out, limit)
	must(t, err)
	_, err = w.Interface(&Interface{Name: "s1.1", Link: packet.LinkEthernet})
	must(t, err)
	n := 0
	for range 100 {
		ok, err := w.Packet(0, packet.LinkEthernet, &Packet{Data: arp})
		if must(t, err); ok {
			n++
		}
	}
	if ok, _ := w.Packet(0, packet.LinkEthernet, &Packet{}); ok || n < 5 {
		t.Errorf("after %d packets a small one still fits: %v", n, ok)
	}
	if id, err := w.Interface(&Interface{Name: "s1.2", Link: packet.LinkEthernet}); id != -1 || err != nil {
		t.Errorf("an interface more is %d, %v", id, err)
	}
	must(t, w.Statistics(0, 0, &Statistics{}))
	must(t, w.Flush())
	if out.Len() > limit || out.Len() < limit-statisticsSize {
		t.Errorf("%d bytes, want nearly %d", out.Len(), limit)
	}
}

func TestWriteErrorIsKept(t *testing.T) {
	if _, err := NewWriter(&broken{n: 10}, 0); !errors.Is(err, errBroken) {
		t.Errorf("NewWriter over a broken writer: %v, want %v", err, errBroken)
	}
	w, err := NewWriter(&broken{n: 100}, 0)
	must(t, err)
	_, err = w.Interface(&Interface{Name: "s1.1", Link: packet.LinkEthernet})
	must(t, err)
	_, err = w.Packet(0, packet.LinkEthernet, &Packet{Data: arp})
	must(t, err)
	if err := w.Flush(); !errors.Is(err, errBroken) {
		t.Errorf("Flush: %v, want %v", err, errBroken)
	}
	if _, err := w.Packet(0, packet.LinkEthernet, &Packet{Data: arp}); !errors.Is(err, errBroken) {
		t.Errorf("Packet after an error: %v, want %v", err, errBroken)
	}
}

// tshark reads the golden capture: names, ways, comments, and what was counted.
func TestTsharkReadsIt(t *testing.T) {
	const golden = "testdata/golden.pcapng"
	read := func(args ...string) string {
		t.Helper()
		out, err := exec.CommandContext(t.Context(), "tshark", append([]string{"-n", "-r", golden, "-T", "fields"}, args...)...).Output()
		if err != nil {
			t.Fatalf("tshark, which this test needs (apt-get install tshark): %v", err)
		}
		return string(out)
	}
	const packets = "s1.1\tport 1 of switch s1\t0x00000002\t7\t\t\n" +
		"bob:tun0\t\t0x00000001\t\t\ta comment,another, ünïcode\n" +
		"s1.1\tport 1 of switch s1\t\t\t12\tdropped (queue-full)\n" +
		"eve:tun0\t\t\t\t\t\n"
	if got := read("-e", "frame.interface_name", "-e", "frame.interface_description", "-e", "frame.packet_flags_direction", "-e", "frame.packet_id", "-e", "frame.drop_count", "-e", "frame.comment"); got != packets {
		t.Errorf("tshark reads\n%s\nwant\n%s", got, packets)
	}
	args := []string{"-X", "read_format:MIME Files Format"}
	for _, f := range []string{"received", "dropped", "accepted_by_filter", "dropped_by_os", "delivered_to_user"} {
		args = append(args, "-e", "pcapng.options.option.data.interface."+f)
	}
	if got := read(args...); got != "15\t1\t14\t12\t2\n" {
		t.Errorf("of what was counted tshark reads %q", got)
	}
}
