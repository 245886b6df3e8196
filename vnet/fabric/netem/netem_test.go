package netem

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"wireloom/vnet/fabric"
)

const (
	us = time.Microsecond
	ms = time.Millisecond
)

// A line is a pipe in virtual time.
type line struct {
	t    *testing.T
	now  time.Duration
	pool fabric.Pool
	pipe *Pipe
	ids  map[uint64]int // what was sent, from 0
	sent []time.Duration
	came []arrival
	lost map[string]int
}

type arrival struct {
	n    int
	at   time.Duration
	data string
}

func newLine(t *testing.T, words ...string) *line {
	t.Helper()
	l := &line{t: t, ids: map[uint64]int{}, lost: map[string]int{}}
	l.pipe = NewPipe([32]byte{7}, &l.pool, nil)
	l.take(l.pipe.Configure(-time.Second, l.parse(words)))
	return l
}

func (l *line) parse(words []string) []Config {
	l.t.Helper()
	c, err := Words(words).Parse()
	if err != nil {
		l.t.Fatal(err)
	}
	return c
}

func (l *line) send(data []byte) {
	id := l.pool.NewID()
	l.ids[id] = len(l.sent)
	l.sent = append(l.sent, l.now)
	l.take(l.pipe.Enter(l.now, l.pool.New(data, id)))
}

func (l *line) take(outs []Out) {
	for _, o := range outs {
		if o.Why != (fabric.Reason{}) {
			l.lost[o.Why.Slug]++
		} else {
			if o.At < l.now {
				l.t.Fatalf("a frame comes out at %v, and it is %v", o.At, l.now)
			}
			l.came = append(l.came, arrival{l.ids[o.Frame.ID], o.At, string(o.Frame.Data)})
		}
		l.pool.Release(o.Frame)
	}
}

func (l *line) run(until time.Duration) {
	for {
		at, ok := l.pipe.Next()
		if !ok || at > until {
			break
		}
		l.now = max(at, l.now)
		l.take(l.pipe.Tick(l.now))
	}
	l.now = max(l.now, until)
}

// many sends n frames of a size so far apart, and waits until they are through.
func (l *line) many(n, size int, apart time.Duration) {
	for range n {
		l.send(make([]byte, size))
		l.run(l.now + apart)
	}
	l.run(l.now + time.Hour)
}

// times are when frames came.
func (l *line) times() string {
	var out []string
	for _, a := range l.came {
		out = append(out, fmt.Sprintf("%d@%v", a.n, a.at))
	}
	return strings.Join(out, " ")
}

