package product

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"wireloom/internal/pcap"
	"wireloom/vnet"
	"wireloom/vnet/event"
)

// capturing captures a lab at points, until the function is called that it returns, which
// returns the file.
func capturing(t *testing.T, lab *vnet.Lab, names ...string) (file func() string) {
	t.Helper()
	points, err := pcap.FindPoints(names, lab.Ends())
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	c, err := pcap.New(&b, pcap.Config{Points: points})
	if err != nil {
		t.Fatal(err)
	}
	lab.Log().Subscribe(func(e *event.Event) {
		if !lab.Passes(e) {
			return
		}
		if err := c.Event(e); err != nil {
			t.Error(err)
		}
	})
	return func() string {
		if err := c.Close(lab.Now()); err != nil {
			t.Fatal(err)
		}
		name := filepath.Join(t.TempDir(), "lab.pcapng")
		if err := os.WriteFile(name, b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
}

// tshark returns fields of the frames of a capture that a display filter takes, a line for
// each. It fails the test where a frame is malformed.
func tshark(t *testing.T, file, filter string, fields ...string) []string {
	t.Helper()
	read := func(filter string, fields ...string) []string {
		args := []string{"-n", "-r", file, "-o", "ip.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE", "-T", "fields", "-E", "separator=/s"}
		for _, f := range fields {
			args = append(args, "-e", f)
		}
		if filter != "" {
			args = append(args, "-Y", filter)
		}
		out, err := exec.CommandContext(t.Context(), "tshark", args...).Output()
		if err != nil {
			t.Fatalf("tshark, which this test needs (apt-get install tshark): %v", err)
		}
		var lines []string
		for l := range strings.Lines(string(out)) {
			lines = append(lines, strings.TrimRight(l, " \n"))
		}
		return lines
	}
	if bad := read("_ws.malformed || ip.checksum.status == 0 || tcp.checksum.status == 0 || icmp.checksum.status == 0", "frame.number", "frame.protocols"); len(bad) > 0 {
		t.Errorf("tshark finds bad frames: %q", bad)
	}
	return read(filter, fields...)
}
