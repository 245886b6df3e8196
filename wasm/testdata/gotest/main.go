//go:build wasip1

// Gotest is what the tests of package wasm run as a Go program: its first argument
// says what it does.
package main

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"
)

func main() {
	if f := does[os.Args[1]]; f != nil {
		f(os.Args[2:])
		return
	}
	fmt.Println("no such test:", os.Args[1])
	os.Exit(64)
}

var does = map[string]func(args []string){
	"exit": func(args []string) {
		code, _ := strconv.Atoi(args[0])
		os.Exit(code)
	},
	"env": func([]string) { fmt.Println(len(os.Args), os.Getenv("GREETING")) },
	"panic": func([]string) {
		var m map[string]int
		m["x"] = 1 //nolint:staticcheck // a panic is what this is for
	},
	"sleep": func([]string) {
		begin := time.Now()
		time.Sleep(1500 * time.Millisecond)
		fmt.Println(time.Since(begin).Round(time.Millisecond), begin.UTC().Format("2006-01-02"))
	},
	// busy waits on the clock: only fuel makes it end.
	"busy": func([]string) {
		for begin := time.Now(); time.Since(begin) < 20*time.Millisecond; {
		}
		fmt.Println("done")
	},
	// deadline reads with a deadline, with a ticker beside it, and then without one.
	"deadline": func(args []string) {
		tap := open(args[0])
		ticks := 0
		go func() {
			for range time.Tick(10 * time.Millisecond) {
				ticks++
			}
		}()
		check(tap.SetReadDeadline(time.Now().Add(105 * time.Millisecond)))
		b := make([]byte, 2000)
		_, err := tap.Read(b)
		fmt.Println(errors.Is(err, os.ErrDeadlineExceeded), ticks)
		check(tap.SetReadDeadline(time.Time{}))
		n, err := tap.Read(b)
		check(err)
		fmt.Println(n)
	},
	"memory": func([]string) {
		var all [][]byte
		for {
			b := make([]byte, 1<<20)
			b[len(all)] = 1
			all = append(all, b)
		}
	},
	"dir": func([]string) {
		for _, d := range []string{"/", "/dev"} {
			es, err := os.ReadDir(d)
			check(err)
			fmt.Print(d)
			for _, e := range es {
				fmt.Print(" ", e.Name(), ":", e.Type())
			}
			fmt.Println()
		}
		st, err := os.Stat("/dev/tap0")
		check(err)
		_, missing := os.Stat("/etc/passwd")
		fmt.Println(st.Mode(), errors.Is(missing, os.ErrNotExist), os.Mkdir("/x", 0o777))
	},
	// chance shows everything that must be the same in each run.
	"chance": func([]string) {
		b := make([]byte, 8)
		_, _ = rand.Read(b)
		m := map[int]int{1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 6, 7: 7}
		fmt.Print(hex.EncodeToString(b))
		for k := range m {
			fmt.Print(" ", k)
		}
		c, d := make(chan int), make(chan int)
		go func() { c <- 1 }()
		go func() { d <- 2 }()
		for range 2 {
			select {
			case x := <-c:
				fmt.Print(" c", x)
			case x := <-d:
				fmt.Print(" d", x)
			}
		}
		fmt.Println("", time.Now().UnixNano())
	},
}

func open(name string) *os.File {
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	check(err)
	return f
}

func check(err error) {
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}
