//go:build wasip1

// Runner runs a command of its node, numbers the lines that it prints, and says how
// it ended and on what system.
//
//	runner command [argument ...]
package main

import (
	"bufio"
	"fmt"
	"os"

	"wireloom/wasm/guest/tuntap"
)

func main() {
	u, err := tuntap.Uname()
	check(err)
	fmt.Printf("%s is a %s\n", u.Nodename, u.Sysname)

	r, w, err := tuntap.Pipe()
	check(err)
	p, err := tuntap.Spawn(os.Args[1:], &tuntap.Attr{Stdout: w, Stderr: os.Stderr})
	check(err)
	check(w.Close())
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		fmt.Printf("%4d  %s\n", n, lines.Text())
	}
	status, err := p.Wait()
	check(err)
	if status.Exited() {
		fmt.Printf("%s: exit %d\n", os.Args[1], status.ExitCode())
	} else {
		fmt.Printf("%s: %v\n", os.Args[1], status.Signal())
	}
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "runner:", err)
		os.Exit(1)
	}
}
