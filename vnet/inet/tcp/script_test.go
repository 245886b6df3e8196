package tcp

import (
	"encoding/binary"
	"fmt"
	"math"
	"net/netip"
	"strings"
	"testing"
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/inet/dialect"
	"wireloom/vnet/inet/tcp/wire"
)

// A script is a host and a peer whose every segment the test makes: 10.0.0.1 and 10.0.0.2,
// as where the kernels were recorded.
type script struct {
	*testing.T
	w     *world
	h     *host
	from  time.Duration // times are told from here
	local uint32        // the host's initial sequence number: numbers are told from it
	out   []string
	last  Segment
	port  uint16
	peer  netip.Addr
}

func newScript(t *testing.T, d dialect.Dialect) *script {
	s := &script{T: t, w: newWorld(t, 7), peer: netip.MustParseAddr("10.0.0.2")}
	s.h = s.w.host("10.0.0.1", d)
	s.h.hand = true
	s.w.now = 90 * time.Second
	s.from = s.w.now
	s.w.log = func(_ *host, g *Segment) {
		if g.Flags&SYN != 0 {
			s.local = g.Seq
		}
		s.last = *g
		s.last.Options = append([]byte(nil), g.Options...)
		s.out = append(s.out, fmt.Sprintf("%.2f %s", (s.w.now-s.from).Seconds(), s.say(g)))
	}
	return s
}

// mark begins a step: times count from now, and what was sent before is forgotten.
func (s *script) mark() { s.from, s.out = s.w.now, nil }

// wait lets time pass.
func (s *script) wait(seconds float64) { s.w.runFor(time.Duration(seconds * float64(time.Second))) }

// say is a segment in the form of the transcripts: flags, sequence number from the host's
// first, ack, window, and what there is of df0, data and options.
func (s *script) say(g *Segment) string {
	var f strings.Builder
	for i, n := range "FSRPAUEC" {
		if g.Flags&(1<<i) != 0 {
			f.WriteString(string(n))
		}
	}
	seq := fmt.Sprint(int32(g.Seq - s.local))
	if g.Flags&RST != 0 && g.Seq == 0 {
		seq = "zero"
	}
	text := fmt.Sprintf("%s %s %d win%d", f.String(), seq, g.Ack, g.Window)
	if !g.DF {
		text += " df0"
	}
	if len(g.Data) > 0 {
		text += fmt.Sprintf(" data%d", len(g.Data))
	}
	if len(g.Options) > 0 {
		text += " [" + optionWords(g.Options) + "]"
	}
	return text
}

func optionWords(b []byte) string {
	var words []string
	for len(b) > 0 {
		n := 1
		switch b[0] {
		case 0:
			words = append(words, "eol")
		case 1:
			words = append(words, "nop")
		case 2:
			words = append(words, fmt.Sprintf("mss=%d", binary.BigEndian.Uint16(b[2:])))
		case 3:
			words = append(words, fmt.Sprintf("ws=%d", b[2]))
		case 4:
			words = append(words, "sackOK")
		case 8:
			words = append(words, "ts")
		case 5:
			words = append(words, fmt.Sprintf("sack%d", (b[1]-2)/8))
		}
		if b[0] > 1 {
			n = int(b[1])
		}
		b = b[n:]
	}
	return strings.Join(words, ",")
}

// want compares what was sent since mark: a line a segment, its time first, which may be
// off by 0.2 s.
func (s *script) want(lines ...string) {
	s.Helper()
	ok := len(lines) == len(s.out)
	for i := 0; ok && i < len(lines); i++ {
		var at, got float64
		var rest [2]string
		for k, text := range [2]string{lines[i], s.out[i]} {
			time, after, _ := strings.Cut(text, " ")
			v := &at
			if k == 1 {
				v = &got
			}
			if _, err := fmt.Sscan(time, v); err != nil {
				s.Fatalf("%q: %v", text, err)
			}
			rest[k] = after
		}
		ok = rest[0] == rest[1] && math.Abs(at-got) <= 0.2
	}
	if !ok {
		s.Errorf("sent\n\t%s\nwant\n\t%s", strings.Join(s.out, "\n\t"), strings.Join(lines, "\n\t"))
	}
	s.out = nil
}

// send has the peer send a segment; its sequence number is from 1000, ack from the host's first.
func (s *script) send(f Flags, seq uint32, ack uint32, win uint16, n int, opts ...byte) {
	g := Segment{Src: netip.AddrPortFrom(s.peer, s.port), Dst: netip.AddrPortFrom(s.h.addr, 80), Seq: 1000 + seq, Flags: f, Window: win, Options: opts}
	if f&ACK != 0 {
		g.Ack = s.local + ack
	}
	if n > 0 {
		g.Data = make([]byte, n)
	}
	s.raw(&g)
}

