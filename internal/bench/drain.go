package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"math"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"time"
)

// drain is the argument that makes the command a crowd of viewers: it takes what
// the server sends and only counts events in it, so that what is measured is the
// server. It is a process of its own, whose CPU time is not the server's.
//
//	drain URL-WITHOUT-SCHEME VIEWERS EVENTS
//
// It prints "ready" when all viewers are connected and "done" when each has got
// EVENTS events. A {} in the URL is replaced by the viewer's number, from 0.
const drain = "drain"

// drainLimit is how long viewers wait for all of their events.
const drainLimit = 60 * time.Second

// endless is how many events viewers wait for who are to stay until they are closed.
const endless = math.MaxInt

// eventMark is how each event in a message begins.
const eventMark = `{"seq":`

func drainAll(url, viewers, events string, stdout io.Writer) error {
	n, err1 := strconv.Atoi(viewers)
	want, err2 := strconv.Atoi(events)
	addr, path, ok := strings.Cut(url, "/")
	if err1 != nil || err2 != nil || !ok {
		return fmt.Errorf("%s %s %s %s: that is for the command itself", drain, url, viewers, events)
	}
	type viewer struct {
		conn net.Conn
		r    io.Reader
		err  error
	}
	vs := make([]viewer, n)
	defer func() {
		for _, v := range vs {
			if v.conn != nil {
				_ = v.conn.Close() // nothing was written that could be lost
			}
		}
	}()
	// do runs f for all viewers at once and returns the first one's error.
	do := func(f func(i int, v *viewer)) error {
		var all sync.WaitGroup
		for i := range vs {
			all.Go(func() { f(i, &vs[i]) })
		}
		all.Wait()
		for i := range vs {
			if err := vs[i].err; err != nil {
				return fmt.Errorf("viewer %d: %w", i, err)
			}
		}
		return nil
	}
	err := do(func(i int, v *viewer) {
		v.conn, v.r, v.err = upgrade(addr, "/"+strings.ReplaceAll(path, "{}", strconv.Itoa(i)))
	})
	if err != nil {
		return err
	}
	fmt.Fprintln(stdout, "ready")
	err = do(func(_ int, v *viewer) {
		if v.err = countTo(want, v.r); v.err != nil && want == endless {
			fmt.Fprintln(os.Stderr, "bench: a viewer left:", v.err) // the others stay
		}
	})
	if err != nil {
		return err
	}
	fmt.Fprintln(stdout, "done")
	return nil
}

// upgrade connects to a WebSocket (RFC 6455, 4.1).
func upgrade(addr, path string) (net.Conn, io.Reader, error) {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, nil, err
	}
	fail := func(err error) (net.Conn, io.Reader, error) {
		_ = c.Close() // nothing was written that could be lost
		return nil, nil, err
	}
	if err := c.SetDeadline(time.Now().Add(drainLimit)); err != nil {
		return fail(err)
	}
	_, err = fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", path, addr)
	if err != nil {
		return fail(err)
	}
	r := bufio.NewReaderSize(c, 64<<10)
	status, err := r.ReadString('\n')
	if err != nil {
		return fail(err)
	}
	if !strings.HasPrefix(status, "HTTP/1.1 101 ") {
		return fail(fmt.Errorf("the server answers %q to a request for a WebSocket", strings.TrimSpace(status)))
	}
	for line := status; line != "\r\n"; {
		if line, err = r.ReadString('\n'); err != nil {
			return fail(err)
		}
	}
	return c, r, nil
}

// countTo reads until want events have passed.
func countTo(want int, r io.Reader) error {
	const carry = len(eventMark) - 1 // of the end of what was read: a mark may be cut in two
	buf := make([]byte, 256<<10)
	kept, seen := 0, 0
	for seen < want {
		n, err := r.Read(buf[kept:])
		n += kept
		seen += bytes.Count(buf[:n], []byte(eventMark))
		kept = copy(buf, buf[max(n-carry, 0):n])
		if err != nil && seen < want {
			return fmt.Errorf("after %d of %d events: %w", seen, want, err)
		}
	}
	return nil
}

// A crowd is viewers in a process of their own.
type crowd struct {
	cmd *exec.Cmd
	out *bufio.Scanner
}

// newCrowd returns when all viewers are connected. The caller closes the crowd.
func newCrowd(ctx context.Context, url string, viewers, events int) (*crowd, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, self, drain, url, strconv.Itoa(viewers), strconv.Itoa(events))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	c := &crowd{cmd: cmd, out: bufio.NewScanner(out)}
	if err := c.await("ready"); err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

// await waits for the crowd to say a word.
func (c *crowd) await(word string) error {
	if c.out.Scan() && c.out.Text() == word {
		return nil
	}
	return fmt.Errorf("the viewers' process did not get as far as %q: it says why above", word)
}

// done waits until all viewers have all events.
func (c *crowd) done() error { return c.await("done") }

// close ends the process, whatever it does.
func (c *crowd) close() {
	_ = c.cmd.Process.Kill() // it may have ended already,
	_ = c.cmd.Wait()         // and what it had to say has been read
}
