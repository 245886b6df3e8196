package session

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"wireloom/vnet/event"
)

// A disk is where files are that fail when it is full, after some of a write.
type disk struct {
	full bool
	part int64 // bytes of a write that still fit
}

func (d *disk) open(path string) (diskFile, error) {
	if d.full {
		return nil, &fs.PathError{Op: "open", Path: path, Err: syscall.ENOSPC}
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	return &testFile{f, d, path}, err
}

type testFile struct {
	*os.File
	d    *disk
	path string
}

func (f *testFile) WriteAt(p []byte, at int64) (int, error) {
	if !f.d.full {
		return f.File.WriteAt(p, at)
	}
	n, err := f.File.WriteAt(p[:min(int64(len(p)), f.d.part)], at)
	if err == nil {
		err = &fs.PathError{Op: "write", Path: f.path, Err: syscall.ENOSPC}
	}
	return n, err
}

func (f *testFile) Truncate(size int64) error {
	if f.d.full {
		return &fs.PathError{Op: "truncate", Path: f.path, Err: syscall.EIO}
	}
	return f.File.Truncate(size)
}

// A purse is a Room of so many bytes.
type purse struct{ left, taken int64 }

func (p *purse) Take(n int64) error {
	if n > p.left {
		return fmt.Errorf("no room for %d bytes", n)
	}
	p.left, p.taken = p.left-n, p.taken+n
	return nil
}

func (p *purse) Give(n int64) { p.left, p.taken = p.left+n, p.taken-n }

func newTestFolder(t *testing.T, room Room) (*folder, *disk) {
	t.Helper()
	f := newFolder(Options{Dir: t.TempDir(), Room: room, Logger: slog.New(slog.DiscardHandler)})
	d := &disk{}
	f.open = d.open
	return f, d
}

// TestCaptureGoesOnAfterAFullDisk: frames are numbered by their virtual time.
func TestCaptureGoesOnAfterAFullDisk(t *testing.T) {
	// Each step adds frames, fills the disk or empties it, or lets real time pass.
	type step struct {
		frames int
		do     func(d *disk, p *purse)
		pass   time.Duration
	}
	full := func(part int64) func(*disk, *purse) {
		return func(d *disk, _ *purse) { d.full, d.part = true, part }
	}
	empty := func(d *disk, _ *purse) { d.full = false }
	for _, c := range []struct {
		name  string
		limit int64
		room  int64
		steps []step
		want  string // numbers of frames kept in runs, and how many are missing between
		lost  uint64 // before the first
		tells []string
	}{
		{
			"nothing is missing where there is room", 1 << 20, 1 << 20,
			[]step{{frames: 1000}},
			"0-999", 0, nil,
		},
		{
			"the disk is full and has room again", 1 << 20, 1 << 20,
			[]step{{frames: 10}, {do: full(0)}, {frames: 100}, {do: empty, pass: captureRetry}, {frames: 5}},
			"0-9 missing 100 110-114", 0,
			[]string{"no space left", ""},
		},
		{
			"part of a block was written", 1 << 20, 1 << 20,
			[]step{{frames: 10}, {do: full(100)}, {frames: 100}, {do: empty, pass: captureRetry}, {frames: 5}},
			"0-9 missing 100 110-114", 0,
			[]string{"no space left", ""},
		},
		{
			"it is not tried again at each frame", 1 << 20, 1 << 20,
			[]step{{frames: 10}, {do: full(0)}, {frames: 100}, {do: empty, pass: captureRetry - 1}, {frames: 5}, {pass: 1}, {frames: 1}},
			"0-9 missing 105 115-115", 0,
			[]string{"no space left", ""},
		},
		{
			"twice, with nothing between", 1 << 20, 1 << 20,
			[]step{{frames: 10}, {do: full(0)}, {frames: 3}, {pass: captureRetry}, {frames: 3}, {do: empty, pass: captureRetry}, {frames: 2}},
			"0-9 missing 6 16-17", 0,
			[]string{"no space left", ""},
		},
		{
			"full from the beginning", 1 << 20, 1 << 20,
			[]step{{do: full(0)}, {frames: 7}, {do: empty, pass: captureRetry}, {frames: 2}},
			"missing 7 7-8", 0,
			[]string{"no space left", ""},
		},
		{
			"full to the end", 1 << 20, 1 << 20,
			[]step{{frames: 4}, {do: full(3)}, {frames: 7}},
			"0-3", 0,
			[]string{"no space left"},
		},
		{
			"where the room is used up, older frames go first", 64 << 10, 40 << 10,
			[]step{{frames: 300}},
			"114-299", 114, nil, // three blocks
		},
		{
			"no room at all", 64 << 10, 0,
			[]step{{frames: 20}, {do: func(_ *disk, p *purse) { p.left = 1 << 20 }, pass: captureRetry}, {frames: 2}},
			"missing 20 20-21", 0,
			[]string{"no room for", ""},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				room := &purse{left: c.room}
				dir, d := newTestFolder(t, room)
				capt := newCapture(dir, c.limit)
				var tells []string
				capt.changed = func() {
					if capt.why == nil {
						tells = append(tells, "")
					} else {
						tells = append(tells, capt.why.Error())
					}
				}
				n := 0
				read := func() string {
					r, err := capt.open()
					if err != nil {
						t.Fatal(err)
					}
					got, lost := runsOf(t, &FrameReader{Lost: r.lost, r: r})
					r.close()
					if lost != c.lost {
						t.Errorf("%d frames were given up, want %d", lost, c.lost)
					}
					return got
				}
				for _, s := range c.steps {
					for range s.frames {
						capt.add(&event.Event{Kind: event.Frame, At: time.Duration(n), Port: "s1.1", Data: make([]byte, 200)})
						n++
					}
					if s.frames > 0 {
						capt.flush() // as a download does
					}
					if s.do != nil {
						s.do(d, room)
					}
					time.Sleep(s.pass)
				}
				if got := read(); got != c.want {
					t.Errorf("kept %s, want %s", got, c.want)
				}
				if len(tells) != len(c.tells) {
					t.Fatalf("told %q, want %d times", tells, len(c.tells))
				}
				for i, want := range c.tells {
					if !strings.Contains(tells[i], want) || strings.Contains(tells[i], "/") {
						t.Errorf("told %q, want %q in it and no path", tells[i], want)
					}
				}
				capt.close()
				dir.close()
				if room.taken != 0 {
					t.Errorf("%d bytes were not given back", room.taken)
				}
			})
		})
	}
}

