package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"wireloom/vnet/event"
)

// loopLab is two switches with two cables between them, as students make them on the
// first day.
const loopLab = `scenario: loop
nodes:
  alice: {nics: {em0: {port: s1.1, address: 10.0.0.1/24}}, programs: {ping: {command: ping, argv: [ping, 10.0.0.2]}}}
  bob: {nics: {em0: {port: s2.1, address: 10.0.0.2/24}}}
switches: {s1: {ports: 3}, s2: {ports: 3}}
links: {s1.2: {to: s2.2}, s1.3: {to: s2.3}}
`

const loopSteps = "steps:\n  - {id: ping, points: 1, ping: {node: alice, to: 10.0.0.2}}\n"

// what is said of it wherever it is met
const (
	loopSaid = "more than 500000 steps at one instant, 0s"
	ringSaid = "s1.2 -> s2.2, s2.3 -> s1.3, and again from s1.2"
	fromSaid = "The first of them is frame 1, sent at 0s: ARP announcement of 10.0.0.1"
)

// A lab whose cables are a loop is graded to a limit, and each form of report says why.
func TestGradingALoopIsReported(t *testing.T) {
	dir := filepath.Dir(file(t, "scenario.yaml", loopLab+loopSteps))
	names := map[string]string{"json": filepath.Join(t.TempDir(), "json")}
	args := []string{"grade", dir}
	for _, format := range []string{"junit", "gradescope", "html"} {
		names[format] = filepath.Join(t.TempDir(), format)
		args = append(args, "--"+format, names[format])
	}
	code, out, errs := labserver(t, args...)
	if code != exitError || !strings.Contains(errs, loopSaid) {
		t.Errorf("code %d: %s%s", code, out, errs)
	}
	names["text"] = file(t, "text", out)
	if code, _, errs := labserver(t, "grade", dir, "--json", "--output", names["json"]); code != exitError {
		t.Errorf("code %d: %s", code, errs)
	}
	for format, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Errorf("%s: %v", format, err)
			continue
		}
		text := strings.Join(strings.Fields(strings.NewReplacer("&gt;", ">", `\u003e`, ">", `\n`, " ").Replace(string(b))), " ")
		for _, want := range []string{loopSaid, ringSaid, fromSaid} {
			if !strings.Contains(text, want) {
				t.Errorf("the report as %s lacks %q", format, want)
			}
		}
	}
}

// A run of it ends, says why, and leaves good files within their limit.
func TestRunningALoopEnds(t *testing.T) {
	dir := filepath.Dir(file(t, "scenario.yaml", loopLab))
	capture, events := filepath.Join(t.TempDir(), "a.pcapng"), filepath.Join(t.TempDir(), "a.jsonl")
	code, out, errs := labserver(t, "run", dir, "--for", "1s", "--pcap", capture, "--events", events, "--max-output", "64KiB")
	if code != exitFailed || !strings.Contains(out, "events in 0s of virtual time") {
		t.Errorf("code %d: %s%s", code, out, errs)
	}
	for _, want := range []string{
		loopSaid, ringSaid, fromSaid,
		capture + ": the limit of 64KiB is reached, and ", " frames more were not written; --max-output allows more",
		events + ": the limit of 64KiB is reached, and ", " events more were not written",
	} {
		if !strings.Contains(errs, want) {
			t.Errorf("it says\n%s\nwant %q in it", errs, want)
		}
	}
	for _, name := range []string{capture, events} {
		if info, err := os.Stat(name); err != nil || info.Size() > 64<<10 || info.Size() < 60<<10 {
			t.Errorf("%s: %v, %v; want nearly 64 KiB", name, info, err)
		}
	}
	b, err := os.ReadFile(capture)
	if err != nil {
		t.Fatal(err)
	}
	wholeBlocks(t, b)
	if b, err = os.ReadFile(events); err != nil {
		t.Fatal(err)
	}
	for i, l := range bytes.Split(bytes.TrimSuffix(b, []byte("\n")), []byte("\n")) {
		if !json.Valid(l) {
			t.Fatalf("line %d is %s", i, l)
		}
	}
}

