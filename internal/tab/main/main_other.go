//go:build !js

package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "this program is the worker of a page without a server: make site builds it for browsers")
	os.Exit(2)
}