func (s *script) raw(g *Segment) {
	s.h.receive(s.peer, g.Append(nil))
	s.h.flush()
}

// accepted opens a connection from the peer to the host's port 80. SYN options are those given.
func (s *script) accepted(win uint16, opts ...byte) *Conn {
	s.Helper()
	if s.h.li == nil {
		s.h.listen(80, 5)
	}
	s.port++
	s.send(SYN, 0, 0, win, 0, opts...)
	s.send(ACK, 1, 1, win, 0)
	c, ok := s.h.li.Accept()
	if !ok {
		s.Fatalf("no connection; sent %q", s.out)
	}
	s.mark()
	return c
}

func (s *script) write(c *Conn, n int) {
	s.Helper()
	if got, e := c.Write(s.w.now, make([]byte, n), &s.h.acts); got != n || e != 0 {
		s.Errorf("write of %d: %d, %v", n, got, e)
	}
	s.h.flush()
}

func (s *script) read(c *Conn, n int) int {
	got, _ := c.Read(s.w.now, make([]byte, n), &s.h.acts)
	s.h.flush()
	return got
}

func (s *script) close(c *Conn) {
	c.Close(s.w.now, &s.h.acts)
	s.h.flush()
}

var (
	mss1460  = []byte{2, 4, 0x05, 0xb4}
	allOpts  = []byte{2, 4, 0x05, 0xb4, 1, 3, 3, 6, 4, 2, 8, 10, 0, 0, 0, 100, 0, 0, 0, 0}
	mss536ts = []byte{2, 4, 2, 24, 1, 1, 8, 10, 0, 0, 0, 100, 0, 0, 0, 0}
)

// dialled has the host connect to the peer's port 80.
func (s *script) dialled() *user {
	p := Params{Local: netip.AddrPortFrom(s.h.addr, 80), Remote: netip.AddrPortFrom(s.peer, 80), Path: s.h.path, Options: DefaultOptions()}
	s.port = 80
	return s.h.add(s.h.l.Dial(s.w.now, p, &s.h.acts))
}

func TestSYNsAreSentAgainAsRecorded(t *testing.T) {
	t.Run("freebsd", func(t *testing.T) {
		s := newScript(t, dialect.FreeBSD)
		u := s.dialled()
		s.wait(80)
		full, short := "S 0 0 win65535 [mss=1460,nop,ws=6,sackOK,ts]", "S 0 0 win65535 [mss=1460,sackOK,eol,eol]"
		s.want("0 "+full, "3.0 "+full, "6.21 "+full, "9.42 "+short, "12.63 "+short, "15.84 "+short, "22.05 "+short, "34.26 "+short, "58.47 "+short)
		if e := u.c.Err(); e != errno.ETIMEDOUT || !u.c.has(dead) {
			t.Errorf("after 75 s: %v, %s", e, u.c.State())
		}
	})
	t.Run("netbsd", func(t *testing.T) {
		s := newScript(t, dialect.NetBSD)
		u := s.dialled()
		s.wait(74.9)
		line := "S 0 0 win32768 [mss=1460,nop,ws=3,sackOK,nop,nop,nop,nop,ts]"
		if u.c.has(dead) {
			t.Error("gave up before 75 s")
		}
		s.wait(1)
		s.want("0 "+line, "6 "+line, "18 "+line, "42 S 0 0 win32768 df0 [mss=1460,nop,ws=3,sackOK,nop,nop,nop,nop,ts]")
		if e := u.c.Err(); e != errno.ETIMEDOUT {
			t.Errorf("after 75 s: %v", e)
		}
	})
	t.Run("linux", func(t *testing.T) {
		s := newScript(t, dialect.Linux)
		u := s.dialled()
		s.wait(132)
		line := "S 0 0 win64240 [mss=1460,sackOK,ts,nop,ws=7]"
		s.want("0 "+line, "1.02 "+line, "3.03 "+line, "7.14 "+line, "15.33 "+line, "31.46 "+line, "64.4 "+line)
		if e := u.c.Err(); e != errno.ETIMEDOUT {
			t.Errorf("after 127 s: %v", e)
		}
	})
}

