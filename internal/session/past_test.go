package session

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"wireloom/internal/recording"
	"wireloom/internal/sched"
	"wireloom/vnet"
	"wireloom/vnet/config"
	"wireloom/vnet/sys"
)

// A paper is a journal in memory, and what is read of it.
type paper struct {
	dir string
	at  int // of the reader

	mu   sync.Mutex
	all  []Passed
	fail error // the disk takes no more
}

// full makes the disk take no more, or, with nil, take it again.
func (p *paper) full(why error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fail = why
}

func (p *paper) put(x Passed) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.fail == nil {
		p.all = append(p.all, x)
	}
	return p.fail
}

func (p *paper) Command(c recording.Recorded) error { return p.put(Passed{Command: &c}) }

func (p *paper) Enter(frames []recording.Entered) error {
	all := slices.Clone(frames)
	for i := range all {
		all[i].Frame = bytes.Clone(all[i].Frame)
	}
	return p.put(Passed{Frames: all})
}

func (p *paper) Mark(m Mark) error { return p.put(Passed{Mark: &m}) }

func (p *paper) Keep(hash string, b []byte) (string, error) {
	path := filepath.Join(p.dir, hash)
	return path, os.WriteFile(path, b, 0o600)
}

func (p *paper) Next() (Passed, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.at == len(p.all) {
		return Passed{}, io.EOF
	}
	p.at++
	return p.all[p.at-1], nil
}

func (p *paper) Program(_ context.Context, name, hash string) (sys.Program, string, int64, error) {
	path := filepath.Join(p.dir, hash)
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, "", 0, err
	}
	return programs()[name], path, int64(len(b)), nil
}

func (p *paper) Last() (m Mark) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, x := range p.all {
		if x.Mark != nil {
			m = *x.Mark
		}
	}
	return m
}

// torn is what a server finds that was killed now.
func (p *paper) torn() *paper {
	p.mu.Lock()
	defer p.mu.Unlock()
	return &paper{dir: p.dir, all: slices.Clone(p.all)}
}

// reborn is a session of a lab whose past is p's.
func reborn(t *testing.T, p *paper, build func() (*vnet.Lab, Setup)) *bench {
	t.Helper()
	return liveLab(t, Options{Past: p, Journal: p}, build)
}

func (b *bench) endOf() recording.End { return read(b.t, b.record()).End }

// stopped is the session's end, in order.
func (b *bench) stopped(why string) {
	b.t.Helper()
	b.stop(errors.New(why))
	<-b.Done()
}

// Whatever was done to a lab, and wherever its server was killed, it comes back with its hash,
// and goes on as it would have.
func TestALabIsHadAgainWhereverItsServerWasKilled(t *testing.T) {
	for seed := range uint64(5) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				chance := rand.New(rand.NewPCG(seed, 1))
				build := doored(config.Door{Kind: config.Stream}, "talk20", "deaf")
				p := &paper{dir: t.TempDir()}
				b := liveLab(t, Options{Journal: p}, build)
				ctx := t.Context()
				detach := b.watch()
				open := false
				for range 40 {
					switch chance.IntN(10) {
					case 0:
						b.install([]string{"h1", "h2"}[chance.IntN(2)], []string{"talk1", "echo", "deaf"}[chance.IntN(3)])
					case 1:
						_, _ = b.Do(ctx, vnet.Start{Node: "h1", Proc: "p"}) // it may run already
					case 2:
						_ = b.Stop(ctx, "h2", "p") // it may not run
					case 3:
						_, _ = b.Do(ctx, vnet.Kill{Node: "h1", Proc: "p"})
					case 4:
						_, _ = b.Exec(ctx, "h2", "echo hello")
					case 5:
						if open {
							b.ok(b.Enter(ctx, "s1.3", [][]byte{outer(1), outer(2), outer(3)}))
						} else {
							b.ok(b.OpenDoor(ctx, "s1.3", "peer", func([]byte) {}))
						}
						open = true
					case 6:
						if open {
							b.ok(b.CloseDoor(ctx, "s1.3", "it went", nil))
						}
						open = false
					case 7:
						b.ok(b.Pause(ctx))
						time.Sleep(time.Second)
						_ = b.Step(ctx) // nothing may be due
						b.ok(b.Resume(ctx))
					case 8:
						_ = b.SetRate(ctx, []int{RealTime, TenTimes}[chance.IntN(2)]) // not with a peer at the door
					}
					time.Sleep(time.Duration(chance.IntN(2000)) * time.Millisecond)
				}
				killed := p.torn()
				want := b.endOf() // its mark is not in what was killed
				if open {
					b.ok(b.CloseDoor(ctx, "s1.3", "the lab was not there for a while", nil))
				}
				detach()
				b.ok(b.SetRate(ctx, RealTime))
				b.ok(b.Pause(ctx))
				end := b.endOf()
				b.stopped("the server was stopped")

				c := reborn(t, killed, build)
				if done, returning := c.Returning(); returning {
					t.Errorf("%.0f %% are had again", 100*done)
				}
				if got := killed.Last(); got.At > want.At || got.Step > want.Step {
					t.Errorf("it is at %v, step %d, which is behind what was told: %v, step %d", got.At, got.Step, want.At, want.Step)
				}
				if res := replay(t, c.record()); !res.Same {
					t.Errorf("the recording made after it came back: %+v", res)
				}
				c.stopped("the server was stopped")

				// What was parked comes back where it was.
				d := reborn(t, p.torn(), build)
				got := d.endOf()
				if got.Hash != end.Hash || got.Step != end.Step || got.At != end.At || !d.pace.paused {
					t.Errorf("parked at %+v, back at %+v, paused: %v", end, got, d.pace.paused)
				}
				if res := replay(t, d.record()); !res.Same || res.Hash != end.Hash {
					t.Errorf("the recording made after it was parked: %+v", res)
				}
			})
		})
	}
}

