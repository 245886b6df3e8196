package main

import (
	"context"
	"fmt"

	"wireloom/internal/open"
	"wireloom/internal/product"
	"wireloom/internal/scenario"
	"wireloom/internal/scenario/format"
	"wireloom/internal/terminal"
)

func runCheck(_ context.Context, args []string, io stdio) int {
	f := newFlags(io, "check", "SCENARIO...", `Reads scenarios, builds their labs, and reports every mistake with file, line and column,
and what is no mistake but may not be meant. Exit code 0: no mistakes; 1: some.`)
	rest, code, ok := parse(f, args)
	if !ok {
		return code
	}
	if len(rest) == 0 {
		return wants(io, f, "one SCENARIO or more", rest)
	}
	bad := 0
	for _, arg := range rest {
		src, err := open.Scenario(arg)
		if err == nil {
			err = product.Check(src)
		}
		if err != nil {
			bad++
			fmt.Fprintln(io.err, sentence(err))
			continue
		}
		for _, r := range src.Remarks {
			r.Message = "remark: " + r.Message
			fmt.Fprintln(io.err, sentence(&format.Error{Mistakes: []format.Mistake{r}}))
		}
		fmt.Fprintf(io.out, "%s: %d nodes, %d steps, no mistakes%s\n", terminal.Line(arg), len(src.Lab.Nodes), len(src.Steps), remarks(len(src.Remarks)))
	}
	if bad > 0 && len(rest) > 1 {
		fmt.Fprintf(io.err, "%d of %d scenarios have mistakes\n", bad, len(rest))
	}
	if bad > 0 {
		return exitFailed
	}
	return exitOK
}

// remarks is how many there are, as the end of a sentence.
func remarks(n int) string {
	switch n {
	case 0:
		return ""
	case 1:
		return ", 1 remark"
	}
	return fmt.Sprintf(", %d remarks", n)
}

func runSchema(_ context.Context, args []string, io stdio) int {
	about := "Prints the JSON Schema of scenario.yaml, with which an editor completes and checks one."
	if code, ok := alone(io, newFlags(io, "schema", "", about), args); !ok {
		return code
	}
	if _, err := io.out.Write(scenario.Schema()); err != nil {
		return fail(io, err)
	}
	return exitOK
}