func TestTimestampsOfSYNsAreThoseRecorded(t *testing.T) {
	for d, want := range map[dialect.Dialect][]uint32{dialect.FreeBSD: {0, 3000, 6210}, dialect.NetBSD: {0, 12, 36}} {
		s := newScript(t, d)
		var got []uint32
		s.w.log = func(_ *host, g *Segment) {
			var o wire.Options
			o.Parse(g.Options, true)
			if o.HasTS {
				got = append(got, o.TSVal)
			}
		}
		s.dialled()
		s.wait(20)
		if d == dialect.NetBSD && got[0] != 1 {
			t.Errorf("netbsd's first timestamp is %d, want 1", got[0])
		}
		for i := range want {
			if diff := got[i] - got[0] - want[i]; diff+20 > 40 {
				t.Errorf("%s: timestamp %d is %d after the first, want %d", d, i, got[i]-got[0], want[i])
			}
		}
	}
}

func TestSYNACKsAreAsRecorded(t *testing.T) {
	syns := []struct {
		name              string
		flags             Flags
		opts              []byte
		freebsd, netbsd   string
		dragonfly, linux_ string
	}{
		{"no options", SYN, nil, "mss=1460", "mss=1460", "mss=1460", "mss=1460"},
		{"mss", SYN, mss1460, "mss=1460", "mss=1460", "mss=1460", "mss=1460"},
		{"all", SYN, allOpts, "mss=1460,nop,ws=6,sackOK,ts", "mss=1460,nop,ws=3,nop,nop,ts,sackOK,nop,nop", "mss=1460,nop,ws=0,nop,nop,sackOK,nop,nop,ts", "mss=1460,sackOK,ts,nop,ws=7"},
		{"mss 536, ts", SYN, mss536ts, "mss=536,nop,nop,ts", "mss=1460,nop,nop,ts", "mss=1460,nop,nop,ts", "mss=1460,nop,nop,ts"},
		{"mss 9000", SYN, []byte{2, 4, 0x23, 0x28}, "mss=1460", "mss=1460", "mss=1460", "mss=1460"},
		{"mss 10", SYN, []byte{2, 4, 0, 10}, "mss=216", "mss=1460", "mss=1460", "mss=1460"},
		{"ECE, CWR", SYN | ECE | CWR, nil, "mss=1460", "mss=1460", "mss=1460", "mss=1460"},
		{"mss, ws", SYN, []byte{2, 4, 5, 0xb4, 1, 3, 3, 6}, "mss=1460,nop,ws=6", "mss=1460,nop,ws=3", "mss=1460,nop,ws=0", "mss=1460,nop,ws=7"},
		{"mss, sackOK", SYN, []byte{2, 4, 5, 0xb4, 4, 2, 0, 0}, "mss=1460,sackOK,eol,eol", "mss=1460,sackOK,nop,nop", "mss=1460,nop,nop,sackOK", "mss=1460,nop,nop,sackOK"},
	}
	for _, d := range dialect.All {
		for _, c := range syns {
			t.Run(d.String()+" answers "+c.name, func(t *testing.T) {
				s := newScript(t, d)
				s.h.listen(80, 5)
				s.port = 3001
				s.send(c.flags, 0, 0, 8192, 0, c.opts...)
				win, flags := map[dialect.Dialect]int{dialect.FreeBSD: 65535, dialect.NetBSD: 32768, dialect.DragonFly: 57344, dialect.Linux: 64240}[d], "SA"
				if d == dialect.Linux && c.flags&ECE != 0 {
					flags = "SAE"
				}
				if d == dialect.Linux && strings.Contains(c.linux_, "ts") {
					win = 65160
				}
				opts := map[dialect.Dialect]string{dialect.FreeBSD: c.freebsd, dialect.NetBSD: c.netbsd, dialect.DragonFly: c.dragonfly, dialect.Linux: c.linux_}[d]
				s.want(fmt.Sprintf("0 %s 0 1001 win%d [%s]", flags, win, opts))
			})
		}
	}
}

func TestSYNACKsAreSentAgain(t *testing.T) {
	for d, times := range map[dialect.Dialect][]string{
		dialect.FreeBSD: {"0", "3", "9", "21"},
		dialect.NetBSD:  {"0", "3", "9", "21", "45"},
		dialect.Linux:   {"0", "1.02", "3.04", "7.18", "15.36", "31.49"},
	} {
		t.Run(d.String(), func(t *testing.T) {
			s := newScript(t, d)
			s.h.listen(80, 5)
			s.port = 3001
			s.send(SYN, 0, 0, 8192, 0, mss1460...)
			s.wait(200)
			_, line, _ := strings.Cut(s.out[0], " ")
			var want []string
			for _, at := range times {
				want = append(want, at+" "+line)
			}
			s.want(want...)
			if s.h.li.Half() != 0 {
				t.Error("it is never forgotten")
			}
		})
	}
}