// A lab that comes back runs on as it would have: without a command the events are the same.
func TestALabGoesOnAsItWouldHave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &paper{dir: t.TempDir()}
		make1 := func() (*vnet.Lab, Setup) {
			lab, setup, err := build(1, "talk20", "breathe")
			if err != nil {
				panic(err)
			}
			return lab, setup
		}
		b := liveLab(t, Options{Journal: p}, make1)
		time.Sleep(3300 * time.Millisecond)
		killed := p.torn()
		time.Sleep(5 * time.Second)
		b.ok(b.Pause(t.Context()))
		want := b.endOf()
		c := reborn(t, killed, make1)
		for now, _ := c.now(); now < time.Duration(want.At); now, _ = c.now() {
			time.Sleep(time.Duration(want.At) - now)
		}
		c.ok(c.Pause(t.Context()))
		if got := c.endOf(); got.Events < want.Events {
			t.Errorf("it has %d events, want %d or more", got.Events, want.Events)
		}
		d := replay(t, c.record())
		if !d.Same {
			t.Errorf("its replay: %+v", d)
		}
	})
}

// What the journal does not take is not done, and nothing that it took is lost.
func TestWhatCannotBeKeptIsNotDone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		build := doored(config.Door{Kind: config.Stream}, "talk20")
		p := &paper{dir: t.TempDir()}
		b := liveLab(t, Options{Journal: p}, build)
		ctx := t.Context()
		b.ok(b.OpenDoor(ctx, "s1.3", "peer", func([]byte) {}))
		b.ok(b.Enter(ctx, "s1.3", [][]byte{outer(1)}))
		p.full(&diskError{errors.New("no space left on device")})
		const want = "nothing was done, since it could not be kept: the disk of this server takes no more files: no space left on device"
		if _, err := b.Exec(ctx, "h2", "echo hello"); err == nil || err.Error() != want {
			t.Errorf("a command on a full disk: %v, want %q", err, want)
		}
		if err := b.Enter(ctx, "s1.3", [][]byte{outer(2)}); err == nil {
			t.Error("a frame came in on a full disk")
		}
		time.Sleep(2 * time.Second)
		p.full(nil)
		if _, err := b.Exec(ctx, "h2", "echo again"); err != nil {
			t.Errorf("a command where there is room again: %v", err)
		}
		b.ok(b.Enter(ctx, "s1.3", [][]byte{outer(3)}))
		end := b.endOf()
		c := reborn(t, p.torn(), build)
		rec := c.record()
		if res := replay(t, rec); !res.Same {
			t.Errorf("its replay: %+v", res)
		}
		l := read(t, rec)
		if l.Entered != 2 || len(l.Commands) != 3 { // the door is open, a line, and the door is closed
			t.Errorf("%d frames and %d commands are kept, want 2 and 3", l.Entered, len(l.Commands))
		}
		if l.End.Step < end.Step {
			t.Errorf("it is at step %d, and was at %d", l.End.Step, end.Step)
		}
	})
}

