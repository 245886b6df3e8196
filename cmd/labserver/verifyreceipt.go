package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"

	"wireloom/internal/diskfile"
	"wireloom/internal/gradebook"
	"wireloom/internal/recording"
	"wireloom/internal/report"
)

// receiptIn reads a file if it is the receipt of a hand-in; nil if it is something else.
func receiptIn(name string) []byte {
	b, err := diskfile.Read(name, gradebook.MaxReceipt)
	if err != nil || !gradebook.IsReceipt(b) {
		return nil // whatever is wrong with it, who reads it as a report says so
	}
	return b
}

// receipt says whether a receipt is as its server wrote it, and whether files are what was
// handed in.
func (v *verifyFlags) receipt(io stdio, b []byte) int {
	r, err := gradebook.ParseReceipt(b)
	if err != nil {
		return fail(io, fmt.Errorf("%s: %w", report.Line(v.name), err))
	}
	state := v.keys.judge(io, "receipt", &r.Signature, r.Fits())
	row := func(what, format string, args ...any) {
		fmt.Fprintf(io.out, "%-24s "+format+"\n", append([]any{report.Line(what)}, args...)...)
	}
	row("hand-in", "%s, at %s", report.Line(r.Handin), r.At.Format("2006-01-02 15:04:05 UTC"))
	handed := map[string]string{} // slots by hash
	for _, slot := range slices.Sorted(maps.Keys(r.Programs)) {
		row("program of "+slot, "%s", report.Line(r.Programs[slot]))
		handed[r.Programs[slot]] = slot
	}
	same := true
	for _, arg := range v.programs {
		where, name, ok := strings.Cut(arg, "=")
		if !ok || there(arg) {
			where, name = "", arg
		}
		module, err := diskfile.Read(name, recording.MaxProgram)
		if err != nil {
			return fail(io, fmt.Errorf("--program: %w", named(name, err)))
		}
		sum := sha256.Sum256(module)
		slot, ok := handed[hex.EncodeToString(sum[:])]
		switch {
		case !ok || where != "" && where != slot && !strings.HasPrefix(slot, where+"."):
			same = false
			row("file "+name, "IS ANOTHER: it was not handed in%s", placed(where))
		default:
			row("file "+name, "was handed in, for %s", report.Line(slot))
		}
	}
	switch {
	case state == sigUnknown && same:
		fmt.Fprintln(io.out, "not proven: give the server's public key with --key")
		return exitError
	case state != sigGood || !same:
		fmt.Fprintln(io.out, "not confirmed")
		return exitDiffers
	}
	fmt.Fprintln(io.out, "confirmed: the server had all of this at that time")
	return exitOK
}

func placed(where string) string {
	if where == "" {
		return ""
	}
	return " for " + report.Line(where)
}