// runsOf reads all frames: the first and the last of those that follow one another,
// and how many are missing between.
func runsOf(t *testing.T, r *FrameReader) (runs string, lost uint64) {
	t.Helper()
	var said []string
	first, last := time.Duration(-1), time.Duration(-1)
	end := func() {
		if first >= 0 {
			said = append(said, fmt.Sprintf("%d-%d", first, last))
		}
	}
	for {
		e, err := r.Next()
		if errors.Is(err, io.EOF) {
			end()
			return strings.Join(said, " "), r.Lost
		}
		if err != nil {
			t.Fatal(err)
		}
		if r.Missing > 0 || first < 0 || e.At != last+1 {
			end()
			if r.Missing > 0 {
				said = append(said, fmt.Sprintf("missing %d", r.Missing))
			}
			first = e.At
		}
		last = e.At
	}
}

// TestAProgramThatTheDiskDoesNotTake is lost, and nothing else: it may come again, and
// what its visitor reads names no folder.
func TestAProgramThatTheDiskDoesNotTake(t *testing.T) {
	for _, c := range []struct {
		name string
		fill func(t *testing.T, dir *folder, d *disk)
		mend func(t *testing.T, dir *folder, d *disk)
		want string
		disk bool
	}{
		{
			"no room for the file", func(_ *testing.T, _ *folder, d *disk) { d.full = true }, func(_ *testing.T, _ *folder, d *disk) { d.full = false },
			"the disk of this server takes no more files: no space left on device", true,
		},
		{
			"no room for all of it", func(t *testing.T, dir *folder, d *disk) {
				_, f, err := dir.file("other")
				if err != nil {
					t.Fatal(err)
				}
				_ = f.Close() // only the folder is wanted
				dir.open = func(path string) (diskFile, error) {
					f, err := d.open(path)
					d.full, d.part = true, 2
					return f, err
				}
			}, func(_ *testing.T, dir *folder, d *disk) { d.full, dir.open = false, d.open },
			"the disk of this server takes no more files: no space left on device", true,
		},
		{
			"the folder is gone", func(t *testing.T, dir *folder, _ *disk) { dir.parent = t.TempDir() + "/gone" }, func(t *testing.T, dir *folder, _ *disk) { dir.parent = t.TempDir() },
			"the disk of this server takes no more files: no such file or directory", true,
		},
		{
			"the client has no more", func(_ *testing.T, dir *folder, _ *disk) { dir.room.(*purse).left = 3 }, func(_ *testing.T, dir *folder, _ *disk) { dir.room.(*purse).left = 100 },
			"no room for 4 bytes", false,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			room := &purse{left: 100}
			dir, d := newTestFolder(t, room)
			c.fill(t, dir, d)
			var r recorder
			err := r.keep(dir, nil, hashOf("wasm"), []byte("wasm"), 1000)
			if err == nil || !strings.HasSuffix(err.Error(), c.want) || strings.Contains(err.Error(), "/") || errors.Is(err, ErrDisk) != c.disk {
				t.Fatalf("got %v, want %q at its end and no path", err, c.want)
			}
			if room.taken != 0 || r.disk != 0 || len(r.kept) != 0 {
				t.Errorf("%d bytes taken, %d counted, %v kept, want nothing", room.taken, r.disk, r.kept)
			}
			c.mend(t, dir, d)
			if err := r.keep(dir, nil, hashOf("wasm"), []byte("wasm"), 1000); err != nil {
				t.Fatal(err)
			}
			if b, err := os.ReadFile(r.kept[hashOf("wasm")]); err != nil || string(b) != "wasm" || room.taken != 4 {
				t.Errorf("%q is kept, %v, with %d bytes taken", b, err, room.taken)
			}
			dir.close()
			if room.taken != 0 {
				t.Errorf("%d bytes were not given back", room.taken)
			}
		})
	}
}

// TestViewersAreToldOfAGap: by a state, as long as the lab lasts.
func TestViewersAreToldOfAGap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := live(t, Options{Room: &purse{}}, "talk20")
		defer b.watch()()
		time.Sleep(5 * time.Second)
		b.now()
		_, err := b.Frames(t.Context())
		b.ok(err)
		time.Sleep(PublishEvery)
		b.now()
		snap, _ := b.Snapshot()
		if c := snap.Capture; c.Missing < 400 || !strings.Contains(c.Why, "no room for") {
			t.Errorf("viewers are told %+v", c)
		}
	})
}
