// Command kernelconform puts our nodes the questions that real BSD kernels were put, and
// shows where they answer otherwise.
//
//	go run ./internal/kernelconform              the table: a row a behaviour, recorded and ours
//	go run ./internal/kernelconform -all         every field of every frame that differs
//	go run ./internal/kernelconform -show NAME   the transcripts of one situation, ours beside the recorded one
//	go run ./internal/kernelconform -page        the part of docs/networking.md that is made of this
//
// testdata has the transcripts: fbsd.* of FreeBSD 9.1's netinet, nbsd.* of NetBSD 7.99.34.
// DragonFly is held to FreeBSD's where its source does not say otherwise. The command ends
// with status 1 if a row of severity 1 or 2 differs, or with -all anything that is not in
// the table of what can't hold, and with 2 if it can't do its work.
package main

import (
	"fmt"
	"io"
	"os"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, out, errout io.Writer) int {
	switch {
	case len(args) == 0:
		return table(out, errout)
	case len(args) == 1 && args[0] == "-all":
		return everything(out, errout)
	case len(args) == 1 && args[0] == "-page":
		text, err := page()
		if err != nil {
			fmt.Fprintln(errout, "kernelconform:", err)
			return 2
		}
		fmt.Fprint(out, text)
		return 0
	case len(args) == 2 && args[0] == "-show":
		return show(args[1], out, errout)
	}
	fmt.Fprintln(errout, "usage: kernelconform [-all | -show NAME | -page]")
	return 2
}