// What is certain: when each frame comes.
func TestWhenFramesCome(t *testing.T) {
	for _, tc := range []struct {
		name  string
		words []string
		n     int
		size  int
		apart time.Duration
		want  string
	}{
		{"no words", []string{""}, 3, 60, ms, "0@0s 1@1ms 2@2ms"},
		{"no stages", nil, 2, 60, ms, "0@0s 1@1ms"},
		{"a delay", []string{"delay 10ms"}, 3, 60, ms, "0@10ms 1@11ms 2@12ms"},
		{"a rate counts the Ethernet header and no preamble", []string{"rate 1mbit"}, 3, 142, 0, "0@1.136ms 1@2.272ms 2@3.408ms"},
		{"a rate with overhead and cells", []string{"rate 1mbit 20 48 5"}, 2, 142, 0, "0@1.696ms 1@3.392ms"},
		{"a rate that counts less", []string{"rate 1mbit -14"}, 1, 142, 0, "0@1.024ms"},
		{"a rate in whole cells", []string{"rate 1mbit 0 48"}, 1, 142, 0, "0@1.152ms"},
		{"a short frame is not padded", []string{"rate 1mbit"}, 1, 60, 0, "0@480µs"},
		{"delay and rate", []string{"delay 10ms rate 1mbit"}, 2, 142, 0, "0@11.136ms 1@12.272ms"},
		{"a limit", []string{"limit 3 delay 1s"}, 10, 60, 0, "0@1s 1@1s 2@1s"},
		{"a limit of none", []string{"limit 0"}, 2, 60, 0, ""},
		{"a limit is of what waits", []string{"limit 1 delay 1ms"}, 3, 60, 2 * ms, "0@1ms 1@3ms 2@5ms"},
		{"each fifth first", []string{"delay 10ms reorder 100% gap 5"}, 6, 60, ms, "0@10ms 1@11ms 2@12ms 3@13ms 4@4ms 5@15ms"},
		{"each third is lost", []string{"loss every 3"}, 7, 60, ms, "0@0s 1@1ms 3@3ms 4@4ms 6@6ms"},
		{"all are lost", []string{"loss 100%"}, 3, 60, ms, ""},
		{"a copy of each, with the rate's time of its own", []string{"rate 1mbit duplicate 100%"}, 2, 142, 0, "0@1.136ms 0@2.272ms 1@3.408ms 1@4.544ms"},
		{"copies count in the limit, and a frame that is refused takes its copy with it", []string{"duplicate 100% delay 100ms limit 4"}, 6, 60, 0, "0@100ms 0@100ms 1@100ms 1@100ms"},
		{"slots of four", []string{"slot 100ms 100ms packets 4"}, 9, 60, 0, "0@100ms 1@100ms 2@100ms 3@100ms 4@200ms 5@200ms 6@200ms 7@200ms 8@300ms"},
		{"slots by bytes: the frame that crosses the limit still goes", []string{"slot 100ms 100ms bytes 200"}, 5, 60, 0, "0@100ms 1@100ms 2@100ms 3@100ms 4@200ms"},
		{"a slot's time is not lost on a delay", []string{"delay 30ms slot 100ms"}, 1, 60, 0, "0@100ms"},
		{"an unused slot is not kept", []string{"slot 100ms"}, 3, 60, 60 * ms, "0@100ms 1@100ms 2@220ms"},
		{"stages one after the other", []string{"delay 10ms", "rate 1mbit"}, 2, 142, 0, "0@11.136ms 1@12.272ms"},
		{"a stage that is about others", []string{"loss 100% match protocol arp", "delay 1ms"}, 2, 60, ms, "0@1ms 1@2ms"},
		{"CoDel leaves a short queue alone", []string{"rate 1mbit codel"}, 3, 142, 0, "0@1.136ms 1@2.272ms 2@3.408ms"},
		{"CoDel with a delay behind it", []string{"delay 10ms rate 1mbit codel"}, 2, 142, 0, "0@11.136ms 1@12.272ms"},
		{"CoDel's limit", []string{"rate 1mbit codel limit 2"}, 5, 142, 0, "0@1.136ms 1@2.272ms 2@3.408ms"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			l := newLine(t, tc.words...)
			l.many(tc.n, tc.size, tc.apart)
			if got := l.times(); got != tc.want {
				t.Errorf("%v\n got %s\nwant %s", tc.words, got, tc.want)
			}
			came := map[int]bool{}
			for _, a := range l.came {
				came[a.n] = true
			}
			if lost := tc.n - len(came); l.lost["loss"]+l.lost["queue-full"] != lost {
				t.Errorf("lost %v, want %d in all", l.lost, lost)
			}
		})
	}
}

// What is chance, by its share: a kernel's figures from recordings, with four standard errors.
func TestShares(t *testing.T) {
	const n = 50_000
	for _, tc := range []struct {
		words string
		lost  float64
		after float64 // lost after a lost one
		by    float64 // standard errors: more where losses come in bursts
	}{
		{"loss 10%", 0.1, 0.1, 4},
		{"loss 10% 25%", 0.0175, 0.108, 8},
		{"loss 30% 75%", 0.0315, 0.402, 12},
		{"loss 50% 50%", 0.499, 0.637, 12},
		{"loss gemodel 1% 10% 70% 0.1%", 0.0647, 0.619, 12},
		{"loss gemodel 1%", 0.0094, 0.01, 8},
		{"loss gemodel 1% 10%", 0.0836, 0.9, 12},
		{"loss state 5%", 0.0513, 0.0495, 8},
		{"loss state 5% 20%", 0.201, 0.795, 12},
		{"loss state 5% 20% 10% 30% 1%", 0.191, 0.673, 12},
	} {
		t.Run(tc.words, func(t *testing.T) {
			l := newLine(t, tc.words)
			l.many(n, 60, us)
			lost := make([]bool, n)
			for i := range lost {
				lost[i] = true
			}
			for _, a := range l.came {
				lost[a.n] = false
			}
			all, after := 0, 0
			for i := range lost {
				if lost[i] {
					if all++; i > 0 && lost[i-1] {
						after++
					}
				}
			}
			near := func(what string, got, want float64, of int) {
				if by := tc.by * math.Sqrt(want*(1-want)/float64(of)); math.Abs(got-want) > by {
					t.Errorf("%s: %.4f, want %.4f (by %.4f)", what, got, want, by)
				}
			}
			near("lost", float64(all)/n, tc.lost, n)
			near("lost after a lost one", float64(after)/float64(all), tc.after, all)
			if got := l.pipe.Count()[0]; got.Entered != n || got.Lost != uint64(all) {
				t.Errorf("counted %d and %d lost, want %d and %d", got.Entered, got.Lost, n, all)
			}
		})
	}
}

