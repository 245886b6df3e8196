//go:build ignore

// Command gvtap passes frames through the Switch of gvisor-tap-vsock's pkg/tap, in this
// process, from one net.Pipe to another that speak QEMU's protocol: four bytes of length,
// then the frame.
//
//	gvtap SIZE FRAMES
//
// It prints how many nanoseconds a frame took, and of CPU time. It is built with
// tools/peers.mod, so that the product doesn't depend on it.
package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"strconv"
	"syscall"
	"time"

	"github.com/containers/gvisor-tap-vsock/pkg/tap"
	"github.com/containers/gvisor-tap-vsock/pkg/types"
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
)

// inFlight is how many frames the writer is ahead of the reader.
const inFlight = 64

// nobody is the gateway that the switch must have.
type nobody struct{}

func (nobody) DeliverNetworkPacket(tcpip.NetworkProtocolNumber, *stack.PacketBuffer) {}
func (nobody) LinkAddress() tcpip.LinkAddress                                        { return "\x02\x00\x00\x00\x00\xff" }

func (nobody) IP() string { return "192.0.2.1" }

func main() {
	if err := run(os.Args[1:]); err != nil {
		log.Fatal("gvtap: ", err)
	}
}

func run(args []string) error {
	if len(args) != 2 {
		return fmt.Errorf("usage: gvtap SIZE FRAMES")
	}
	size, err := strconv.Atoi(args[0])
	if err != nil || size < 14 || size > 1514 {
		return fmt.Errorf("a frame of %s bytes: 14 to 1514 are possible", args[0])
	}
	frames, err := strconv.Atoi(args[1])
	if err != nil || frames < inFlight {
		return fmt.Errorf("%s frames: at least %d are possible", args[1], inFlight)
	}
	sw := tap.NewSwitch(false)
	sw.Connect(nobody{})
	plug := func() net.Conn {
		here, there := net.Pipe()
		go func() { _ = sw.Accept(context.Background(), there, types.QemuProtocol) }() // until the process ends
		return here
	}
	a, b := plug(), plug()
	// It drops what is for an address that it doesn't know: so b is heard first, until a
	// frame to b has arrived there.
	first := make(chan error, 1)
	go func() { first <- read(b, make([]byte, 4+size)) }()
	for learned := false; !learned; {
		if _, err := b.Write(frame(size, 9, 2)); err != nil {
			return err
		}
		if _, err := a.Write(frame(size, 2, 1)); err != nil {
			return err
		}
		select {
		case err := <-first:
			if err != nil {
				return err
			}
			learned = true
		default:
		}
	}
	credit, done := make(chan struct{}, inFlight), make(chan error, 1)
	go func() {
		// It reads on when it has all: those that were sent to be learned come first, and
		// the last ones would wait for ever.
		got := make([]byte, 4+size)
		for n := 1; ; n++ {
			if err := read(b, got); err != nil {
				done <- err
				return
			}
			<-credit
			if n == frames {
				done <- nil
			}
		}
	}()
	f := frame(size, 2, 1)
	w, c := time.Now(), cpu()
	for range frames {
		credit <- struct{}{}
		if _, err := a.Write(f); err != nil {
			return err
		}
	}
	if err := <-done; err != nil {
		return err
	}
	wall, used := time.Since(w), cpu()-c
	fmt.Println(float64(wall.Nanoseconds())/float64(frames), float64(used.Nanoseconds())/float64(frames))
	return nil
}

func frame(size int, dst, src byte) []byte {
	f := make([]byte, 4+size)
	binary.BigEndian.PutUint32(f, uint32(size))
	e := f[4:]
	e[0], e[5], e[6], e[11], e[12], e[13] = 2, dst, 2, src, 0x88, 0xb5
	return f
}

func read(c net.Conn, frame []byte) error {
	_, err := io.ReadFull(c, frame)
	return err
}

func cpu() time.Duration {
	var r syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &r) // no error is possible for this process
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}
