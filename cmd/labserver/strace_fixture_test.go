package main

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"wireloom/vnet/errno"
	"wireloom/vnet/event"
)

// The page's tests read the same file: a call is said in the same words on the page
// and on a terminal.
func TestCallsReadAsOnThePage(t *testing.T) {
	b, err := os.ReadFile(filepath.Join("..", "..", "internal", "stream", "testdata", "strace.json"))
	if err != nil {
		t.Fatal(err)
	}
	var all []struct {
		Text  string
		Event struct {
			Op, Path, Text, Errno, Data string
			FD, Len                     int
			N                           int64
			Frame                       uint64
		}
	}
	if err := json.Unmarshal(b, &all); err != nil {
		t.Fatal(err)
	}
	for _, x := range all {
		e := event.Event{Kind: event.Call, Op: x.Event.Op, FD: x.Event.FD, Path: x.Event.Path, Len: x.Event.Len, N: x.Event.N, Frame: x.Event.Frame, Text: x.Event.Text}
		if e.Data, err = hex.DecodeString(x.Event.Data); err != nil {
			t.Fatal(err)
		}
		for n := range uint16(512) {
			if x.Event.Errno != "" && errno.Errno(n).String() == x.Event.Errno {
				e.Errno = n
				break
			}
		}
		if got := callText(&e); got != x.Text {
			t.Errorf("got %s, want %s", got, x.Text)
		}
	}
}
