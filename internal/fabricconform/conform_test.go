package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Everything that was recorded of a real kernel happens here too.
func TestRecordings(t *testing.T) {
	var out, errs bytes.Buffer
	if code := run([]string{"testdata"}, &out, &errs); code != 0 || errs.Len() > 0 {
		t.Errorf("status %d\n%s%s", code, out.String(), errs.String())
	}
	if !strings.HasSuffix(out.String(), " operations, 0 differ\n") {
		t.Errorf("it ends with %q", out.String())
	}
}

// A replayer that does not look at something would not see that it changed.
func TestChangedRecordingsDiffer(t *testing.T) {
	for _, tc := range []struct {
		name, file, line, old, by, want string
	}{
		{"a byte of a frame that leaves", "bridge.jsonl", "A-default/p1-prio-vid0-pcp5", `"out":{"2":["02`, `"out":{"2":["03`, "port 2: recorded [03"},
		{"a frame that does not leave", "bridge.jsonl", "A-default/p1-prio-vid0-pcp5", `"out":{"2":["02`, `"out":{"5":["ff"],"2":["02`, "port 5: recorded [ff], now []"},
		{"an address that is not known", "bridge.jsonl", "A-default/s-static", `"02:00:00:00:00:bb",1,"1"`, `"02:00:00:00:00:bd",1,"1"`, "table: recorded 02:00:00:00:00:bd 1 1"},
		{"an error that is none", "bridge.jsonl", "A-default/s-gfm", `"err":"RTNETLINK answers: Invalid argument [exit status 2]",`, ``, `error: recorded ""`},
		{"a port's state", "bridge.jsonl", "A-default/s-states", `"port_state":["1"`, `"port_state":["2"`, "state of port 1: recorded learning, now listening"},
		{"an operation that nobody knows", "bridge.jsonl", "A-default/s-gfm", `"op":"group_fwd_mask"`, `"op":"group"`, "nobody knows the operation group"},
		{"a state of the tree", "stp.jsonl", "s1-one-bridge", `"b1h1",1]`, `"b1h1",2]`, "states of b1h1"},
		{"the root", "stp.jsonl", "s1-one-bridge", `"root_port":"0","t":45`, `"root_port":"1","t":45`, "root, cost and root port"},
		{"a BPDU that nobody sends", "stp.jsonl", "s1-one-bridge", `000200000001008001`, `000200000001008041`, "recorded and not heard now"},
		{"a frame that a host did not hear", "stp.jsonl", "s1-one-bridge", `[40.0001,"b1h2>",10],`, ``, "recorded 0 times, now 1"},
		{"a loss that is more", "netem.jsonl", "n3-loss-10-25", `"lost":1720`, `"lost":2320`, "lost: recorded 0.0232"},
		{"losses that depend on one another", "netem.jsonl", "n3-loss-50-50", `"p_loss_after_loss":0.63664`, `"p_loss_after_loss":0.49664`, "lost after a lost one"},
		{"copies", "netem.jsonl", "n5-dup-10", `"copies":4860`, `"copies":5860`, "copies: recorded"},
		{"a delay", "netem.jsonl", "n1-uniform-1ms", `"mean":99.7799`, `"mean":100.9799`, "mean delay"},
		{"a delay's distribution", "netem.jsonl", "n10-pareto", `"50":96.`, `"50":98.`, "50 % of the delays"},
		{"a rate", "netem.jsonl", "n7-rate-1mbit-20-142", `[1,0.`, `[2,0.`, "arrival 2: recorded packet 2"},
		{"a bit that is changed too often", "netem.jsonl", "n6-corrupt-100-size100", `"flips_by_bit":[6318`, `"flips_by_bit":[9318`, "changed in bit 0"},
		{"words that tc refuses", "netem.jsonl", "n2-gap5-alone", `"refused_by_tc":true`, `"refused_by_tc":false,"sent":0`, "refused: recorded false"},
		{"what tc shows", "netem-questions.jsonl", "words", `"shown":"2 limit 1000 rate 8Mbit"`, `"shown":"2 limit 1000 rate 1Mbit"`, "netem rate 1mbps"},
		{"a change under way", "netem-questions.jsonl", "n14-del", `"old_arrived":0`, `"old_arrived":100`, "recorded 100 old"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			data, err := os.ReadFile(filepath.Join("testdata", tc.file))
			if err != nil {
				t.Fatal(err)
			}
			i := bytes.Index(data, []byte(`"id":"`+tc.line+`"`))
			if i < 0 {
				t.Fatalf("there is no recording %s", tc.line)
			}
			line, _, _ := bytes.Cut(data[bytes.LastIndexByte(data[:i], '\n')+1:], []byte("\n"))
			changed := bytes.Replace(line, []byte(tc.old), []byte(tc.by), 1)
			if bytes.Equal(changed, line) {
				t.Fatalf("nothing in the recording is %s", tc.old)
			}
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "a.jsonl"), changed, 0o600); err != nil {
				t.Fatal(err)
			}
			var out, errs bytes.Buffer
			if code := run([]string{dir}, &out, &errs); code != 1 || !strings.Contains(out.String(), tc.want) {
				t.Errorf("status %d, want 1 and %q in\n%.2000s%s", code, tc.want, out.String(), errs.String())
			}
		})
	}
}

func TestRun(t *testing.T) {
	empty, bad := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(bad, "a.jsonl"), []byte("{\"conf\":{\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name   string
		args   []string
		code   int
		stderr string
	}{
		{"no folder", nil, 2, "usage"},
		{"a folder without recordings", []string{empty}, 2, "no .jsonl file"},
		{"a folder that is not there", []string{filepath.Join(empty, "x")}, 2, "no such file"},
		{"a broken line", []string{bad}, 2, "a.jsonl: line 1"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var out, errs bytes.Buffer
			if code := run(tc.args, &out, &errs); code != tc.code || !strings.Contains(errs.String(), tc.stderr) {
				t.Errorf("status %d, %q; want %d and %q", code, errs.String(), tc.code, tc.stderr)
			}
		})
	}
}