// Delays by distribution: mean, deviation, and the ends, which the tables fix.
func TestDelays(t *testing.T) {
	const n = 50_000
	for _, tc := range []struct {
		words              string
		mean, sd, min, max float64 // ms
	}{
		{"delay 100ms 20ms", 100, 11.547, 80, 120},
		{"delay 100ms 10ms distribution normal", 100.01, 10.0, 60, 135.23},
		{"delay 100ms 10ms distribution pareto", 99.66, 8.18, 93.33, 140},
		{"delay 100ms 10ms distribution paretonormal", 99.81, 8.39, 84.98, 138.82},
		{"delay 100ms 10ms distribution experimental", 99.86, 8.78, 87.09, 140},
		{"delay 10ms 20ms", 11.26, 9.94, 0, 30},
		{"delay 2s 1s", 1946, 590, 1000, 3000},
		{"delay 3s 3s", 3000, 1240, 852.5, 5147.5},
	} {
		t.Run(tc.words, func(t *testing.T) {
			l := newLine(t, tc.words+" limit 200000")
			l.many(n, 60, 200*us)
			mean, sd, least, most := 0.0, 0.0, math.Inf(1), 0.0
			ds := make([]float64, 0, n)
			for _, a := range l.came {
				d := float64(a.at-l.sent[a.n]) / 1e6
				ds = append(ds, d)
				mean += d / n
				least, most = min(least, d), max(most, d)
			}
			for _, d := range ds {
				sd += (d - mean) * (d - mean) / n
			}
			sd = math.Sqrt(sd)
			if len(ds) != n || math.Abs(mean-tc.mean) > 5*tc.sd/math.Sqrt(n)+0.01 || math.Abs(sd-tc.sd) > 0.02*tc.sd ||
				least < tc.min-1e-3*tc.sd || least > tc.min+0.01*tc.sd || most > tc.max+1e-3*tc.sd || most < tc.max-0.01*tc.sd {
				t.Errorf("%d frames, mean %.3f deviation %.3f from %.3f to %.3f; want %.3f %.3f %.3f %.3f", len(ds), mean, sd, least, most, tc.mean, tc.sd, tc.min, tc.max)
			}
		})
	}
}

func TestARateKeepsOrderAndReorderingDoesNot(t *testing.T) {
	for _, tc := range []struct {
		words string
		late  bool
	}{
		{"delay 10ms 10ms", true},
		{"delay 10ms 10ms rate 1mbit", false},
		{"delay 10ms reorder 25% rate 1mbit", true},
	} {
		l := newLine(t, tc.words)
		l.many(2000, 142, 2*ms)
		latest, late := time.Duration(0), 0
		order := make([]time.Duration, 2000)
		for _, a := range l.came {
			order[a.n] = a.at
		}
		for _, at := range order {
			if at < latest {
				late++
			}
			latest = max(latest, at)
		}
		if (late > 100) != tc.late || !tc.late && late > 0 {
			t.Errorf("%s: %d of 2000 are late", tc.words, late)
		}
	}
}

