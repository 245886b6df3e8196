package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
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

// told is how many events a message tells of: those of its stretch of the log. None of them
// is gone where a server is to send everything.
func told(message []byte) int {
	var n, from, next int
	if _, err := fmt.Sscanf(string(message[:min(len(message), 120)]), `{"type":"events","n":%d,"from":%d,"next":%d,`, &n, &from, &next); err != nil {
		return 0
	}
	return next - from
}

// pushes are the beginnings of the messages that are to be acknowledged, which their
// number follows.
var pushes = []string{`{"type":"events","n":`, `{"type":"state","n":`}

func drainAll(url, viewers, events string, stdout io.Writer) error {
	n, err1 := strconv.Atoi(viewers)
	want, err2 := strconv.Atoi(events)
	addr, path, ok := strings.Cut(url, "/")
	if err1 != nil || err2 != nil || !ok {
		return fmt.Errorf("%s %s %s %s: that is for the command itself", drain, url, viewers, events)
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
		if v.err = v.countTo(want); v.err != nil && want == endless {
			fmt.Fprintln(os.Stderr, "bench: a viewer left:", v.err) // the others stay
		}
	})
	if err != nil {
		return err
	}
	fmt.Fprintln(stdout, "done")
	return nil
}

// A viewer is one of the crowd.
type viewer struct {
	conn net.Conn
	r    *bufio.Reader
	buf  []byte
	err  error
}

// countTo reads until want events have passed, and acknowledges what it reads.
func (v *viewer) countTo(want int) error {
	for seen := 0; seen < want; {
		b, err := v.message()
		if err != nil {
			return fmt.Errorf("after %d of %d events: %w", seen, want, err)
		}
		seen += told(b)
		for _, p := range pushes {
			if rest, ok := bytes.CutPrefix(b, []byte(p)); ok {
				n, _, _ := bytes.Cut(rest, []byte(","))
				if err := v.send(fmt.Sprintf(`{"type":"ack","n":%s}`, n)); err != nil {
					return fmt.Errorf("acknowledging message %s: %w", n, err)
				}
			}
		}
	}
	return nil
}

// message reads a message of the server's, or a ping, and returns what it carries, until
// the next call.
func (v *viewer) message() ([]byte, error) {
	for n := 0; ; {
		size, op, last, err := v.frame()
		if err != nil {
			return nil, err
		}
		if op >= 8 && n > 0 { // a ping between the frames of a message
			if _, err := v.r.Discard(int(size)); err != nil {
				return nil, err
			}
			continue
		}
		if size > maxMessage-uint64(n) {
			return nil, fmt.Errorf("a message of %d bytes", size)
		}
		if need := n + int(size); cap(v.buf) < need {
			v.buf = append(make([]byte, 0, 2*need), v.buf[:n]...)
		}
		_, err = io.ReadFull(v.r, v.buf[n:n+int(size)])
		if n += int(size); err != nil || last {
			return v.buf[:n], err
		}
	}
}

// frame reads the head of a frame of the server's (RFC 6455, 5.2): how many bytes follow,
// its opcode, and whether it is the last of its message.
func (v *viewer) frame() (size uint64, op byte, last bool, err error) {
	var head [2]byte
	if _, err := io.ReadFull(v.r, head[:]); err != nil {
		return 0, 0, false, err
	}
	size = uint64(head[1] & 0x7f)
	if more := map[uint64]int{126: 2, 127: 8}[size]; more > 0 {
		var long [8]byte
		if _, err := io.ReadFull(v.r, long[8-more:]); err != nil {
			return 0, 0, false, err
		}
		size = binary.BigEndian.Uint64(long[:])
	}
	return size, head[0] & 0xf, head[0]&0x80 != 0, nil
}

// maxMessage is how many bytes a message may have: the largest is a hello.
const maxMessage = 64 << 20

// send sends a text of less than 126 bytes, masked with zeros.
func (v *viewer) send(text string) error {
	_, err := v.conn.Write(append([]byte{0x81, 0x80 | byte(len(text)), 0, 0, 0, 0}, text...))
	return err
}

// upgrade connects to a WebSocket (RFC 6455, 4.1).
func upgrade(addr, path string) (net.Conn, *bufio.Reader, error) {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, nil, err
	}
	fail := func(err error) (net.Conn, *bufio.Reader, error) {
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