// A past that is another lab's, or was changed, is not gone on with.
func TestAPastThatComesOutOtherwiseIsNotGoneOnWith(t *testing.T) {
	make1 := func(seed uint64) func() (*vnet.Lab, Setup) {
		return func() (*vnet.Lab, Setup) {
			lab, setup, err := build(seed, "talk20")
			if err != nil {
				panic(err)
			}
			return lab, setup
		}
	}
	for _, c := range []struct {
		name   string
		seed   uint64
		change func(p *paper)
		want   string
	}{
		{"another seed", 2, func(*paper) {}, "it is not the run that it was"},
		{"a command is gone", 1, func(p *paper) {
			p.all = slices.DeleteFunc(p.all, func(x Passed) bool { return x.Command != nil })
		}, "and was at"},
		{"a command is elsewhere", 1, func(p *paper) {
			for _, x := range p.all {
				if x.Command != nil {
					x.Command.Step += 100
				}
			}
		}, "and was at"},
		{"a program is gone", 1, func(p *paper) { p.dir = filepath.Join(p.dir, "gone") }, "the program of h1:p is not there"},
		{"a record cannot be read", 1, func(p *paper) { p.all = append(p.all, Passed{Frames: []recording.Entered{{At: 1}}}) }, "and was at"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := &paper{dir: t.TempDir()}
				b := liveLab(t, Options{Journal: p}, make1(1))
				time.Sleep(time.Second)
				b.install("h1", "echo")
				b.do("kill", "h1", "p")
				time.Sleep(time.Millisecond)
				b.do("start", "h1", "p")
				time.Sleep(time.Second)
				b.stopped("the server was stopped")
				x := p.torn()
				c.change(x)
				r := reborn(t, x, make1(c.seed))
				select {
				case <-r.Done():
				default:
					t.Fatal("it goes on")
				}
				if r.Outcome() != Apart || !strings.HasPrefix(r.Reason(), "this lab cannot be had again: ") || !strings.Contains(r.Reason(), c.want) {
					t.Errorf("outcome %v, %q, want %q", r.Outcome(), r.Reason(), c.want)
				}
			})
		})
	}
}

// The capture of a lab that came back has all that it had before.
func TestACaptureIsMadeAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		build := doored(config.Door{Kind: config.Stream}, "talk20", "talk1")
		p := &paper{dir: t.TempDir()}
		b := liveLab(t, Options{Journal: p}, build)
		b.ok(b.OpenDoor(t.Context(), "s1.3", "peer", func([]byte) {}))
		for i := range uint64(10) {
			b.ok(b.Enter(t.Context(), "s1.3", [][]byte{outer(i)}))
			time.Sleep(100 * time.Millisecond)
		}
		b.ok(b.CloseDoor(t.Context(), "s1.3", "it went", nil))
		b.ok(b.Pause(t.Context()))
		all := func(b *bench) (frames []string) {
			r, err := b.Frames(t.Context())
			b.ok(err)
			defer r.Close()
			for {
				e, err := r.Next()
				if errors.Is(err, io.EOF) {
					return frames
				}
				b.ok(err)
				frames = append(frames, fmt.Sprintf("%v %v %s %s %x", e.Kind, e.At, e.Port, e.Peer, e.Data))
			}
		}
		want := all(b)
		b.stopped("the server was stopped")
		if got := all(reborn(t, p.torn(), build)); len(want) < 1000 || !slices.Equal(got, want) {
			t.Errorf("%d events are in its capture, %d were", len(got), len(want))
		}
	})
}

// Whoever asks a lab that is coming back is told so.
func TestWhoAsksALabThatComesBackIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		make1 := func() (*vnet.Lab, Setup) {
			lab, setup, err := build(1, "talk1")
			if err != nil {
				panic(err)
			}
			return lab, setup
		}
		p := &paper{dir: t.TempDir()}
		b := liveLab(t, Options{Journal: p}, make1)
		time.Sleep(5 * time.Second)
		b.stopped("the server was stopped")
		turns := sched.New(1)
		turns.Acquire(t.Context(), sched.Light, sched.Owner{Name: "somebody"})
		c := liveLab(t, Options{Past: p.torn(), Scheduler: turns}, make1)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := c.Attach(ctx); !errors.Is(err, ErrReturning) || err.Error() != "this lab is coming back: 0 % of it has been run again" {
			t.Errorf("a viewer is told %v", err)
		}
		turns.Release()
		synctest.Wait()
		c.watch()()
		if _, returning := c.Returning(); returning {
			t.Error("it is still coming back")
		}
	})
}