func TestDataIsSentAsRecorded(t *testing.T) {
	for _, c := range []struct {
		d     dialect.Dialect
		win   int
		again []string
	}{
		{dialect.FreeBSD, 65535, []string{"3.0", "9.21", "21.42", "45.63"}},
		{dialect.NetBSD, 33580, []string{"6.0", "18.0", "42.0 df0"}},
	} {
		t.Run(c.d.String()+" writes 20000 bytes and nothing is acknowledged", func(t *testing.T) {
			s := newScript(t, c.d)
			conn := s.accepted(65535, mss1460...)
			s.write(conn, 20000)
			s.wait(70)
			var want []string
			for i := range 3 {
				want = append(want, fmt.Sprintf("0 A %d 1001 win%d data1460", 1+1460*i, c.win))
			}
			for _, at := range c.again {
				at, df, _ := strings.Cut(at, " ")
				if df != "" {
					df = " " + df
				}
				want = append(want, fmt.Sprintf("%s A 1 1001 win%d%s data1460", at, c.win, df))
			}
			s.want(want...)
		})
		t.Run(c.d.String()+" doubles its flight when all of it is acknowledged at once", func(t *testing.T) {
			s := newScript(t, c.d)
			conn := s.accepted(65535, mss1460...)
			s.h.users[0].send = make([]byte, 60000)
			if s.h.users[0].c != conn {
				t.Fatal("another connection")
			}
			s.h.run()
			var got []int
			acked := uint32(1)
			for acked < 60001 && len(got) < 9 {
				got = append(got, len(s.out))
				acked = s.last.Seq + uint32(len(s.last.Data)) - s.local
				s.wait(0.2)
				s.mark()
				s.send(ACK, 1, acked, 65535, 0)
				s.h.run()
			}
			if fmt.Sprint(got) != "[3 5 7 9 11 7]" {
				t.Errorf("flights of %v segments", got)
			}
		})
	}
}

func TestAcknowledgementsAreDelayedAsRecorded(t *testing.T) {
	for _, c := range []struct {
		d    dialect.Dialect
		late float64
		base int
	}{{dialect.FreeBSD, 0.1, 65700}, {dialect.NetBSD, 0.2, 33580}} {
		t.Run(c.d.String(), func(t *testing.T) {
			s := newScript(t, c.d)
			conn := s.accepted(65535, mss1460...)
			win := func(read int) int { return min(c.base-read, 65535) }
			line := func(at float64, ack int) string {
				return fmt.Sprintf("%.2f A 1 %d win%d", at, ack, win(ack-1001))
			}
			s.send(PSH|ACK, 1, 1, 65535, 10) // one segment of 10 bytes
			s.wait(1)
			s.want(line(c.late, 1011))
			s.mark()
			s.send(ACK, 11, 1, 65535, 1460) // two full ones
			s.send(ACK, 1471, 1, 65535, 1460)
			s.wait(1)
			s.want(line(0, 3931))
			s.mark()
			for i := range uint32(5) {
				s.send(ACK, 2931+1460*i, 1, 65535, 1460)
			}
			s.wait(1)
			s.want(line(0, 6851), line(0, 9771), line(c.late, 11231))
			s.mark()
			for i := range uint32(10) { // ten small ones, 20 ms apart
				s.send(PSH|ACK, 10231+10*i, 1, 65535, 10)
				s.wait(0.02)
			}
			s.wait(1)
			s.want(line(0.02, 11251), line(0.06, 11271), line(0.1, 11291), line(0.14, 11311), line(0.18, 11331))
			s.mark()
			s.send(ACK, 10431, 1, 65535, 50) // a hole of 100 bytes, then it is filled
			s.wait(0.3)
			s.send(ACK, 10331, 1, 65535, 100)
			s.wait(1)
			s.want(line(0, 11331), line(0.3, 11481))
			s.mark()
			s.send(ACK, 1, 1, 65535, 10) // an old duplicate
			s.wait(1)
			s.want(line(0, 11481))
			s.mark()
			s.send(ACK, 500000, 1, 65535, 10) // far beyond the window
			s.wait(1)
			s.want(line(0, 11481))
			s.mark()
			s.send(SYN, 10481, 0, 65535, 0) // a SYN
			s.wait(1)
			if c.d == dialect.FreeBSD {
				s.want(fmt.Sprintf("0 RA 1 11481 win%d", win(10480)))
				if n, e := conn.Read(s.w.now, make([]byte, 20000), &s.h.acts); n != 10480 || e != 0 {
					t.Errorf("what came before is lost: %d, %v", n, e)
				}
				if n, e := conn.Write(s.w.now, []byte("x"), &s.h.acts); n != 0 || e != errno.EPIPE {
					t.Errorf("a write: %d, %v, want EPIPE", n, e)
				}
				return
			}
			s.want(line(0, 11481))
			s.mark()
			s.send(RST, 10482, 0, 0, 0) // a RST one byte beyond
			s.wait(1)
			s.want(line(0, 11481))
			s.mark()
			if n := s.read(conn, 20000); n != 10480 {
				t.Errorf("read %d", n)
			}
			s.send(ACK, 10481, 5001, 65535, 0) // data that was never sent
			s.wait(1)
			s.want("0 A 1 11481 win33580", "0 A 1 11481 win33580")
			s.send(RST, 10481, 0, 0, 0)
			if !conn.has(dead) || conn.Err() != errno.ECONNRESET {
				t.Error("an exact RST does not end it")
			}
		})
	}
}

