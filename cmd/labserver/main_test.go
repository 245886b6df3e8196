package main

import (
	"context"
	"os"
	"strings"
	"testing"

	"wireloom/internal/compilechild"
)

// TestMain is labserver where a test started it as one: grade-all grades in processes
// of its own.
func TestMain(m *testing.M) {
	compilechild.Init()
	if len(os.Args) > 1 && !strings.HasPrefix(os.Args[1], "-") {
		os.Exit(run(context.Background(), os.Args[1:], stdio{os.Stdin, os.Stdout, os.Stderr}))
	}
	os.Exit(m.Run())
}
