package verb_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"wireloom/internal/scenario"
	"wireloom/internal/scenario/format"
	"wireloom/internal/scenario/verb"
)

var update = flag.Bool("update", false, "rewrite what the transcripts say")

// lab is what the steps of the transcripts are of.
const lab = `scenario: small
nodes:
  a:
    nics: {em0: {port: s1.1, address: 10.0.0.1/24}}
  b:
    dialect: netbsd
    devices: {tap0: {port: s1.2}}
    programs: {prog: {slot: submission}, other: {slot: second, start: false}}
  c:
    devices: {tun0: {address: 10.8.0.1, peer: 10.8.0.2}}
switches:
  s1: {ports: 3}
  t1: {ports: 3, stp: rstp}
steps:
`

// proofs are the words for what a step proves.
var proofs = map[verb.Proof]string{
	verb.Nothing: "checks nothing", verb.NothingIs: "holds for a program that does nothing", verb.Weak: "proves nothing beside what does not come", verb.Strong: "proves that something came",
}

// Each file of testdata is the transcript of a verb: steps of a scenario behind ">", and
// what is read of them: what the last of them does in words, what it wants, what that
// proves; or the mistakes. -update rewrites what is read.
func TestTranscripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files, error %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var blocks []string
			for block := range strings.SplitSeq(strings.TrimSpace(string(text)), "\n\n") {
				blocks = append(blocks, read(block))
			}
			got := strings.Join(blocks, "\n\n") + "\n"
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			} else if got != string(text) {
				t.Errorf("got\n%s\nwant\n%s\nIf the change is meant, go test -update rewrites it", got, text)
			}
		})
	}
}

// read is a block of a transcript with what is read of its steps.
func read(block string) string {
	var kept, steps []string
	for line := range strings.Lines(block) {
		line = strings.TrimSuffix(line, "\n")
		step, ok := strings.CutPrefix(line, "> ")
		if ok {
			steps = append(steps, step)
		}
		if ok || strings.HasPrefix(line, "#") {
			kept = append(kept, line)
		}
	}
	sc, err := scenario.Open(fstest.MapFS{
		"scenario.yaml":     {Data: []byte(lab + strings.Join(steps, "\n") + "\n")},
		"captures/x.pcap":   {Data: capture},
		"captures/cut.pcap": {Data: cutCapture},
	}, "small")
	var e *format.Error
	switch {
	case len(steps) == 0: // a comment
	case errors.As(err, &e):
		for _, m := range e.Mistakes {
			kept = append(kept, fmt.Sprintf("%s: %s", strings.Join(m.Path[1:], " "), m.Message))
		}
	case err != nil:
		kept = append(kept, err.Error())
	default:
		st := sc.Steps[len(sc.Steps)-1]
		proof := verb.Nothing
		for _, d := range st.Does {
			proof = max(proof, d.Proof())
		}
		kept = append(kept, "does: "+st.Say())
		for want := range strings.SplitSeq(st.Wants(), "\n") {
			if want != "" {
				kept = append(kept, "wants: "+want)
			}
		}
		kept = append(kept, proofs[proof])
		for _, m := range sc.Remarks {
			kept = append(kept, fmt.Sprintf("remark on %s: %s", strings.Join(m.Path[1:], " "), m.Message))
		}
	}
	return strings.Join(kept, "\n")
}

// capture holds a frame of two bytes, abcd.
var capture = append([]byte{0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 1, 0, 0, 0},
	append(append(make([]byte, 8), 2, 0, 0, 0, 2, 0, 0, 0), 0xab, 0xcd)...)

// cutCapture holds the first two bytes of a frame of 60.
var cutCapture = func() []byte {
	b := bytes.Clone(capture)
	b[24+12] = 60
	return b
}()
