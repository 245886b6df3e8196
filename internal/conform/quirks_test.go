package main

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// Every quirk is shown by recordings that replay without a difference.
func TestQuirks(t *testing.T) {
	for _, q := range quirks {
		for _, r := range q.recordings {
			t.Run(fmt.Sprintf("%s/%s/%s", q.driver, q.function, r), func(t *testing.T) {
				var out bytes.Buffer
				rep, err := replayFile(drivers[q.driver], filepath.Join("testdata", q.driver, "named", r+".jsonl"), &out)
				if err != nil {
					t.Fatal(err)
				}
				if rep.differ != 0 || rep.ops == 0 {
					t.Errorf("%s: %d of %d operations differ:\n%s", q.text, rep.differ, rep.ops, out.String())
				}
			})
		}
	}
}

func TestQuirksAsMarkdown(t *testing.T) {
	var out, errout bytes.Buffer
	if code := run([]string{"-quirks"}, &out, &errout); code != 0 {
		t.Errorf("exit code %d, want 0: %s", code, errout.String())
	}
	for _, want := range []string{"## netbsd-tap\n", "| `tunwrite` | A write while the interface is down", "Source: NetBSD sys/net/if_tap.c 1.123"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in the table", want)
		}
	}
	if got := strings.Count(out.String(), "\n| `"); got != len(quirks) {
		t.Errorf("%d rows, want %d", got, len(quirks))
	}
}
