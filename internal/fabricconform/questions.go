package main

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"wireloom/vnet/fabric/netem"
	"wireloom/vnet/packet"
)

// words are what was said to tc, with what it showed.
type words struct{ Args, Error, Shown string }

func (s *tally) words(all []words, where string, out io.Writer) {
	for _, w := range all {
		s.operations++
		conf, err := netem.Parse(w.Args)
		shown := ""
		if err == nil {
			shown = tcShows(conf)
		}
		// Before the words stands how often the qdisc is referred to.
		_, recorded, _ := strings.Cut(w.Shown, " ")
		if (err != nil) != (w.Error != "") || err == nil && shown != recorded {
			s.differ++
			fmt.Fprintf(out, "%s: netem %s\n\trecorded %q %s\n\tnow      %q %v\n", where, w.Args, recorded, w.Error, shown, err)
		}
	}
}

// tcShows is what tc shows: no distribution's name, and no jitter without a delay.
func tcShows(c netem.Config) string {
	if c.Delay == 0 {
		c.Jitter, c.DelayCorr = 0, 0
	}
	c.Distribution = ""
	s := c.String()
	if d := c.Slots.Distribution; d != "" {
		s = strings.Replace(s, "slot distribution "+d, "slot distribution", 1)
	}
	return s
}

// asked is the answer to a question that was put to a kernel.
type asked struct {
	ID      string
	Args    string
	Arrived any // a number, or which
	Sent    int
	Tos     int `json:"tos_sent"`

	ECN     map[string]int `json:"ecn_of_arrivals"`
	Sendto  any
	Waiting string    `json:"tc_waiting"`
	Gaps    []float64 `json:"gaps_us"`

	Frames int
	IPGood int `json:"ip_checksum_good"`
	UDPOk  int `json:"udp_checksum_good"`

	Changed float64 `json:"changed_at_ms"`
	Old     int     `json:"old_arrived"`
	New     int     `json:"new_arrived"`
	Some    []string
}

// question is how the question of a name is replayed; nil if it is none of netem's.
func question(id string) func(*asked) []string {
	for _, q := range []struct {
		prefix string
		ask    func(*asked) []string
	}{
		{"n8-udp", (*asked).full},
		{"n12-udp", (*asked).marked},
		{"n7-udp-100", (*asked).paced},
		{"n6-udp-100-byte-frames", (*asked).garbled},
		{"n14-", (*asked).changed},
	} {
		if strings.HasPrefix(id, q.prefix) {
			return q.ask
		}
	}
	return nil
}

func (s *tally) asked(q *asked, where string, out io.Writer) {
	ask := question(q.ID)
	if ask == nil {
		return
	}
	s.operations++
	if diffs := ask(q); len(diffs) > 0 {
		s.differ++
		fmt.Fprintf(out, "%s: %s %s\n\t%s\n", where, q.ID, q.Args, strings.Join(diffs, "\n\t"))
	}
}

func wireOf(args string) *wire {
	c, err := netem.Parse(args)
	if err != nil {
		return newWire(netem.Config{}) // everything is lost, which will differ
	}
	return newWire(c)
}

// udp is an Ethernet frame with a UDP datagram of so many bytes in all.
func udp(size int, tos uint8) []byte {
	payload := make([]byte, size-packet.EthernetLen-packet.IPv4Len-8)
	f := packet.AppendEthernet(nil, packet.MAC{2, 0, 0, 0, 0, 2}, packet.MAC{2, 0, 0, 0, 0, 1}, packet.TypeIPv4)
	ip := make([]byte, packet.IPv4Len)
	ip[0], ip[1], ip[8], ip[9] = 0x45, tos, 64, 17
	binary.BigEndian.PutUint16(ip[2:], uint16(size-packet.EthernetLen))
	copy(ip[12:], []byte{10, 0, 0, 1, 10, 0, 0, 2})
	binary.BigEndian.PutUint16(ip[10:], packet.Checksum(ip))
	u := binary.BigEndian.AppendUint16(nil, 4000)
	u = binary.BigEndian.AppendUint16(u, 5000)
	u = binary.BigEndian.AppendUint16(u, uint16(8+len(payload)))
	u = append(append(u, 0, 0), payload...)
	p, _ := packet.ParseIPv4(append(slices.Clone(ip), u...))
	binary.BigEndian.PutUint16(u[6:], packet.TransportChecksum(p.Src(), p.Dst(), 17, u))
	return append(append(f, ip...), u...)
}

// full is a queue of three frames.
func (q *asked) full() []string {
	w := wireOf("limit 3 delay 1s")
	for range 10 {
		w.send(udp(46, 0))
		w.run(w.now + apart)
	}
	w.drain()
	var got []any
	for _, c := range w.arrivals() {
		got = append(got, float64(c.seq))
	}
	if fmt.Sprint(got) != fmt.Sprint(q.Arrived) {
		return []string{fmt.Sprintf("arrived: recorded %v, now %v", q.Arrived, got)}
	}
	if n := w.pipe.Count()[0].Overlimit; !strings.Contains(q.Waiting, fmt.Sprintf("dropped %d,", n)) {
		return []string{fmt.Sprintf("dropped: recorded %s, now %d", q.Waiting, n)}
	}
	return nil
}

