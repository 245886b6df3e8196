package main

import (
	"context"
	"fmt"
	"strings"
	"text/tabwriter"

	"wireloom/internal/decode"
	"wireloom/internal/terminal"
)

func runFields(_ context.Context, args []string, io stdio) int {
	f := newFlags(io, "fields", "[WORD...]", `Lists what a display filter may ask for, a line each: the name, what its values are, what
it means. With words, those that have all of them: labserver fields dns name.`)
	words, code, ok := parse(f, args)
	if !ok {
		return code
	}
	w := tabwriter.NewWriter(io.out, 0, 0, 2, ' ', 0)
	found := 0
	for _, k := range decode.Keys() {
		line := fmt.Sprintf("%s\t%s\t%s\n", k.Name, k.Type, k.Doc)
		if hasWords(line, words) {
			found++
			fmt.Fprint(w, line)
		}
	}
	if err := w.Flush(); err != nil {
		return fail(io, err)
	}
	if found == 0 {
		fmt.Fprintf(io.err, "labserver: no field has the words %s; docs/filters.md is the language\n", terminal.Line(strings.Join(words, " ")))
		return exitFailed
	}
	return exitOK
}

// hasWords reports whether a line has all of some words, in capital or small letters.
func hasWords(line string, words []string) bool {
	line = strings.ToLower(line)
	for _, w := range words {
		if !strings.Contains(line, strings.ToLower(w)) {
			return false
		}
	}
	return true
}