func TestAFullReceiveBufferIsAsRecorded(t *testing.T) {
	for _, c := range []struct {
		d             dialect.Dialect
		syn, fill     int
		first, second int
	}{{dialect.FreeBSD, 65535, 65700, 65536, 65535}, {dialect.NetBSD, 32768, 33580, 33580, 33580}} {
		t.Run(c.d.String(), func(t *testing.T) {
			s := newScript(t, c.d)
			conn := s.accepted(65535, mss1460...)
			for i := range uint32(80) {
				s.send(ACK, 1+1460*i, 1, 65535, 1460)
			}
			s.wait(1)
			if s.last.Ack != 1001+uint32(c.fill) || s.last.Window != 0 {
				t.Errorf("acknowledged %d, window %d", s.last.Ack-1001, s.last.Window)
			}
			s.mark()
			if n := s.read(conn, 65536); n != c.first {
				t.Errorf("read %d, want %d", n, c.first)
			}
			s.want(fmt.Sprintf("0 A 1 %d win%d", 1001+c.fill, c.second))
		})
	}
}

func TestAShutWindowIsProbedAsRecorded(t *testing.T) {
	for _, c := range []struct {
		d      dialect.Dialect
		win    int
		probes []string
	}{
		{dialect.FreeBSD, 65535, []string{"5.0", "10.0", "19.8", "39.2"}},
		{dialect.NetBSD, 33580, []string{"5", "10", "15", "23", "39"}},
	} {
		t.Run(c.d.String(), func(t *testing.T) {
			s := newScript(t, c.d)
			conn := s.accepted(1000, mss1460...)
			s.write(conn, 5000)
			s.want(fmt.Sprintf("0 A 1 1001 win%d data1000", c.win))
			s.wait(0.3)
			s.send(ACK, 1, 1001, 0, 0)
			s.mark()
			var want []string
			for _, at := range c.probes {
				s.wait(0.01)
				want = append(want, fmt.Sprintf("%s A 1001 1001 win%d data1", at, c.win))
			}
			answer := s.w.log
			s.w.log = func(h *host, g *Segment) {
				answer(h, g)
			}
			for range 45 {
				n := len(s.out)
				s.wait(1)
				if len(s.out) > n {
					s.send(ACK, 1, 1001, 0, 0)
				}
			}
			s.want(want...)
			s.mark()
			s.send(ACK, 1, 1001, 8192, 0)
			if c.d == dialect.FreeBSD {
				s.want("0 A 1001 1001 win65535 data1460", "0 A 2461 1001 win65535 data1460")
			} else {
				s.want("0 A 1001 1001 win33580 data1460", "0 A 2461 1001 win33580 data1460")
			}
		})
	}
}

