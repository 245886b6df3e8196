package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"nhooyr.io/websocket"

	"wireloom/internal/recording"
	"wireloom/vnet/packet"
)

// doorScenario is a lab of two hosts whose switch has a door.
func doorScenario(one, two string) string {
	return fmt.Sprintf(`scenario: doors
title: A lab with a door
nodes:
  alice:
    nics: {em0: {port: s1.1, address: 10.0.0.1/24}}
  bob:
    nics: {em0: {port: s1.2, address: 10.0.0.2/24}}
switches:
  s1:
    ports: 4
    port:
      3: {door: %s}
      4: {door: %s}
`, one, two)
}

// A doorLab is a lab with doors that a server runs, as its visitors have it.
type doorLab struct {
	t    *testing.T
	s    *served
	path string // of the lab at the server
}

// openDoors opens the lab of a scenario called doors, whose folder has these files besides,
// on a server with those flags.
func openDoors(t *testing.T, scenario string, files map[string][]byte, flags ...string) *doorLab {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "doors")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	write := func(name string, b []byte) {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("scenario.yaml", []byte(scenario))
	for name, b := range files {
		write(name, b)
	}
	s := startServe(t, append(flags, dir)...)
	res, err := http.Post(s.url+"/api/labs", "application/json", strings.NewReader(`{"scenario":"doors"}`))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var lab struct{ ID string }
	if err := json.NewDecoder(res.Body).Decode(&lab); err != nil || lab.ID == "" {
		t.Fatalf("no lab: %d, %v", res.StatusCode, err)
	}
	return &doorLab{t, s, "/api/labs/" + lab.ID}
}

// at runs a command on a node of the lab, and returns what it prints; it fails where it
// should not.
func (l *doorLab) at(node string, command ...string) string {
	l.t.Helper()
	said, code := l.attach(node, command...)
	if code != exitOK {
		l.t.Errorf("%s: %v ends with %d: %s", node, command, code, said)
	}
	return said
}

// says is what a command on a node prints, whether it fails or not.
func (l *doorLab) says(node string, command ...string) string {
	said, _ := l.attach(node, command...)
	return said
}

func (l *doorLab) attach(node string, command ...string) (said string, code int) {
	var out bytes.Buffer
	args := append([]string{"attach", "--server", l.s.url, strings.TrimPrefix(l.path, "/api/labs/"), node}, command...)
	code = run(l.t.Context(), args, stdio{strings.NewReader(""), &out, &out})
	return out.String(), code
}

// get is a file of the lab's.
func (l *doorLab) get(name string) []byte {
	l.t.Helper()
	res, err := http.Get(l.s.url + l.path + name)
	if err != nil {
		l.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		l.t.Fatalf("%s: %d %.200s, %v", name, res.StatusCode, b, err)
	}
	return b
}

// same replays the lab's recording, and wants it to have frames that came by doors.
func (l *doorLab) same(least int, flags ...string) {
	l.t.Helper()
	b := l.get("/recording")
	f, err := recording.Read(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		l.t.Fatal(err)
	}
	if f.Entered < least {
		l.t.Errorf("%d frames came in by doors, want %d or more", f.Entered, least)
	}
	file := filepath.Join(l.t.TempDir(), "x.wireloom.zip")
	if err := os.WriteFile(file, b, 0o600); err != nil {
		l.t.Fatal(err)
	}
	var out, errs bytes.Buffer
	code := run(l.t.Context(), append([]string{"replay", file}, flags...), stdio{strings.NewReader(""), &out, &errs})
	if says := fmt.Sprintf("reproducible from its recording only: %d frames came in by doors", f.Entered); code != exitOK || !strings.Contains(out.String(), says) {
		l.t.Errorf("the replay of %d frames and %d commands ends with %d: %s%s", f.Entered, len(f.Commands), code, out.String(), errs.String())
	}
}

// until waits until something is so, and fails with what was last where it is not.
func until(t *testing.T, limit time.Duration, what string, so func() (ok bool, now string)) {
	t.Helper()
	for end := time.Now().Add(limit); ; {
		ok, now := so()
		if ok {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%s: not within %v: %s", what, limit, now)
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-t.Context().Done():
			t.Fatal("the test is over")
		}
	}
}

// socket connects a WebSocket to a door.
func (l *doorLab) socket(port string, head http.Header) (*websocket.Conn, *http.Response, error) {
	return websocket.Dial(l.t.Context(), l.s.url+l.path+"/doors/"+port, &websocket.DialOptions{HTTPHeader: head})
}

// A far machine is a host outside of the lab, at a door: it answers for an address.
type far struct {
	t    *testing.T
	conn *websocket.Conn
	mac  packet.MAC
	addr [4]byte
}