func TestCorruptionChangesOneBitOfACopy(t *testing.T) {
	l := newLine(t, "corrupt 100% duplicate 100%")
	data := make([]byte, 60)
	l.many(1, 60, ms)
	f := l.pool.New(data, l.pool.NewID())
	f.Share() // somebody else has it too
	outs := l.pipe.Enter(l.now, f)
	if len(outs) != 2 || outs[0].Frame == f || outs[1].Frame == f || outs[0].Frame == outs[1].Frame {
		t.Fatalf("%d frames came, want two of their own bytes", len(outs))
	}
	for _, o := range outs {
		ones := 0
		for _, b := range o.Frame.Data {
			for ; b > 0; b &= b - 1 {
				ones++
			}
		}
		if ones != 1 || o.Frame.ID != f.ID {
			t.Errorf("frame %d with %d bits changed, want frame %d with one", o.Frame.ID, ones, f.ID)
		}
	}
	for _, b := range f.Data {
		if b != 0 {
			t.Error("the frame that somebody else has was changed")
		}
	}
}

// CoDel drops while frames wait too long, and keeps the delay of what comes out near its
// target; the full queue without it keeps it long.
func TestCoDelKeepsTheQueueShort(t *testing.T) {
	delay := func(words string) time.Duration {
		l := newLine(t, words)
		l.many(8000, 1000, 900*us) // 8.9 Mbit/s into 8
		var last time.Duration
		for _, a := range l.came[len(l.came)-500:] {
			last = max(last, a.at-l.sent[a.n])
		}
		return last
	}
	if tail := delay("rate 8mbit limit 300"); tail < 200*ms {
		t.Errorf("a full queue of 300 frames delays by %v", tail)
	}
	if short := delay("rate 8mbit codel limit 300"); short > 60*ms {
		t.Errorf("CoDel lets frames wait %v", short)
	}
	l := newLine(t, "rate 8mbit codel limit 300 ecn")
	for range 8000 {
		l.send(markable)
		l.run(l.now + 900*us)
	}
	l.run(l.now + time.Hour)
	c := l.pipe.Count()[0]
	if c.Marked == 0 || c.CoDel != 0 {
		t.Errorf("%d frames were marked and %d dropped, want some and none", c.Marked, c.CoDel)
	}
}

// markable is an IPv4 packet of 1000 bytes that can be marked.
var markable = func() []byte {
	f := make([]byte, 1000)
	f[12], f[13], f[14], f[15] = 8, 0, 0x45, 2
	return f
}()

func TestAChangeKeepsWhatWaitsAndARemovalLosesIt(t *testing.T) {
	const second, half = "slot 1s", 500 * ms
	l := newLine(t, second)
	for range 3 {
		l.send(make([]byte, 60))
	}
	l.run(half)
	l.take(l.pipe.Configure(l.now, l.parse([]string{"delay 1ms limit 1"})))
	l.send(make([]byte, 60)) // finds three waiting
	l.run(10 * time.Second)
	if got := l.times(); l.lost["queue-full"] != 1 || got != "0@500ms 1@500ms 2@500ms" {
		t.Errorf("came %s, lost %v; want the three as soon as there are no slots, and one lost", got, l.lost)
	}
	l = newLine(t, second, "delay 1ms")
	for range 3 {
		l.send(make([]byte, 60))
	}
	l.run(half)
	l.take(l.pipe.Configure(l.now, nil))
	l.send(make([]byte, 60))
	if l.lost[Removed.Slug] != 3 || l.times() != "3@500ms" {
		t.Errorf("came %s, lost %v; want the fourth at once and three lost", l.times(), l.lost)
	}
}

// Frames that wait between two stages go on when their time comes, whatever comes then.
func TestAChangeKeepsWhatIsBetweenStages(t *testing.T) {
	l := newLine(t, "delay 100ms", "delay 1ms", "rate 1mbit")
	l.send(make([]byte, 142))
	l.run(50 * ms)
	l.take(l.pipe.Configure(l.now, l.parse([]string{"delay 5ms", "delay 2ms"})))
	l.run(time.Second)
	if got := l.times(); got != "0@102ms" {
		t.Errorf("came %s, want 0@102ms", got)
	}
}

// limited is a memory with a limit.
type limited struct{ used, limit int64 }

func (m *limited) Take(n int64) bool {
	if m.used+n > m.limit {
		return false
	}
	m.used += n
	return true
}
func (m *limited) Give(n int64) { m.used -= n }