// marked is what loss does with ECN.
func (q *asked) marked() []string {
	w := wireOf(q.Args)
	for range q.Sent {
		w.send(udp(46, uint8(q.Tos)))
		w.run(w.now + time.Millisecond)
	}
	ecn := map[string]int{}
	for _, c := range w.arrivals() {
		ecn["ecn="+strconv.Itoa(int(c.frame[15]&3))]++
	}
	recorded, _ := q.Arrived.(float64)
	bursty := 1.0
	if strings.Contains(q.Args, "gemodel") {
		bursty = 3
	}
	if !chance(recorded/float64(q.Sent), ratio(len(w.came), q.Sent), q.Sent, bursty) {
		return []string{fmt.Sprintf("arrived: recorded %v of %d, now %d", q.Arrived, q.Sent, len(w.came))}
	}
	for _, k := range []string{"ecn=0", "ecn=1", "ecn=2", "ecn=3"} {
		if !chance(ratio(q.ECN[k], q.Sent), ratio(ecn[k], q.Sent), q.Sent, bursty) {
			return []string{fmt.Sprintf("arrived with %s: recorded %d of %d, now %d", k, q.ECN[k], q.Sent, ecn[k])}
		}
	}
	for _, c := range w.arrivals() {
		if packet.Checksum(c.frame[14:34]) != 0 {
			return []string{"a frame that was marked has a wrong checksum"}
		}
	}
	return nil
}

// paced is how far apart frames come out of a rate.
func (q *asked) paced() []string {
	w := wireOf(q.Args)
	for range len(q.Gaps) + 1 {
		w.send(udp(142, 0))
		w.run(w.now + apart)
	}
	for i, gap := range q.Gaps {
		if now := float64(w.arrivals()[i+1].at-w.arrivals()[i].at) / 1e3; math.Abs(now-gap) > 1 {
			return []string{fmt.Sprintf("gap %d: recorded %g us, now %g", i+1, gap, now)}
		}
	}
	return nil
}

// garbled is how many checksums are still right when each frame has one wrong bit.
func (q *asked) garbled() []string {
	w := wireOf("corrupt 100%")
	for range q.Frames {
		w.send(udp(100, 0))
		w.run(w.now + time.Millisecond)
	}
	ip, transport := 0, 0
	for _, c := range w.arrivals() {
		h := c.frame[14:34]
		if packet.Checksum(h) == 0 {
			ip++
		}
		pseudo := append(append([]byte{}, h[12:20]...), 0, h[9], c.frame[38], c.frame[39])
		if packet.Checksum(append(pseudo, c.frame[34:]...)) == 0 {
			transport++
		}
	}
	var diffs []string
	if !chance(ratio(q.IPGood, q.Frames), ratio(ip, q.Frames), q.Frames, 1) {
		diffs = append(diffs, fmt.Sprintf("IP checksums: recorded %d of %d right, now %d", q.IPGood, q.Frames, ip))
	}
	if !chance(ratio(q.UDPOk, q.Frames), ratio(transport, q.Frames), q.Frames, 1) {
		diffs = append(diffs, fmt.Sprintf("UDP checksums: recorded %d of %d right, now %d", q.UDPOk, q.Frames, transport))
	}
	return diffs
}

// changed is a change while 100 frames wait for a second; then come 20 others.
func (q *asked) changed() []string {
	w := wireOf("delay 1s")
	for range 100 {
		w.send(udp(46, 0))
		w.run(w.now + apart)
	}
	at := time.Duration(q.Changed * float64(time.Millisecond))
	w.run(at)
	var conf []netem.Config
	if _, args, ok := strings.Cut(q.ID, " netem "); ok {
		c, err := netem.Parse(args)
		if err != nil {
			return []string{err.Error()}
		}
		conf = append(conf, c)
	}
	removed := w.pipe.Configure(w.now, conf)
	if conf == nil { // what has its time and was not held is lost too
		w.came = slices.DeleteFunc(w.came, func(c came) bool { return c.at-overhead > w.now })
	}
	w.take(removed)
	for range 20 {
		w.send(udp(46, 0))
		w.run(w.now + 1080*time.Microsecond)
	}
	w.drain()
	count := map[string]int{}
	when := map[string]float64{}
	for _, c := range w.arrivals() {
		name, i := "old", c.seq
		if c.seq >= 100 {
			name, i = "new", c.seq-100
		}
		count[name]++
		when[name+strconv.Itoa(i)] = float64(c.at) / 1e6
	}
	var diffs []string
	if count["old"] != q.Old || count["new"] != q.New {
		diffs = append(diffs, fmt.Sprintf("recorded %d old and %d new, now %d and %d", q.Old, q.New, count["old"], count["new"]))
	}
	for _, s := range q.Some {
		name, t, _ := strings.Cut(s, "@")
		ms, _ := strconv.ParseFloat(strings.TrimSuffix(t, "ms"), 64)
		if now, ok := when[name]; !ok || math.Abs(now-ms) > 1.5 {
			diffs = append(diffs, fmt.Sprintf("recorded %s, now at %.2f ms", s, now))
		}
	}
	return diffs
}