// reads returns the next frame that match takes, and answers requests for the address.
func (f *far) reads(match func(b []byte) bool) []byte {
	f.t.Helper()
	for {
		typ, b, err := f.conn.Read(f.t.Context())
		if err != nil || typ != websocket.MessageBinary {
			f.t.Fatalf("a message of type %v, %v", typ, err)
		}
		switch {
		case match(b):
			return b
		case len(b) >= 42 && b[12] == 8 && b[13] == 6 && b[21] == 1 && bytes.Equal(b[38:42], f.addr[:]): // who has
			f.sends(f.arp(2, packet.MAC(b[6:12]), [4]byte(b[28:32])))
		case len(b) >= 42 && b[23] == 1 && b[34] == 8 && bytes.Equal(b[30:34], f.addr[:]): // echo request
			r := bytes.Clone(b)
			copy(r, b[6:12])
			copy(r[6:], f.mac[:])
			copy(r[26:], b[30:34])
			copy(r[30:], b[26:30])
			r[34], r[36], r[37] = 0, 0, 0
			sum := packet.Checksum(r[34:])
			r[36], r[37] = byte(sum>>8), byte(sum)
			f.sends(r)
		}
	}
}

func (f *far) sends(b []byte) {
	f.t.Helper()
	if err := f.conn.Write(f.t.Context(), websocket.MessageBinary, b); err != nil {
		f.t.Fatal(err)
	}
}

// arp is a request or reply of the machine's, not padded, as virtual machines send it.
func (f *far) arp(op byte, to packet.MAC, who [4]byte) []byte {
	dst := to
	if op == 1 {
		dst = packet.MAC{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}
	}
	b := packet.AppendEthernet(nil, dst, f.mac, 0x0806)
	b = append(b, 0, 1, 8, 0, 6, 4, 0, op)
	b = append(append(b, f.mac[:]...), f.addr[:]...)
	return append(append(b, to[:]...), who[:]...)
}

