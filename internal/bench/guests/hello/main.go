//go:build wasip1 || native

// Command hello is the least that a Go program does: it starts, says so and ends.
// The benchmark also builds it for the machine itself, with the tag native.
package main

import "fmt"

func main() { fmt.Println("hello") }
