package main

import (
	"os"
	"strings"
	"testing"
	"path/filepath"
	"strconv"
)

func TestZZMech(t *testing.T) {
	l, err := openLesson(root, os.Getenv("ZZ"))
	if err != nil { t.Fatal(err) }
	var b strings.Builder
	hs, _ := filepath.Glob(filepath.Join(l.dir, "reference", "*.h"))
	cs, _ := filepath.Glob(filepath.Join(l.dir, "reference", "*.c"))
	for _, f := range append(hs, cs...) {
		x, _ := os.ReadFile(f)
		s := string(x)
		if strings.HasSuffix(f, "pool.c") { s = strings.ReplaceAll(s, "dotted", "dotted2") }
		if strings.HasSuffix(f, "decode.c") { s = strings.NewReplacer("arp(", "darp(", "icmp(", "dicmp(","tcp(","dtcp(").Replace(s) }
		for _, line := range strings.Split(s, "\n") {
			if strings.HasPrefix(line, "#include \"") { line = "" }
			b.WriteString(line + "\n")
		}
	}
	l.program = b.String()
	every, _ := strconv.Atoi(os.Getenv("EVERY"))
	s, err := l.mechanical(t.Context(), every)
	if err != nil { t.Fatal(err) }
	s.write(os.Stdout)
	lines := strings.Split(l.program, "\n")
	for i, f := range s.fates {
		if f == missed { println(s.changes[i].String(), "   ", strings.TrimSpace(lines[s.changes[i].Line-1])) }
	}
}
