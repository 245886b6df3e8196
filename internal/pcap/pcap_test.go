package pcap

import (
	"bytes"
	"encoding/hex"
	"errors"
	"flag"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"wireloom/vnet/packet"

	"github.com/google/gopacket/pcapgo"
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

func arp() []byte {
	b, _ := hex.DecodeString("ffffffffffff0200000000010806000108000604000102000000000a0a000001" + "0000000000000a000002")
	return b
}

func ip() []byte {
	b, _ := hex.DecodeString("450000200000000040119ec80a0000010a000002115c0035000c0000" + "61626364")
	return b
}

// write is the capture that the golden file holds.
func write(t *testing.T, out io.Writer) {
	t.Helper()
	w, err := NewConfig(out, Config{Epoch: time.Unix(1_700_000_000, 0), SnapLen: 40})
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{
		w.Frame(1, "s1.1", packet.LinkEthernet, arp(), ""),
		w.Frame(time.Millisecond, "bob:tun0", packet.LinkRaw, ip(), "a comment"),
		w.Frame(2*time.Millisecond+3, "s1.1", packet.LinkEthernet, arp()[:33], "dropped: queue full"),
		w.Frame(time.Second, "eve:tun0", packet.LinkNull, append([]byte{2, 0, 0, 0}, ip()...), ""),
		w.Flush(),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestGolden(t *testing.T) {
	const golden = "testdata/golden.pcapng"
	var got bytes.Buffer
	write(t, &got)
	if *update {
		if err := os.WriteFile(golden, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Bytes(), want) {
		t.Errorf("the capture is not the one in %s:\n got %x\nwant %x", golden, got.Bytes(), want)
	}
	for _, tell := range []string{"amd64", "arm64", "linux", "darwin", "gopacket"} {
		if bytes.Contains(got.Bytes(), []byte(tell)) {
			t.Errorf("the capture tells %q of the machine that wrote it", tell)
		}
	}
}

func TestReadBack(t *testing.T) {
	var out bytes.Buffer
	write(t, &out)
	r, err := pcapgo.NewNgReader(&out, pcapgo.NgReaderOptions{WantMixedLinkType: true})
	if err != nil {
		t.Fatal(err)
	}
	epoch := time.Unix(1_700_000_000, 0)
	for i, want := range []struct {
		at        time.Duration
		iface     string
		link      int
		data      []byte
		cut, full int
	}{
		{1, "s1.1", 1, arp(), 40, 42},
		{time.Millisecond, "bob:tun0", 101, ip(), 32, 32},
		{2*time.Millisecond + 3, "s1.1", 1, arp(), 33, 33},
		{time.Second, "eve:tun0", 0, append([]byte{2, 0, 0, 0}, ip()...), 36, 36},
	} {
		data, ci, err := r.ReadPacketData()
		if err != nil {
			t.Fatalf("frame %d: %v", i, err)
		}
		f, err := r.Interface(ci.InterfaceIndex)
		if err != nil {
			t.Fatal(err)
		}
		if f.Name != want.iface || int(f.LinkType) != want.link || f.SnapLength != 40 {
			t.Errorf("frame %d: interface %q link %d snap %d, want %q %d 40", i, f.Name, f.LinkType, f.SnapLength, want.iface, want.link)
		}
		if got := ci.Timestamp.Sub(epoch); got != want.at {
			t.Errorf("frame %d: at %v, want %v", i, got, want.at)
		}
		if !bytes.Equal(data, want.data[:want.cut]) || ci.Length != want.full {
			t.Errorf("frame %d: %x of %d bytes, want %x of %d", i, data, ci.Length, want.data[:want.cut], want.full)
		}
	}
	if _, _, err := r.ReadPacketData(); !errors.Is(err, io.EOF) {
		t.Errorf("after the last frame: %v, want EOF", err)
	}
	if got := r.SectionInfo(); got.Application != "wireloom" || got.OS != "" || got.Hardware != "" {
		t.Errorf("section info %+v, want the application alone", got)
	}
}

func TestEmptyCaptureIsASectionHeader(t *testing.T) {
	var out bytes.Buffer
	w, err := New(&out)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	empty := bytes.Clone(out.Bytes())
	if len(empty) < 28 || !bytes.HasPrefix(empty, []byte{0x0a, 0x0d, 0x0d, 0x0a}) {
		t.Fatalf("empty capture is %x, want a section header block", empty)
	}
	if err := w.Frame(0, "s1.1", packet.LinkEthernet, arp(), ""); err != nil {
		t.Fatal(err)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix(out.Bytes(), empty) || bytes.Count(out.Bytes(), empty[:4]) != 1 {
		t.Errorf("the section header is not there exactly once: %x", out.Bytes())
	}
}

func TestRefused(t *testing.T) {
	w, err := New(io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Frame(0, "s1.1", packet.LinkEthernet, arp(), ""); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name string
		err  error
		want string
	}{
		{"time before the start", w.Frame(-1, "s1.1", packet.LinkEthernet, nil, ""), "before the lab's start"},
		{"another link type", w.Frame(0, "s1.1", packet.LinkRaw, nil, ""), "link type ethernet: a frame of link type raw"},
		{"unknown link type", w.Frame(0, "x", 9, nil, ""), "unknown link type 9"},
		{"no name", w.Frame(0, "", packet.LinkEthernet, nil, ""), "want 1 to 255"},
		{"long name", w.Frame(0, strings.Repeat("n", 256), packet.LinkEthernet, nil, ""), "want 1 to 255"},
	} {
		if tc.err == nil || !strings.Contains(tc.err.Error(), tc.want) {
			t.Errorf("%s: error %v, want one with %q", tc.name, tc.err, tc.want)
		}
	}
	if err := w.Frame(0, "s1.1", packet.LinkEthernet, arp(), strings.Repeat("c", 70000)); err != nil {
		t.Errorf("after refusals and with a long comment: %v", err)
	}
	for _, cfg := range []Config{{SnapLen: -1}, {SnapLen: DefaultSnapLen + 1}, {Epoch: time.Unix(-1, 0)}, {Epoch: time.Unix(1<<40, 0)}} {
		if _, err := NewConfig(io.Discard, cfg); err == nil {
			t.Errorf("NewConfig(%+v) was accepted", cfg)
		}
	}
	for i := range MaxInterfaces {
		err = w.Frame(0, "p"+strings.Repeat("x", i%200)+time.Duration(i).String(), packet.LinkEthernet, nil, "")
	}
	if err == nil || !strings.Contains(err.Error(), "at most 4096") {
		t.Errorf("one interface too many: %v", err)
	}
}

func TestWriteErrorIsKept(t *testing.T) {
	if _, err := New(&broken{n: 10}); !errors.Is(err, errBroken) {
		t.Errorf("New over a broken writer: %v, want %v", err, errBroken)
	}
	w, err := New(&broken{n: 100})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Frame(0, "s1.1", packet.LinkEthernet, arp(), ""); err != nil {
		t.Fatal(err)
	}
	if err := w.Flush(); !errors.Is(err, errBroken) {
		t.Errorf("Flush: %v, want %v", err, errBroken)
	}
	if err := w.Frame(0, "s1.1", packet.LinkEthernet, arp(), ""); !errors.Is(err, errBroken) {
		t.Errorf("Frame after an error: %v, want %v", err, errBroken)
	}
}