func TestClosingIsAsRecorded(t *testing.T) {
	for _, c := range []struct {
		d     dialect.Dialect
		win   int
		again []string
		noDF  string
	}{
		{dialect.FreeBSD, 65535, []string{"3.5", "9.72", "21.93"}, ""},
		{dialect.NetBSD, 33580, []string{"6.5", "18.5"}, " df0"},
	} {
		name := c.d.String()
		t.Run(name+": the peer closes first", func(t *testing.T) {
			s := newScript(t, c.d)
			conn := s.accepted(65535, mss1460...)
			s.send(FIN|ACK, 1, 1, 65535, 0)
			if n, e := conn.Read(s.w.now, make([]byte, 9), &s.h.acts); n != 0 || e != 0 {
				t.Errorf("read %d, %v, want the end", n, e)
			}
			s.wait(0.5)
			s.write(conn, 5)
			s.wait(0.2)
			s.close(conn)
			s.wait(30)
			want := []string{
				fmt.Sprintf("0 A 1 1002 win%d", c.win), fmt.Sprintf("0.5 PA 1 1002 win%d data5", c.win), fmt.Sprintf("0.7 FA 6 1002 win%d", c.win),
			}
			for _, at := range c.again {
				want = append(want, fmt.Sprintf("%s FPA 1 1002 win%d data5", at, c.win))
			}
			s.want(want...)
		})
		t.Run(name+": close with unread data sends FIN", func(t *testing.T) {
			s := newScript(t, c.d)
			conn := s.accepted(65535, mss1460...)
			s.send(PSH|ACK, 1, 1, 65535, 6)
			s.wait(0.5)
			s.mark()
			s.close(conn)
			s.want(fmt.Sprintf("0 FA 1 1007 win%d", c.win))
		})
		t.Run(name+": data after close is reset without an ACK", func(t *testing.T) {
			s := newScript(t, c.d)
			conn := s.accepted(65535, mss1460...)
			s.close(conn)
			s.wait(0.2)
			s.send(PSH|ACK, 1, 2, 65535, 5)
			s.want(fmt.Sprintf("0 FA 1 1001 win%d", c.win), "0.2 R 2 0 win0"+c.noDF)
			if !conn.has(dead) {
				t.Error("the connection is still there")
			}
		})
		t.Run(name+": shutdown sends FIN, and the peer may go on", func(t *testing.T) {
			s := newScript(t, c.d)
			conn := s.accepted(65535, mss1460...)
			conn.Shutdown(s.w.now, false, true, &s.h.acts)
			s.h.flush()
			if _, e := conn.Write(s.w.now, []byte("x"), &s.h.acts); e != errno.EPIPE {
				t.Errorf("a write: %v", e)
			}
			s.send(ACK, 1, 2, 65535, 100)
			if n := s.read(conn, 200); n != 100 {
				t.Errorf("read %d", n)
			}
			s.want(fmt.Sprintf("0 FA 1 1001 win%d", c.win))
		})
		t.Run(name+": FIN_WAIT_2 answers nothing", func(t *testing.T) {
			s := newScript(t, c.d)
			conn := s.accepted(65535, mss1460...)
			s.close(conn)
			s.mark()
			for _, at := range []float64{0.1, 6, 30, 25, 11, 20} {
				s.wait(at)
				s.send(ACK, 1, 2, 65535, 0)
			}
			s.want()
			if conn.State() != FinWait2 {
				t.Errorf("it is in %s", conn.State())
			}
			s.wait(2000)
			if !conn.has(dead) {
				t.Error("it stays for ever")
			}
		})
	}
}

func TestTimeWaitIsAsRecorded(t *testing.T) {
	timeWait := func(t *testing.T, d dialect.Dialect) (*script, *Conn) {
		s := newScript(t, d)
		conn := s.accepted(65535, mss1460...)
		s.close(conn)
		s.send(ACK, 1, 2, 65535, 0)
		s.mark()
		s.send(FIN|ACK, 1, 2, 65535, 0)
		if conn.State() != TimeWait {
			t.Fatalf("it is in %s", conn.State())
		}
		return s, conn
	}
	for _, c := range []struct {
		d        dialect.Dialect
		win, syn int
		answered []float64
		reset    float64
	}{{dialect.FreeBSD, 65534, 65535, []float64{1, 25, 58}, 62}, {dialect.NetBSD, 33580, 32768, []float64{1, 9}, 25}} {
		for _, at := range append(c.answered, c.reset) {
			t.Run(fmt.Sprintf("%s, the FIN again after %v s", c.d, at), func(t *testing.T) {
				s, _ := timeWait(t, c.d)
				s.want(fmt.Sprintf("0 A 2 1002 win%d", c.win))
				s.wait(at)
				s.mark()
				s.send(FIN|ACK, 1, 2, 65535, 0)
				switch {
				case at < c.reset:
					s.want(fmt.Sprintf("0 A 2 1002 win%d", c.win))
				case c.d == dialect.NetBSD:
					s.want("0 R 2 0 win0 df0")
				default:
					s.want("0 R 2 0 win0")
				}
			})
		}
		t.Run(c.d.String()+": a newer SYN is taken, an older one is not", func(t *testing.T) {
			s, conn := timeWait(t, c.d)
			s.mark()
			s.send(SYN, 0xffffff00, 0, 65535, 0, mss1460...)
			if s.w.log == nil || len(s.out) > 1 || conn.has(dead) {
				t.Errorf("an older SYN got %q", s.out)
			}
			s.mark()
			s.send(SYN, 101002, 0, 65535, 0, mss1460...)
			s.want(fmt.Sprintf("0 SA 0 102003 win%d [mss=1460]", c.syn))
		})
	}
}

