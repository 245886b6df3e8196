package tcp

import (
	"fmt"
	"testing"

	"wireloom/vnet/errno"
	"wireloom/vnet/inet/dialect"
)

// What Debian's Linux 6.1 was seen to do; the recorder's round trip was some milliseconds.
func TestLinuxIsAsRecorded(t *testing.T) {
	t.Run("20000 bytes, nothing acknowledged: a flight of 10, then 0.2 s and doubling", func(t *testing.T) {
		s := newScript(t, dialect.Linux)
		c := s.accepted(65535, mss1460...)
		s.write(c, 20000)
		s.wait(60)
		var want []string
		for i := range 10 {
			f := "A"
			if i == 4 || i == 9 {
				f = "PA"
			}
			want = append(want, fmt.Sprintf("0 %s %d 1001 win64240 data1460", f, 1+1460*i))
		}
		for _, at := range []string{"0.21", "0.64", "1.47", "3.14", "6.43", "13.09", "26.4", "53.54"} {
			want = append(want, at+" A 1 1001 win64240 data1460")
		}
		s.want(want...)
	})
	t.Run("flights acknowledged as a whole after 200 ms double, and PSH marks TSO's packets", func(t *testing.T) {
		s := newScript(t, dialect.Linux)
		c := s.accepted(65535, mss1460...)
		s.h.users[0].send = make([]byte, 60000)
		s.h.run()
		var got []string
		for acked := uint32(1); acked < 60001; {
			var push []int
			n := len(s.out)
			for i, line := range s.out {
				var at float64
				var f string
				if _, err := fmt.Sscan(line, &at, &f); err != nil {
					t.Fatal(err)
				}
				if f == "PA" {
					push = append(push, i)
				}
			}
			got = append(got, fmt.Sprint(n, push))
			acked = s.last.Seq + uint32(len(s.last.Data)) - s.local
			s.wait(0.2)
			s.mark()
			s.send(ACK, 1, acked, 65535, 0)
			s.h.run()
		}
		want := []string{"10 [4 9]", "20 [1 3 5 7 9 11 13 15 17 19]", "12 [1 3 5 7 9 11]"}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("flights and where PSH was: %v, want %v; %d", got, want, c.cong.Cwnd)
		}
	})
	t.Run("every segment is acknowledged at once after a pause", func(t *testing.T) {
		s := newScript(t, dialect.Linux)
		s.accepted(65535, mss1460...)
		var want []string
		at, seq := 0.0, uint32(1)
		step := func(n int, wins ...int) {
			for _, w := range wins {
				s.send(ACK, seq, 1, 65535, n)
				seq += uint32(n)
				want = append(want, fmt.Sprintf("%.2f A 1 %d win%d", at, 1000+seq, w))
			}
		}
		step(10, 64230)
		s.wait(1)
		at = 1
		step(1460, 62780, 62780)
		s.wait(1)
		at = 2
		step(1460, 61320, 61320, 59860, 58400, 58400)
		s.wait(1)
		at = 3
		step(10, 58390, 58380, 58370)
		s.want(want...)
	})
	t.Run("in a conversation a single segment is acknowledged after 40 ms", func(t *testing.T) {
		s := newScript(t, dialect.Linux)
		c := s.accepted(65535, mss1460...)
		for i := range uint32(8) {
			s.send(PSH|ACK, 1+10*i, 1+5*i, 65535, 10)
			s.read(c, 100)
			s.write(c, 5)
			s.wait(0.01)
			s.send(ACK, 11+10*i, 6+5*i, 65535, 0)
		}
		s.wait(0.15)
		s.mark()
		s.send(PSH|ACK, 81, 41, 65535, 10)
		s.wait(1)
		s.want("0.05 A 41 1091 win64230")
	})
	t.Run("a SYN, a RST beside the mark and an old ACK are challenged, an ACK of nothing is not answered", func(t *testing.T) {
		s := newScript(t, dialect.Linux)
		c := s.accepted(65535, mss1460...)
		s.send(SYN, 1, 0, 65535, 0)
		s.send(RST, 2, 0, 65535, 0) // too soon: the first answer was to the SYN
		s.wait(0.6)
		s.send(RST, 2, 0, 65535, 0)
		s.wait(0.6)
		s.send(ACK, 1, 0xfffe0000, 65535, 0)
		s.send(ACK, 1, 5001, 65535, 0)
		s.want("0 A 1 1001 win64240", "0.6 A 1 1001 win64240", "1.2 A 1 1001 win64240")
		s.send(RST, 1, 0, 65535, 0)
		for _, want := range []errno.Errno{errno.ECONNRESET, errno.EPIPE} {
			if _, e := c.Write(s.w.now, []byte("x"), &s.h.acts); e != want {
				t.Errorf("a write: %v, want %v", e, want)
			}
		}
	})
	t.Run("the peer closes first", func(t *testing.T) {
		s := newScript(t, dialect.Linux)
		c := s.accepted(65535, mss1460...)
		s.send(FIN|ACK, 1, 1, 65535, 0)
		s.wait(0.5)
		s.write(c, 5)
		s.wait(0.2)
		s.close(c)
		s.wait(30)
		want := []string{"0 A 1 1002 win64239", "0.5 PA 1 1002 win64239 data5", "0.7 FA 6 1002 win64239"}
		for _, at := range []string{"0.71", "1.15", "1.98", "3.65", "7.0", "13.7", "27"} {
			want = append(want, at+" FPA 1 1002 win64239 data5")
		}
		s.want(want...)
	})
	t.Run("close with unread data resets", func(t *testing.T) {
		s := newScript(t, dialect.Linux)
		c := s.accepted(65535, mss1460...)
		s.send(PSH|ACK, 1, 1, 65535, 6)
		s.mark()
		s.close(c)
		s.want("0 RA 1 1007 win64234")
	})
	t.Run("data after close is reset", func(t *testing.T) {
		s := newScript(t, dialect.Linux)
		c := s.accepted(65535, mss1460...)
		s.close(c)
		s.send(PSH|ACK, 1, 2, 65535, 5)
		s.want("0 FA 1 1001 win64240", "0 R 2 0 win0")
	})
	t.Run("FIN_WAIT_2 ends after 60 s", func(t *testing.T) {
		s := newScript(t, dialect.Linux)
		c := s.accepted(65535, mss1460...)
		s.close(c)
		s.send(ACK, 1, 2, 65535, 0)
		s.wait(58)
		s.mark()
		s.send(ACK, 1, 2, 65535, 0)
		s.want()
		s.wait(6)
		s.mark()
		s.send(ACK, 1, 2, 65535, 0)
		s.want("0 R 2 0 win0")
	})
	t.Run("TIME_WAIT", func(t *testing.T) {
		s := newScript(t, dialect.Linux)
		c := s.accepted(65535, mss1460...)
		s.close(c)
		s.send(ACK, 1, 2, 65535, 0)
		s.mark()
		s.send(FIN|ACK, 1, 2, 65535, 0)
		s.wait(50)
		s.send(FIN|ACK, 1, 2, 65535, 0)
		s.wait(1)
		s.send(SYN, 0xffffff00, 0, 65535, 0, mss1460...)
		s.want("0 A 2 1002 win64239", "50 A 2 1002 win64239", "51 A 2 1002 win64239")
		s.mark()
		s.send(SYN, 100001, 0, 65535, 0, mss1460...)
		s.want("0 SA 0 101002 win64240 [mss=1460]")
	})
	t.Run("a shut window is asked by an old ACK", func(t *testing.T) {
		s := newScript(t, dialect.Linux)
		c := s.accepted(1000, mss1460...)
		s.write(c, 5000)
		s.want("0 A 1 1001 win64240 data500", "0 PA 501 1001 win64240 data500")
		s.wait(0.1)
		s.send(ACK, 1, 1001, 0, 0)
		s.mark()
		for range 20 {
			n := len(s.out)
			s.wait(1)
			if len(s.out) > n {
				s.send(ACK, 1, 1001, 0, 0)
			}
		}
		for i, line := range s.out {
			var at float64
			var rest string
			if _, err := fmt.Sscan(line, &at, &rest); err != nil {
				t.Fatal(err)
			}
			if want := fmt.Sprintf("%.2f A 1000 1001 win64240", at); line != want {
				t.Errorf("probe %d: %q", i, line)
			}
		}
		if n := len(s.out); n < 5 || n > 7 {
			t.Errorf("%d probes in 20 s: %q", n, s.out)
		}
		s.mark()
		s.send(ACK, 1, 1001, 65535, 0)
		if len(s.out) != 8 || len(s.last.Data) != 500 { // as large as the windows before it allowed
			t.Errorf("opened: %q", s.out)
		}
		if c.MSS() != 1460 {
			t.Errorf("then segments of %d", c.MSS())
		}
	})
	t.Run("fragmentation needed: all is sent again in smaller segments", func(t *testing.T) {
		s := newScript(t, dialect.Linux)
		c := s.accepted(65535, mss1460...)
		s.write(c, 8000)
		s.mark()
		c.Unreachable(s.w.now, ICMP{Type: 3, Code: 4, MTU: 1000, Seq: s.local + 1}, &s.h.acts)
		s.h.flush()
		if n := len(s.out); n != 9 || s.last.Seq-s.local != 1+8*960 || len(s.last.Data) != 8000-8*960 {
			t.Errorf("sent %q", s.out)
		}
	})
}