func TestCopiesCountInTheMemory(t *testing.T) {
	var pool fabric.Pool
	m := &limited{limit: 1 << 20}
	p := NewPipe([32]byte{}, &pool, m)
	c, err := Words{"duplicate 100% corrupt 50%", "duplicate 100% loss 30%", "slot 1s"}.Parse()
	if err != nil {
		t.Fatal(err)
	}
	p.Configure(0, c)
	give := func(outs []Out) {
		for _, o := range outs {
			m.Give(o.Frame.Weight())
			pool.Release(o.Frame)
		}
	}
	for i := range 3000 {
		f := pool.New(make([]byte, 1000), pool.NewID())
		if !m.Take(f.Weight()) {
			pool.Release(f)
			continue
		}
		give(p.Enter(time.Duration(i)*ms, f))
		if m.used > m.limit {
			t.Fatal("more is held than there is")
		}
	}
	give(p.Tick(time.Hour))
	give(p.Tick(2 * time.Hour))
	give(p.Configure(3*time.Hour, nil))
	if m.used != 0 {
		t.Errorf("%d bytes are held when nothing is under way", m.used)
	}
}

func TestTheSameSeedIsTheSameChance(t *testing.T) {
	const words = "delay 10ms 5ms distribution normal loss 5% 20% duplicate 3% corrupt 2% reorder 10% 30%"
	a, b := newLine(t, words), newLine(t, words)
	a.many(2000, 100, ms)
	b.many(2000, 100, ms)
	if a.times() != b.times() {
		t.Error("two runs differ")
	}
}

func TestRefusals(t *testing.T) {
	for words, want := range map[string]string{
		"jitter 5ms":                         "there is no word",
		"loss":                               "something has to follow",
		"loss 150%":                          "no percentage",
		"loss sometimes":                     "there is no loss",
		"loss 10% loss 20%":                  "twice",
		"loss every 0":                       "no number between 1",
		"delay ten":                          "is no time",
		"delay 10h":                          "its unit is s, ms or us",
		"delay 300s":                         "not between 0 and 274s",
		"reorder 25%":                        "no reordering without a delay",
		"delay 10ms gap 5":                   "it is about reorder",
		"delay 10ms distribution normal":     "about delay and jitter",
		"delay 9ms 1ms distribution uniform": "uniform is what jitter is without",
		"delay 9ms 1ms distribution gauss":   "there are normal, pareto",
		"ecn":                                "it is about loss",
		"rate fast":                          "is no rate",
		"limit -1":                           "not between 0",
		"codel":                              "before a rate",
		"rate 1mbit codel target":            "something has to follow",
		"match":                              "something has to follow",
		"match colour red":                   "there is no such key",
		"match dst_port 70000":               "no number between 0 and 65535",
		"match src_ip here":                  "is no address",
		"match protocol ipx":                 "is no protocol",
		strings.Repeat("x", 2000):            "at most 1024",
	} {
		if _, err := Parse(words); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: %v, want %q", words, err, want)
		}
	}
	if _, err := (Words{"", "", "", "", ""}).Parse(); err == nil {
		t.Error("five stages are taken")
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"delay 100ms 20ms 25% distribution normal", "loss state 1% 2% 3% 4% 5%", "loss gemodel 1% 10% 70% 0.1%", "rate 1mbit 20 48 -5 limit 1k",
		"slot distribution pareto 50ms 10ms packets 5 bytes 9000", "rate 8mbit codel limit 10 target 5ms interval 9ms ecn match ip_proto tcp dst_port 80",
		"duplicate 5% 3% corrupt 1% reorder 1% delay 1s gap 5", "loss every 3 match vlan_id 10 src_mac 02:00:00:00:00:01 tcp_flags 0x2/0x12",
	} {
		f.Add(s, []byte("\x02\x00\x00\x00\x00\x01\x02\x00\x00\x00\x00\x02\x08\x00E\x00"))
	}
	f.Fuzz(func(t *testing.T, s string, frame []byte) {
		c, err := Parse(s)
		if err != nil || len(frame) > fabric.MaxFrame {
			return
		}
		if c.String() == "" {
			t.Error("it shows nothing")
		}
		l := newLine(t, s)
		for range 4 {
			l.send(frame)
			l.run(l.now + ms)
		}
		for range 1000 {
			at, ok := l.pipe.Next()
			if !ok {
				break
			}
			l.run(at)
		}
		l.take(l.pipe.Configure(l.now, nil))
		if _, ok := l.pipe.Next(); ok || l.pipe.Waiting(l.now) != 0 {
			t.Errorf("%q: something waits in a pipe without stages", s)
		}
	})
}
