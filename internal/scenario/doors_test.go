package scenario

import (
	"encoding/binary"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"wireloom/internal/decode"
	"wireloom/vnet/config"
)

const doorFile = `scenario: doors
nodes: {a: {nics: {em0: {port: s1.1, address: 10.0.0.1/24}}}}
switches:
  s1:
    ports: 4
    port:
      2: {door: stream}
      3: {door: tap, isolated: true}
      4: {door: {file: captures/x}}
`

// capture is a pcap of a link type whose frames have those lengths, a millisecond apart;
// whole is how long the last one was on the wire.
func capture(link uint32, whole int, lengths ...int) []byte {
	le := binary.LittleEndian
	b := le.AppendUint32([]byte{0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0}, link)
	for i, n := range lengths {
		b = le.AppendUint32(le.AppendUint32(b, 1_700_000_000), uint32(i)*1000)
		b = le.AppendUint32(le.AppendUint32(b, uint32(n)), uint32(max(n, whole)))
		b = append(b, make([]byte, n)...)
	}
	return b
}

// ng is a pcapng block with its length before and behind it.
func ng(typ uint32, length int, body []byte) []byte {
	le := binary.LittleEndian
	b := le.AppendUint32(le.AppendUint32(nil, typ), uint32(length))
	return le.AppendUint32(append(b, body...), uint32(length))
}

func TestDoorsOfAFile(t *testing.T) {
	sc, err := Open(fstest.MapFS{"scenario.yaml": {Data: []byte(doorFile)}, "captures/x": {Data: capture(1, 0, 60, 14)}}, "doors")
	if err != nil {
		t.Fatal(err)
	}
	want := []config.DoorAt{{Port: "s1.2", Door: config.Door{Kind: config.Stream}}, {Port: "s1.3", Door: config.Door{Kind: config.Tap}}, {Port: "s1.4", Door: config.Door{Kind: config.Capture, File: "captures/x"}}}
	if got := sc.Lab.Doors(); len(got) != 3 || got[0] != want[0] || got[1] != want[1] || got[2] != want[2] {
		t.Errorf("got %v, want %v", got, want)
	}
	if frames, err := decode.ReadTimed(sc.Captures["captures/x"]); err != nil || len(frames) != 2 || frames[0].At != 0 || frames[1].At != time.Millisecond {
		t.Errorf("its capture has %v, %v", frames, err)
	}
}

// A capture comes from anybody: what it says of its lengths is looked at first.
func TestMistakesInTheCaptureOfADoor(t *testing.T) {
	head := ng(0x0a0d0d0a, 28, []byte("\x4d\x3c\x2b\x1a\x01\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff"))
	iface := ng(1, 20, []byte("\x01\x00\x00\x00\x00\x00\x00\x00"))
	for _, c := range []struct {
		name string
		file []byte // nil: there is none
		want string
	}{
		{"no file", nil, "there is no file captures/x"},
		{"no capture", []byte("hello, world"), "neither pcap nor pcapng"},
		{"no frames", capture(1, 0), "it has no frame"},
		{"not Ethernet", capture(101, 0, 60), "frame 1 is an IP packet"},
		{"an unknown link", capture(147, 0, 60), "link type 147"},
		{"the beginning of a frame", capture(1, 1500, 60), "only the first 60 of 1500 bytes"},
		{"no header", capture(1, 0, 60, 13), "frame 2 has 13 bytes"},
		{"a frame that no link carries", capture(1, 0, 70_000), "frame 1 has 70000 bytes"},
		{"a frame longer than the file", capture(1, 0, 60)[:70], "frame 1 claims 60 bytes, and 30 are left"},
		{"too many frames", capture(1, 0, make([]int, decode.MaxCaptured+1)...), "more than 10000 frames"},
		{"a block of no length", append(head[:len(head):len(head)], ng(6, 0, make([]byte, 4))...), "claims 0 bytes"},
		{"a block of four gigabytes", append(head[:len(head):len(head)], ng(6, 1<<32-4, make([]byte, 4))...), "claims 4294967292 bytes"},
		{"a packet longer than its block", append(append(head[:len(head):len(head)], iface...), ng(6, 32, append(make([]byte, 12), 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0))...), "frame 1 is not whole"},
		{"a packet of no interface", append(head[:len(head):len(head)], ng(6, 32, make([]byte, 20))...), "an interface that is not described"},
		{"a section without an order", ng(0x0a0d0d0a, 28, make([]byte, 16)), "has no byte order"},
		{"a file too large", make([]byte, 4<<20+1), "has more than 4194304 bytes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := fstest.MapFS{"scenario.yaml": {Data: []byte(doorFile)}}
			if c.file != nil {
				dir["captures/x"] = &fstest.MapFile{Data: c.file}
			}
			_, err := Open(dir, "doors")
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "scenario.yaml:9:24") {
				t.Errorf("got %v, want %q at the file's name", err, c.want)
			}
		})
	}
}
