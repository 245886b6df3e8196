package main

import (
	"fmt"
	"slices"
	"strings"

	"wireloom/internal/kernelconform/transcript"
	"wireloom/vnet/kern"
)

// Severity is how much a difference matters: see kernels.md's three kinds. A row of none is
// one where nothing differed.
type severity uint8

const (
	none severity = iota
	blocks
	hurts
	polish
)

// String is how the table writes it.
func (s severity) String() string { return [...]string{"=", "1", "2", "3"}[s] }

// A row is a line of the table: something that a kernel does, as a function of its
// transcripts that makes a short text of it. The text of ours has to be that of the
// recorded kernel's.
type row struct {
	part, what string
	matters    severity
	shows      func(r *runs) string

	// What a kernel does where its transcript does not have it, by the kernel's source or
	// by a run that was not kept. DragonFly does as FreeBSD where nothing is said.
	fbsd, nbsd, dfly string
	// Only dialects have an answer to compare.
	only []kern.Dialect
	// Why ours differs, and stays so.
	reason string
}

var onlyNetBSD = []kern.Dialect{kern.NetBSD}

func count(all []transcript.Frame, one, many string) string {
	if len(all) == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", len(all), many)
}

func requests(all []transcript.Frame) string { return count(all, "request", "requests") }

// yes is a word for whether there are frames.
func yes(all []transcript.Frame, some, no string) string {
	if len(all) > 0 {
		return some
	}
	return no
}

// about is a count to the next ten: some of a limit's second may be used up.
func about(text string) string {
	var n int
	_, _ = fmt.Sscan(text, &n) // 0 where there is none
	return fmt.Sprint((n + 5) / 10 * 10)
}

// errnoOf is the e=N in a text.
func errnoOf(text string) string {
	_, rest, ok := strings.Cut(text, "e=")
	if !ok {
		return text
	}
	word, _, _ := strings.Cut(rest, " ")
	word, _, _ = strings.Cut(word, "(")
	return "e=" + word
}

// cutWords are the first n words.
func cutWords(s string, n int) string {
	w := strings.Fields(s)
	return strings.Join(w[:min(len(w), n)], " ")
}

var rows = slices.Concat(linkRows, ipRows, tcpRows, ip6Rows, beyondRows)
