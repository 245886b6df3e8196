package main

import (
	"context"
	"fmt"

	"wireloom/internal/boot"
	"wireloom/scenarios"
)

func runCheck(_ context.Context, args []string, io stdio) int {
	f := newFlags(io, "check", "SCENARIO...", "Reads scenarios and reports every mistake with file, line and column.")
	rest, code, ok := parse(f, args)
	if !ok {
		return code
	}
	if len(rest) == 0 {
		return wants(io, f, "one SCENARIO or more", rest)
	}
	bad := 0
	for _, arg := range rest {
		src, err := boot.Find(arg)
		if err != nil {
			bad++
			fmt.Fprintln(io.err, err)
			continue
		}
		fmt.Fprintf(io.out, "%s: %d nodes, %d steps, no mistakes\n", arg, len(src.Lab.Nodes), len(src.Steps))
	}
	if bad > 0 && len(rest) > 1 {
		fmt.Fprintf(io.err, "%d of %d scenarios have mistakes\n", bad, len(rest))
	}
	if bad > 0 {
		return exitFailed
	}
	return exitOK
}

func runSchema(_ context.Context, _ []string, io stdio) int {
	if _, err := io.out.Write(scenarios.Schema()); err != nil {
		return fail(io, err)
	}
	return exitOK
}
