package tcp

import (
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"wireloom/vnet/inet/dialect"
)

// FuzzInput gives a host segments, calls and time as the bytes say: near what it expects
// and far from it. Nothing panics, what is held stays within limits, and in the end
// everything is over.
func FuzzInput(f *testing.F) {
	for d := range byte(4) {
		f.Add([]byte{d, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20})
		f.Add([]byte{d, 1, 0, 2, 0, 0, 1, 2, 0, 0, 0x10, 0xff, 0x80, 3, 9, 9, 0x18, 0, 0x10, 0, 0x11, 200, 4, 1, 1, 5, 0, 9, 9, 9})
	}
	f.Fuzz(hostile)
}

// hostile gives a host what p says.
func hostile(t *testing.T, p []byte) {
	if len(p) < 2 || len(p) > 2000 {
		return
	}
	s := newScript(t, dialect.Dialect(p[0]%4))
	s.w.log = func(_ *host, g *Segment) {
		if g.Flags&SYN != 0 {
			s.local = g.Seq
		}
		s.last = *g
		if n := len(g.Data) + len(g.Options); n > 1460+40 || len(g.Options)%4 != 0 || len(g.Options) > 40 {
			t.Fatalf("a segment of %d bytes, options of %d", n, len(g.Options))
		}
	}
	s.h.listen(80, 3)
	var c *Conn
	if p[1]&1 != 0 {
		s.port = 3001
		s.send(SYN, 0, 0, 65535, 0, allOpts...)
		s.send(ACK, 1, 1, 65535, 0, 1, 1, 8, 10, 0, 0, 0, 101, 0, 0, 0, 0)
		c, _ = s.h.li.Accept()
	} else {
		c = s.dialled().c
	}
	peer := uint32(1000)
	for p = p[2:]; len(p) >= 8; p = p[8:] {
		near := int32(int16(binary.BigEndian.Uint16(p[1:])))
		switch p[0] % 8 {
		case 0, 1, 2, 3:
			g := Segment{Src: netip.AddrPortFrom(s.peer, s.port), Dst: netip.AddrPortFrom(s.h.addr, 80), Seq: peer + 1 + uint32(near>>4), Flags: Flags(p[3]), Window: binary.BigEndian.Uint16(p[4:])}
			g.Ack = s.last.Seq + s.last.Length() - uint32(int8(p[6]))
			if p[0]&8 != 0 {
				g.Data = make([]byte, int(p[7])*6)
			}
			if p[0]&16 != 0 {
				g.Options = []byte{1, 1, 5, 18, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}
				binary.BigEndian.PutUint32(g.Options[4:], g.Ack+uint32(p[6])*8)
				binary.BigEndian.PutUint32(g.Options[8:], g.Ack+uint32(p[6])*8+uint32(p[7]))
				binary.BigEndian.PutUint32(g.Options[12:], g.Ack+uint32(p[1]))
				binary.BigEndian.PutUint32(g.Options[16:], g.Ack+uint32(p[2]))
			}
			if c != nil {
				g.Seq = c.rcvNxt + uint32(near>>4)
			}
			if p[0]&32 != 0 {
				g.Src = netip.AddrPortFrom(s.peer, uint16(near))
			}
			s.raw(&g)
		case 4:
			s.w.runFor(time.Duration(p[1]) << (p[2] % 28))
		case 5:
			if c != nil {
				c.Write(s.w.now, make([]byte, int(p[1])*64), &s.h.acts)
			}
		case 6:
			if c != nil {
				c.Read(s.w.now, make([]byte, int(p[1])*64), &s.h.acts)
			}
		case 7:
			if c == nil {
				break
			}
			switch p[1] % 6 {
			case 0:
				c.Shutdown(s.w.now, p[2]&1 != 0, p[2]&2 != 0, &s.h.acts)
			case 1:
				c.Unreachable(s.w.now, ICMP{Type: p[2], Code: p[3], MTU: int(near), Seq: c.una + uint32(p[4])}, &s.h.acts)
			case 2:
				c.SetOptions(s.w.now, Options{SndBuf: int(near), RcvBuf: int(p[3]) * 100, NoDelay: p[4]&1 != 0, KeepAlive: p[4]&2 != 0, MaxSeg: int(p[5])}, &s.h.acts)
			case 3:
				c.SetPath(s.w.now, Path{MTU: int(near)}, &s.h.acts)
			case 4:
				c.Close(s.w.now, &s.h.acts)
			case 5:
				if p[2] == 0 {
					c.Abort(s.w.now, &s.h.acts)
				}
			}
		}
		s.h.flush()
		if c != nil {
			s.w.check(c)
			if n := c.Bytes(); n > 2<<20 {
				t.Fatalf("it holds %d bytes", n)
			}
		}
	}
	if c != nil {
		c.Close(s.w.now, &s.h.acts)
		s.h.flush()
	}
	for _, w := range s.h.li.Close(s.w.now, &s.h.acts) {
		if !w.has(dead) {
			t.Fatal("a waiting connection lives on")
		}
	}
	s.h.flush()
	s.w.runFor(4 * time.Hour)
	if c != nil && !c.has(dead) {
		t.Fatalf("after four hours it is in %s, timers %v", c.State(), c.at)
	}
}

func TestHostileSegmentsEndInNothing(t *testing.T) {
	n := 3000
	if testing.Short() {
		n = 30
	}
	r := rand.New(rand.NewPCG(4, 2))
	for range n {
		p := pattern(2+8*r.IntN(60), r.Uint64())
		hostile(t, p)
		if t.Failed() {
			t.Fatalf("by %x", p)
		}
	}
}
