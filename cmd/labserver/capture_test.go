package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// tsharkReads returns fields of a capture's packets as tshark reads them, a line each.
func tsharkReads(t *testing.T, file string, fields ...string) string {
	t.Helper()
	args := []string{"-n", "-r", file, "-T", "fields"}
	for _, f := range fields {
		args = append(args, "-e", f)
	}
	out, err := exec.CommandContext(t.Context(), "tshark", args...).Output()
	if err != nil {
		t.Fatalf("tshark, which this test needs (apt-get install tshark): %v", err)
	}
	return string(out)
}

func TestRunCapturesAtPoints(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a.pcapng")
	code, _, errs := labserver(t, "run", "ping", "--for", "2s", "--pcap", file, "--capture", "bob:tap0", "--capture", "alice:em0-s1.1")
	if code != exitOK {
		t.Fatal(errs)
	}
	// alice's announcement, her question, and bob's answer to it.
	const want = "0.000000000\talice:em0-s1.1\t0x00000002\n0.000000000\talice:em0-s1.1\t0x00000002\n" +
		"0.001000000\tbob:tap0\t0x00000001\n0.001000000\tbob:tap0\t0x00000001\n0.001002640\tbob:tap0\t0x00000002\n0.001002640\talice:em0-s1.1\t0x00000001\n"
	if got := tsharkReads(t, file, "frame.time_epoch", "frame.interface_name", "frame.packet_flags_direction"); !strings.HasPrefix(got, want) {
		t.Errorf("tshark reads\n%.300s\nwant\n%s", got, want)
	}
	for _, tc := range []struct {
		args []string
		want string
	}{
		{[]string{"run", "ping", "--pcap", file, "--capture", "s1.3"}, `there is no capture point "s1.3" in this lab: there are all, alice, alice:em0, bob, bob:tap0, s1, s1.1, s1.2; a link is END-END, such as alice:em0-s1.1`},
		{[]string{"grade", "ping", "--pcap", file, "--capture", "s1.3"}, `there is no capture point "s1.3"`},
		{[]string{"run", "ping", "--capture", "s1.1"}, "give --pcap FILE, too"},
		{[]string{"run", "ping", "--pcap", file, "--filter", "icmp.typo == 8"}, "--filter: filter, column 1: "},
		{[]string{"run", "ping", "--pcap", "-"}, "--pcap -: standard output has what happens, in words"},
		{[]string{"run", "ping", "--pcap", file, "--capture", ""}, "want a capture point, such as"},
		{[]string{"grade", "ping", "--pcap", file, "--max-output", "1"}, "--max-output 1 bytes: want 64KiB or more"},
	} {
		if code, _, errs := labserver(t, tc.args...); code != exitError || !strings.Contains(errs, tc.want) {
			t.Errorf("%q: code %d: %s", tc.args, code, errs)
		}
	}
}

