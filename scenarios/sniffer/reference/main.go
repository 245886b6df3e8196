//go:build wasip1

// Sniffer prints a line for each frame that it reads from a tap, much as tcpdump does.
//
//	sniffer DEVICE [DEVICE] [FILTER...]
//
// With two devices it is put into a cable: what comes from one, it passes on to the
// other. The filter, some words that must all be true, only chooses what is printed.
// SIGINT and SIGTERM end it; then it says how many frames there were.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"wireloom/wasm/guest/tuntap"
)

const frameMax = 1518

// A frame came from one of the taps.
type frame struct {
	from int
	data []byte
}

func main() {
	args := os.Args[1:]
	var taps []*tuntap.Tap
	for len(args) > 0 && strings.HasPrefix(args[0], "/") && len(taps) < 2 {
		tap, err := tuntap.OpenTap(args[0])
		check(err)
		taps, args = append(taps, tap), args[1:]
	}
	if len(taps) == 0 {
		fmt.Fprintln(os.Stderr, "usage: sniffer DEVICE [DEVICE] [FILTER...]")
		os.Exit(64)
	}
	f, err := parseFilter(args)
	if err != nil {
		fmt.Fprintln(os.Stderr, "sniffer:", err)
		os.Exit(64)
	}
	stop := make(chan os.Signal, 1)
	check(tuntap.Notify(stop, tuntap.SIGINT, tuntap.SIGTERM))
	frames := make(chan frame)
	for i, tap := range taps {
		go receive(tap, i, frames)
	}
	count, shown := 0, 0
	for {
		select {
		case x := <-frames:
			if len(taps) == 2 {
				passOn(taps[1-x.from], x.data)
			}
			count++
			if s, line := decode(x.data); f.shows(s) {
				shown++
				fmt.Println(line)
			}
		case <-stop:
			fmt.Printf("%d frames, %d shown\n", count, shown)
			return
		}
	}
}

// receive gives the frames of a tap to a channel.
func receive(tap *tuntap.Tap, number int, to chan<- frame) {
	for {
		b := make([]byte, frameMax)
		n, err := tap.Read(b)
		switch err = tuntap.Explain(err); {
		case errors.Is(err, tuntap.EHOSTDOWN): // the interface is down, and may come up again
			time.Sleep(50 * time.Millisecond)
			continue
		case errors.Is(err, io.EOF): // it was down for a moment
			continue
		}
		check(err)
		to <- frame{number, b[:n]}
	}
}

// passOn sends a frame to the other end of the cable, which may be down.
func passOn(tap *tuntap.Tap, data []byte) {
	if _, err := tap.Write(data); err != nil {
		fmt.Fprintln(os.Stderr, "sniffer:", tuntap.Explain(err))
	}
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "sniffer:", tuntap.Explain(err))
		os.Exit(1)
	}
}
