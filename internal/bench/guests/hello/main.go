// Command hello is the least that a Go program does: it starts, says so and ends.
// It has no build constraint, since the benchmark also runs it natively.
package main

import "fmt"

func main() { fmt.Println("hello") }