// A graded run's capture says what its steps sent, and what came of it.
func TestGradeComments(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a.pcapng")
	code, out, errs := labserver(t, "grade", "ping", "--repeat", "2", "--pcap", file)
	if code != exitOK || !strings.Contains(out, "2 runs, all the same") {
		t.Fatalf("code %d: %s%s", code, out, errs)
	}
	got := tsharkReads(t, file, "frame.interface_name", "frame.comment")
	for _, want := range []string{"alice:em0\tstep arp-reply: sent\n", "s1.2\tstep arp-reply: sent\n", "bob:tap0\tstep arp-reply: as expected; the step passed\n"} {
		if !strings.Contains(got, want) {
			t.Errorf("no line is %q in\n%s", want, got)
		}
	}
	quits := filepath.Join(t.TempDir(), "q.wasm")
	if err := os.WriteFile(quits, []byte(exitsWith(3)), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, errs := labserver(t, "grade", "ping", "--program", quits, "--pcap", file, "--capture", "s1.2"); code != exitFailed {
		t.Fatalf("code %d: %s", code, errs)
	}
	if got := tsharkReads(t, file, "frame.comment"); strings.Contains(got, "as expected") || !strings.Contains(got, "step arp-reply: sent") {
		t.Errorf("of a program that does nothing tshark reads\n%s", got)
	}
}

// pingLab opens a lab at a server and returns its id.
func pingLab(t *testing.T, url string) string {
	t.Helper()
	res, err := http.Post(url+"/api/labs", "application/json", strings.NewReader(`{"scenario":"ping"}`))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	at, err := res.Location()
	if err != nil {
		t.Fatal(err)
	}
	return at.Path[strings.LastIndexByte(at.Path, '/')+1:]
}

// A live capture goes to a file or to another program, and ends after so many packets, by
// Ctrl-C, or with the lab, whole each time.
func TestCaptureOfALiveLab(t *testing.T) {
	s := startServe(t)
	lab := pingLab(t, s.url)
	file := filepath.Join(t.TempDir(), "a.pcapng")
	code, out, errs := labserver(t, "capture", s.url, lab, "-i", "bob:tap0", "-c", "3", "-w", file)
	if code != exitOK || out != "" || errs != "3 packets captured\n" {
		t.Errorf("code %d: %s%s", code, out, errs)
	}
	if got := tsharkReads(t, file, "frame.interface_name", "_ws.malformed"); got != strings.Repeat("bob:tap0\t\n", 3) {
		t.Errorf("tshark reads %q", got)
	}
	if code, _, errs := labserver(t, "capture", s.url, lab, "-Y", "icmp.type == 0 && ip.src == 10.0.0.2", "-c", "3", "-w", file); code != exitOK {
		t.Errorf("with a filter: code %d: %s", code, errs)
	}
	if got := tsharkReads(t, file, "icmp.type", "ip.src"); got != strings.Repeat("0\t10.0.0.2\n", 3) {
		t.Errorf("with a filter tshark reads %q", got)
	}
	code, out, errs = labserver(t, "capture", s.url+"/#lab="+lab, "-c", "1")
	if wholeBlocks(t, []byte(out)); code != exitOK || errs != "1 packets captured\n" {
		t.Errorf("code %d: %s", code, errs)
	}

	const places = `all (the whole lab: each frame once on each link)
alice (all interfaces of the node)
alice:em0 (interface em0 of node alice, linked to s1.1)
bob (all interfaces of the node)
bob:tap0 (interface tap0 of node bob, linked to s1.2)
s1 (all ports of the switch)
s1.1 (port 1 of switch s1, linked to alice:em0)
s1.2 (port 2 of switch s1, linked to bob:tap0)
alice:em0-s1.1 (the link, both directions)
bob:tap0-s1.2 (the link, both directions)
`
	if code, out, errs := labserver(t, "capture", s.url, lab, "-D"); code != exitOK || out != places {
		t.Errorf("code %d: %s%s", code, out, errs)
	}

	ctx, cancel := context.WithCancel(t.Context())
	var o, e bytes.Buffer
	r, w := io.Pipe()
	read := make(chan struct{})
	go func() {
		defer close(read)
		if _, err := io.CopyN(&o, r, 2000); err != nil {
			t.Error(err)
		}
		cancel()              // as by Ctrl-C
		_, _ = io.Copy(&o, r) // until the pipe ends
	}()
	code = run(ctx, []string{"capture", "--server", s.url, lab}, stdio{strings.NewReader(""), w, &e})
	_ = w.Close() // it has got all
	<-read
	if wholeBlocks(t, o.Bytes()); code != exitOK || !strings.HasSuffix(e.String(), " packets captured\n") {
		t.Errorf("interrupted: code %d: %s", code, e.String())
	}

	r, w = io.Pipe()
	go func() {
		_, _ = io.CopyN(io.Discard, r, 100)
		_ = r.CloseWithError(syscall.EPIPE) // as when Wireshark ends
	}()
	e.Reset()
	if code = run(t.Context(), []string{"capture", "--server", s.url, lab}, stdio{strings.NewReader(""), w, &e}); code != exitOK {
		t.Errorf("its reader is gone: code %d: %s", code, e.String())
	}

	o.Reset()
	e.Reset()
	r, w = io.Pipe()
	read = make(chan struct{})
	go func() {
		defer close(read)
		if _, err := io.CopyN(&o, r, 300); err != nil { // it captures
			t.Error(err)
		}
		ask, err := http.NewRequestWithContext(t.Context(), http.MethodDelete, s.url+"/api/labs/"+lab, nil)
		if err != nil {
			t.Error(err)
			return
		}
		var asking sync.WaitGroup
		defer asking.Wait() // the answer may come after the capture's end
		asking.Go(func() {
			res, err := http.DefaultClient.Do(ask)
			if err != nil {
				t.Error(err)
				return
			}
			_ = res.Body.Close() // it says nothing
		})
		_, _ = io.Copy(&o, r) // until the pipe ends
	}()
	code = run(t.Context(), []string{"capture", "--server", s.url, lab, "-i", "s1.2"}, stdio{strings.NewReader(""), w, &e})
	_ = w.Close() // it has got all
	<-read
	if code != exitOK || !strings.HasSuffix(e.String(), " packets captured\n") {
		t.Errorf("the lab is closed: code %d: %s", code, e.String())
	}
	b := o.Bytes()
	if wholeBlocks(t, b); b[len(b)-112] != 5 {
		t.Errorf("the last block is no statistics: %x", b[len(b)-112:])
	}
}

type console struct{ bytes.Buffer }

func (*console) IsTerminal() bool { return true }

func TestCapturesThatCannotBe(t *testing.T) {
	s := startServe(t)
	lab := pingLab(t, s.url)
	for _, tc := range []struct {
		name string
		args []string
		want string
	}{
		{"no lab", []string{}, "takes one LAB; here it is none"},
		{"too much", []string{"a", "b", "c"}, "takes one LAB; here it is a b c"},
		{"no such lab", []string{s.url, "AAAA"}, "start a new lab"},
		{"no such point", []string{s.url, lab, "-i", "s1:2"}, `there is no capture point "s1:2" in this lab: there are all, alice,`},
		{"no such field", []string{s.url, lab, "-Y", "icmp.typo == 8"}, "filter, column 1: "},
		{"no server", []string{"http://127.0.0.1:1", lab}, "there is no server at http://127.0.0.1:1"},
		{"no address", []string{"ftp://x", lab}, `"ftp://x" is not the address of a server`},
		{"no folder", []string{s.url, lab, "-w", "/nowhere/a.pcapng"}, "no such file"},
	} {
		if code, _, errs := labserver(t, append([]string{"capture"}, tc.args...)...); code != exitError || !strings.Contains(errs, tc.want) {
			t.Errorf("%s: code %d: %s", tc.name, code, errs)
		}
	}
	var o console
	var e bytes.Buffer
	if code := run(t.Context(), []string{"capture", s.url, lab}, stdio{strings.NewReader(""), &o, &e}); code != exitError || o.Len() > 0 || !strings.Contains(e.String(), "standard output is a terminal: give a file with -w FILE") {
		t.Errorf("code %d: %q %s", code, o.String(), e.String())
	}
}

// The commands of docs/captures.md do what it says.
func TestCapturesPage(t *testing.T) {
	s := startServe(t)
	dir, said := runPage(t, "../../docs/captures.md", "LAB="+s.url+"/#lab="+pingLab(t, s.url))
	for command, want := range map[string]string{
		"tshark -n -r ping.pcapng -c 4": "Who has 10.0.0.2? Tell 10.0.0.1",
		"capinfos bob.pcapng":           "Name = bob:tap0",
		`tshark -n -r graded.pcapng -Y 'frame.comment contains "arp-reply"' -T fields -e frame.interface_name -e _ws.col.Info -e frame.comment`: "bob:tap0\t10.0.0.2 is at 02:00:00:00:00:0b\tstep arp-reply: as expected; the step passed",
		`labserver capture "$LAB" -c 6 -w live.pcapng`:                                                                                       "6 packets captured",
		`labserver capture "$LAB" -c 4 -i alice:em0-s1.1 | tshark -n -r -`:                                                                   "Echo (ping) reply",
		`tshark -n -r lossy.pcapng -Y 'frame.comment contains "dropped"' -T fields -e frame.interface_name -e _ws.col.Info -e frame.comment`: "dropped (loss): lost by chance on the link (netem loss)",
		`labserver capture "$LAB" -i s1.9`:                                                                                                   "there are all, alice, alice:em0, bob, bob:tap0, s1, s1.1, s1.2",
	} {
		if !strings.Contains(said[command], want) {
			t.Errorf("%s: got\n%swant %q in it", command, said[command], want)
		}
	}
	if got := tsharkReads(t, filepath.Join(dir, "live.pcapng"), "_ws.malformed"); got != strings.Repeat("\n", 6) {
		t.Errorf("tshark reads %q", got)
	}
}
