package main

import (
	"os"
	"strings"
	"testing"

	"wireloom/internal/compilechild"
)

// TestMain is labserver where a test started it as one: grade-all grades in processes
// of its own, and a server is ended by signals.
func TestMain(m *testing.M) {
	compilechild.Init()
	if len(os.Args) > 1 && !strings.HasPrefix(os.Args[1], "-") {
		os.Exit(asProcess(os.Args[1:]))
	}
	os.Exit(m.Run())
}