func TestResetsAreAsRecorded(t *testing.T) {
	flags := []struct {
		name    string
		f       Flags
		data    int
		closed  string // to a port where nobody listens, of all BSDs
		fbsd    string // to one where somebody does
		nbsd    string
		linuxed string // closed, on Linux, where it differs
	}{
		{"SYN", SYN, 0, "RA zero 1001", "SA", "SA", ""},
		{"SYN and 10 bytes", SYN, 10, "RA zero 1011", "SA", "SA", ""},
		{"ACK", ACK, 0, "R 5000 0", "R 5000 0", "R 5000 0", ""},
		{"SYN+ACK", SYN | ACK, 0, "R 5000 0", "R 5000 0", "R 5000 0", ""},
		{"FIN", FIN, 0, "RA zero 1000", "", "RA zero 1000", "RA zero 1001"},
		{"FIN+ACK", FIN | ACK, 0, "R 5000 0", "R 5000 0", "R 5000 0", ""},
		{"RST", RST, 0, "", "", "", ""},
		{"none", 0, 0, "RA zero 1000", "", "RA zero 1000", ""},
		{"ACK and 10 bytes", ACK, 10, "R 5000 0", "R 5000 0", "R 5000 0", ""},
		{"SYN+FIN", SYN | FIN, 0, "RA zero 1001", "SA", "SA", "RA zero 1002"},
		{"SYN+RST", SYN | RST, 0, "", "", "", ""},
	}
	for _, d := range dialect.All {
		for _, c := range flags {
			for _, listening := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s, listening %t: %s", d, listening, c.name), func(t *testing.T) {
					s := newScript(t, d)
					want := c.closed
					if d == dialect.Linux && c.linuxed != "" {
						want = c.linuxed
					}
					if listening {
						s.h.listen(80, 5)
						want = c.fbsd
						if d == dialect.NetBSD {
							want = c.nbsd
						}
						if d == dialect.Linux && c.name == "SYN+FIN" {
							want = ""
						}
					}
					s.port = 1000
					s.send(c.f, 0, 5000, 512, c.data)
					switch df := map[bool]string{true: " df0"}[d == dialect.NetBSD || d == dialect.DragonFly]; {
					case want == "":
						s.want()
					case want == "SA":
						if len(s.out) != 1 || s.last.Flags != SYN|ACK || s.last.Ack != 1001 {
							t.Errorf("sent %q", s.out)
						}
					default:
						s.want("0 " + want + " win0" + df)
					}
				})
			}
		}
	}
}

func TestABacklogOfTwoIsFullAsRecorded(t *testing.T) {
	for _, c := range []struct {
		d     dialect.Dialect
		taken int
		rest  string
	}{{dialect.FreeBSD, 4, "SYN+ACK, then RST"}, {dialect.NetBSD, 3, "silence"}, {dialect.Linux, 3, "silence"}, {dialect.DragonFly, 4, "SYN+ACK, then RST"}} {
		t.Run(c.d.String(), func(t *testing.T) {
			s := newScript(t, c.d)
			s.h.listen(80, 2)
			for i := range 8 {
				s.port = uint16(4000 + i)
				s.mark()
				s.send(SYN, 0, 0, 8192, 0, mss1460...)
				answered := len(s.out) == 1
				s.send(ACK, 1, 1, 8192, 0)
				got := "silence"
				switch {
				case s.h.li.Pending() == i+1:
					got = "taken"
				case answered && s.last.Flags&RST != 0:
					got = "SYN+ACK, then RST"
				case answered:
					got = "SYN+ACK only"
				case len(s.out) > 0 && s.last.Flags == RST: // the ACK of nothing
				}
				want := c.rest
				if i < c.taken {
					want = "taken"
				}
				if got != want {
					t.Errorf("connection %d: %s, want %s", i, got, want)
				}
			}
		})
	}
}