// wholeBlocks fails the test where a capture doesn't end where a block of it does.
func wholeBlocks(t *testing.T, b []byte) {
	t.Helper()
	n := 0
	for ; len(b) >= 12; n++ {
		size := int(b[4]) | int(b[5])<<8 | int(b[6])<<16
		if size < 12 || size > len(b) {
			break
		}
		b = b[size:]
	}
	if len(b) != 0 || n < 3 {
		t.Errorf("after %d blocks of the capture %d bytes are left", n, len(b))
	}
}

// A cancelling writer interrupts a command when it begins to print.
type cancelling struct {
	bytes.Buffer
	cancel func()
}

func (c *cancelling) Write(p []byte) (int, error) {
	c.cancel()
	return c.Buffer.Write(p)
}

// A run that is interrupted, or whose real time is over, ends its files well.
func TestRunEndsByRealTime(t *testing.T) {
	talks := filepath.Dir(file(t, "scenario.yaml", strings.Replace(loopLab, "links: {s1.2: {to: s2.2}, s1.3: {to: s2.3}}", "links: {s1.2: {to: s2.2}}", 1)))
	for _, tc := range []struct {
		name, want string
		args       []string
	}{
		{"interrupted", "labserver: interrupted", nil},
		{"its time is over", "labserver: ended after 1ns of real time, as --max-time says", []string{"--max-time", "1ns"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			capture := filepath.Join(t.TempDir(), "a.pcapng")
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var e bytes.Buffer
			o := &cancelling{cancel: cancel}
			// Enough is shown for the first write long before the time is over.
			code := run(ctx, append([]string{"run", talks, "--for", "87600h", "--pcap", capture}, tc.args...), stdio{strings.NewReader(""), o, &e})
			if code != exitFailed || !strings.Contains(e.String(), tc.want) || !strings.Contains(o.String(), "of virtual time") {
				t.Errorf("code %d: %s%s", code, o.String(), e.String())
			}
			b, err := os.ReadFile(capture)
			if err != nil {
				t.Fatal(err)
			}
			wholeBlocks(t, b)
		})
	}
}

// An outlet takes each event whole, and none after one that did not fit.
func TestOutletKeepsItsLimit(t *testing.T) {
	var to bytes.Buffer
	o := newOutlet("x", "lines", &to, 10)
	o.put = func(e *event.Event) error {
		o.part.WriteString(e.Text)
		return nil
	}
	for _, s := range []string{"123", "", "4567", "89ab", "c", ""} {
		o.see(&event.Event{Text: s})
	}
	o.last = "end"
	if err := o.close(); err != nil || to.String() != "1234567end" {
		t.Errorf("%q, %v", to.String(), err)
	}
	if err := o.lacks(); err == nil || err.Error() != "x: the limit of 10 bytes is reached, and 2 lines more were not written; --max-output allows more" {
		t.Errorf("it lacks: %v", err)
	}
}

// A grading that takes too much real time is nobody's failure: it has no result.
func TestGradeTimeout(t *testing.T) {
	for _, args := range [][]string{{"grade", "ping"}, {"grade", "ping", "--format", "json"}} {
		code, out, errs := labserver(t, append(args, "--timeout", "1ns")...)
		if code != exitError || out != "" || !strings.Contains(errs, "the grading took more than 1ns of this machine's time and was ended, so there is no result") {
			t.Errorf("code %d: %s%s", code, out, errs)
		}
	}
	if code, _, errs := labserver(t, "grade", "ping", "--timeout", "-1s"); code != exitError || !strings.Contains(errs, "--timeout -1s: want some time") {
		t.Errorf("code %d: %s", code, errs)
	}
}

// check remarks on a loop, which is no mistake.
func TestCheckRemarksOnALoop(t *testing.T) {
	dir := filepath.Dir(file(t, "scenario.yaml", loopLab))
	code, out, errs := labserver(t, "check", dir)
	if code != exitOK || !strings.Contains(out, "no mistakes, 1 remark\n") || !strings.Contains(errs, "scenario.yaml:6:27: remark: these cables are a loop: s1.2 -> s2.2, s2.3 -> s1.3. ") {
		t.Errorf("code %d: %s%s", code, out, errs)
	}
}