// A machine at a WebSocket door is one of the lab's network: it asks, is asked, is pinged by
// a node, and its run replays.
func TestAMachineAtAWebSocketDoor(t *testing.T) {
	l := openDoors(t, doorScenario("websocket", "c2w"), nil, "--door", "websocket")
	conn, _, err := l.socket("s1.3", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.CloseNow() }()
	f := &far{t, conn, packet.MAC{2, 0, 0, 0, 0, 0xfa}, [4]byte{10, 0, 0, 9}}
	f.sends(f.arp(1, packet.MAC{}, [4]byte{10, 0, 0, 1}))
	alice := f.reads(func(b []byte) bool { return len(b) >= 42 && b[13] == 6 && b[21] == 2 })
	if got := [4]byte(alice[28:32]); got != [4]byte{10, 0, 0, 1} {
		t.Errorf("%v answers", got)
	}
	// Nobody hears himself.
	f.sends(packet.AppendEthernet(nil, packet.MAC{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, f.mac, 0x88b5))
	if said := string(l.get("")); !strings.Contains(said, `{"port":"s1.3","kind":"websocket","by":"a WebSocket from 127.0.0.1","in":`) || !strings.Contains(said, "--door c2w") {
		t.Errorf("the server says of the lab %s", said)
	}
	pinged := make(chan string, 1)
	go func() {
		pinged <- l.at("bob", "ping", "-c", "3", "-i", "0.2", "10.0.0.9")
		f.sends(f.arp(1, packet.MAC{}, [4]byte{10, 0, 0, 2})) // the last that is read
	}()
	var said string
	f.reads(func(b []byte) bool {
		if len(b) >= 14 && packet.MAC(b[6:12]) == f.mac {
			t.Errorf("the machine hears itself: %x", b)
		}
		select {
		case said = <-pinged:
			return true
		default:
			return false
		}
	})
	if !strings.Contains(said, "3 packets received") {
		t.Errorf("bob pings the machine: %s", said)
	}
	l.same(6)
}

// Only who may comes in by a door, and only where the lab has one that the server allows.
func TestWhoIsNotLetInByADoor(t *testing.T) {
	l := openDoors(t, doorScenario("websocket", "c2w"), nil, "--door", "websocket", "--door", "file")
	for _, c := range []struct {
		name, port string
		head       http.Header
		status     int
		want       string
	}{
		{"a page of another site", "s1.3", http.Header{"Origin": {"https://evil.example"}}, http.StatusForbidden, "another site"},
		{"a kind that the server does not allow", "s1.4", nil, http.StatusForbidden, "--door c2w"},
		{"a port that is no door", "s1.1", nil, http.StatusNotFound, "no door"},
		{"no port", "../x", nil, http.StatusNotFound, "there is no"},
	} {
		t.Run(c.name, func(t *testing.T) {
			conn, res, err := l.socket(c.port, c.head)
			if err == nil {
				_ = conn.CloseNow()
				t.Fatal("it is let in")
			}
			b, _ := io.ReadAll(res.Body) // as much as there is
			if res.StatusCode != c.status || !strings.Contains(string(b), c.want) {
				t.Errorf("got %d %s", res.StatusCode, b)
			}
		})
	}
	first, _, err := l.socket("s1.3", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = first.CloseNow() }()
	// Who is answered is there: of two who come at once either may be the one.
	f := &far{t, first, packet.MAC{2, 0, 0, 0, 0, 0xfa}, [4]byte{10, 0, 0, 9}}
	f.sends(f.arp(1, packet.MAC{}, [4]byte{10, 0, 0, 1}))
	f.reads(func(b []byte) bool { return len(b) >= 42 && b[13] == 6 && b[21] == 2 })
	conn, res, err := l.socket("s1.3", nil)
	if err == nil {
		_ = conn.CloseNow()
		t.Fatal("a second one is let in")
	}
	if b, _ := io.ReadAll(res.Body); res.StatusCode != http.StatusServiceUnavailable || !strings.Contains(string(b), "this door is taken") {
		t.Errorf("a second one gets %d %s", res.StatusCode, b)
	}
	res, err = http.Get(l.s.url + l.path + "/doors/s1.3")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusUpgradeRequired {
		t.Errorf("what is no WebSocket gets %d", res.StatusCode)
	}
}

// A peer that floods, and one that sends no frames, do a lab no harm, and its recording
// holds what came in.
func TestALabOutlivesWhoIsAtItsDoor(t *testing.T) {
	l := openDoors(t, doorScenario("websocket", "websocket"), nil, "--door", "websocket", "--max-door-frames", "200")
	conn, _, err := l.socket("s1.3", nil)
	if err != nil {
		t.Fatal(err)
	}
	flood := packet.AppendEthernet(nil, packet.MAC{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, packet.MAC{2, 0, 0, 0, 0, 0xfb}, 0x88b5)
	for range 2000 {
		if err := conn.Write(t.Context(), websocket.MessageBinary, flood); err != nil {
			t.Fatal(err)
		}
	}
	if err := conn.Write(t.Context(), websocket.MessageText, []byte("hello")); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for err == nil {
		_, _, err = conn.Read(ctx)
	}
	if websocket.CloseStatus(err) != websocket.StatusPolicyViolation || !strings.Contains(err.Error(), "a text message") {
		t.Errorf("the flood ends with %v", err)
	}
	l.at("bob", "ping", "-c", "1", "10.0.0.1")
	l.same(50)
}

// The frames of a capture come in by their door, and the run replays.
func TestACaptureAtAFileDoor(t *testing.T) {
	scenario := doorScenario("{file: x.pcap}", "stream")
	l := openDoors(t, scenario, map[string][]byte{"x.pcap": pcapOf(t, "from the capture")}, "--door", "file")
	until(t, 10*time.Second, "the capture has what came in", func() (bool, string) {
		return bytes.Contains(l.get("/capture.pcapng"), []byte("from the capture")), ""
	})
	if said := string(l.get("")); !strings.Contains(said, `{"port":"s1.3","kind":"file","last":"its last frame has come in","in":1`) {
		t.Errorf("the server says of the lab %s", said)
	}
	l.same(1)
	l = openDoors(t, scenario, map[string][]byte{"x.pcap": pcapOf(t, "from the capture")})
	if b := l.get("/recording"); bytes.Contains(b, []byte("doors.bin")) {
		t.Error("it came in where the server does not allow it")
	}
}

// The scenario of docs/doors.md is right, and its doors are those of the command beside it.
func TestTheScenarioOfTheDocs(t *testing.T) {
	doc, err := os.ReadFile("../../docs/doors.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(doc), "```yaml\n")
	scenario, _, ok := strings.Cut(rest, "```")
	if !ok {
		t.Fatal("docs/doors.md has no scenario")
	}
	for _, flag := range []string{"--door websocket", "--door stream=127.0.0.1:9100", "--door tap=lab0"} {
		if !strings.Contains(string(doc), flag) {
			t.Errorf("docs/doors.md has no %s", flag)
		}
	}
	l := openDoors(t, scenario, nil, "--door", "websocket")
	conn, _, err := l.socket("s1.2", nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.CloseNow()
}