func TestICMPDuringConnectIsAsRecorded(t *testing.T) {
	for _, c := range []struct {
		d         dialect.Dialect
		typ, code uint8
		after     float64 // seconds until connect fails, at most 0.2 off
		e         errno.Errno
	}{
		{dialect.FreeBSD, 3, 1, 12.6, errno.EHOSTUNREACH},
		{dialect.FreeBSD, 3, 3, 0, errno.ECONNREFUSED},
		{dialect.FreeBSD, 3, 2, 0, errno.ECONNREFUSED},
		{dialect.FreeBSD, 3, 13, 0, errno.ECONNREFUSED},
		{dialect.FreeBSD, 11, 0, 0, errno.EHOSTUNREACH},
		{dialect.NetBSD, 3, 1, 75, errno.EHOSTUNREACH}, // the last error is what the timeout is called: tcp_subr.c, tcp_drop
		{dialect.NetBSD, 3, 3, 75, errno.ECONNREFUSED},
		{dialect.NetBSD, 11, 0, 75, errno.ETIMEDOUT},
		{dialect.Linux, 3, 1, 0, errno.EHOSTUNREACH},
		{dialect.Linux, 3, 0, 0, errno.ENETUNREACH},
		{dialect.Linux, 3, 2, 0, errno.ENOPROTOOPT},
		{dialect.Linux, 3, 3, 0, errno.ECONNREFUSED},
	} {
		t.Run(fmt.Sprintf("%s, %d/%d", c.d, c.typ, c.code), func(t *testing.T) {
			s := newScript(t, c.d)
			log := s.w.log
			var u *user
			s.w.log = func(h *host, g *Segment) {
				log(h, g)
				s.w.seq++
			}
			u = s.dialled()
			seen := 0
			for at := 0.0; at < 100 && !u.c.has(dead); at += 0.05 {
				if len(s.out) > seen {
					seen = len(s.out)
					u.c.Unreachable(s.w.now, ICMP{Type: c.typ, Code: c.code, Seq: s.local}, &s.h.acts)
					s.h.flush()
				}
				if !u.c.has(dead) {
					s.wait(0.05)
				}
			}
			took := (s.w.now - s.from).Seconds()
			if e := u.c.Err(); e != c.e || math.Abs(took-c.after) > 0.2 {
				t.Errorf("after %.1f s: %v, want %v after %v", took, e, c.e, c.after)
			}
		})
	}
}

func TestConnectIsRefused(t *testing.T) {
	for _, d := range dialect.All {
		s := newScript(t, d)
		u := s.dialled()
		s.send(RST|ACK, 0, 1, 0, 0)
		if e := u.c.Err(); e != errno.ECONNREFUSED || !u.c.has(dead) {
			t.Errorf("%s: %v", d, e)
		}
	}
}

func TestInitialSequenceNumbers(t *testing.T) {
	isns := func(d dialect.Dialect, dial bool) (all []uint32) {
		s := newScript(t, d)
		s.w.now, s.from = time.Second, 0
		s.h.listen(80, 99)
		s.w.log = func(_ *host, g *Segment) { all = append(all, g.Seq) }
		for i := range 6 {
			s.port = uint16(3000 + i)
			if dial {
				p := Params{Local: netip.AddrPortFrom(s.h.addr, s.port), Remote: netip.AddrPortFrom(s.peer, 80), Path: s.h.path}
				s.h.add(s.h.l.Dial(s.w.now, p, &s.h.acts))
			} else {
				s.send(SYN, 0, 0, 8192, 0)
			}
			s.wait(0.3)
		}
		return all
	}
	for _, dial := range []bool{false, true} {
		got := isns(dialect.NetBSD, dial)
		for i := 1; i < len(got); i++ { // 8*10^7 a second, from 0 at boot
			if d := got[i] - got[i-1]; d == 0 || d > 4<<24 {
				t.Errorf("netbsd, dial %t: %d", dial, got)
				break
			}
		}
		if got[0] > 4<<24 {
			t.Errorf("netbsd begins at %d", got[0])
		}
	}
	for _, d := range []dialect.Dialect{dialect.FreeBSD, dialect.DragonFly, dialect.Linux} {
		got := isns(d, true)
		steady := true
		for i := 1; i < len(got); i++ {
			steady = steady && got[i]-got[i-1] < 1<<26
		}
		if steady {
			t.Errorf("%s: numbers of different pairs grow like a clock: %d", d, got)
		}
	}
}
