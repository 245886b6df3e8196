package journal

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"wireloom/internal/recording"
	"wireloom/internal/session"
	"wireloom/vnet"
	"wireloom/vnet/config"
	"wireloom/vnet/kern"
)

const labID = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

func about() About {
	return About{ID: labID, Version: "v1", Kind: "bench", Person: "p", Class: "c", Lesson: "l", Created: time.UnixMilli(1_700_000_000_000).UTC()}
}

func setup() session.Setup {
	return session.Setup{
		Scenario: "ping", Title: "Ping", Goal: "Answer.", Brief: "# Brief\n", Seed: 1<<64 - 1,
		Tries:    []session.Try{{Label: "ping", Look: "there", Auto: true, Say: "pings", Commands: []vnet.Command{vnet.Exec{Node: "alice", Line: "ping bob"}}}},
		Programs: []recording.Program{{Node: "bob", Proc: "pingd", Name: "pingd.wasm", Hash: hashOf([]byte("reference")), Size: 9}},
		Captures: map[string][]byte{"a.pcap": []byte("capture")},
	}
}

func labConfig() config.Lab {
	return config.Lab{Name: "ping", Seed: 1<<64 - 1, Nodes: []config.Node{{Name: "bob", Dialect: kern.NetBSD, NICs: []config.NIC{{Name: "em0"}}, Programs: []config.Program{{Name: "pingd", Slot: true}}}}}
}

var hash0 = strings.Repeat("0a", 32)

// records are what a journal is told, one of each kind and more.
func records() []func(j *Journal) error {
	var all []func(j *Journal) error
	for i := range 5 {
		at, step := int64(i)*1000, uint64(i)*7
		all = append(all,
			func(j *Journal) error {
				return j.Command(recording.Recorded{At: at, Step: step, Command: vnet.Exec{Node: "bob", Line: fmt.Sprintf("ping -c %d \x00\u2028 alice", i)}})
			},
			func(j *Journal) error {
				return j.Enter([]recording.Entered{{At: at, Step: step, Port: "s1.1", Frame: bytes.Repeat([]byte{byte(i)}, 60)}, {At: at, Step: step, Port: "s1.2", Frame: []byte{}}})
			},
			func(j *Journal) error {
				return j.Mark(session.Mark{End: recording.End{At: at, Step: step, Events: uint64(i), Hash: hash0}, Rate: session.RealTime, Watched: i%2 == 0, Paused: i == 3, Parked: i == 4})
			},
		)
	}
	return all
}

func newDir(t testing.TB) *Dir {
	t.Helper()
	d, err := OpenDir(filepath.Join(t.TempDir(), "labs"))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func create(t testing.TB, d *Dir) *Journal {
	t.Helper()
	j, err := d.Create(about(), setup(), labConfig(), [][]byte{[]byte("reference")})
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func shut(t testing.TB, c io.Closer) {
	t.Helper()
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}

// say is what a past has, for people.
func say(t testing.TB, p *Past) []string {
	t.Helper()
	var all []string
	for {
		x, err := p.Next()
		switch {
		case errors.Is(err, io.EOF):
			return all
		case err != nil:
			t.Fatal(err)
		case x.Command != nil:
			b, err := x.Command.MarshalJSON()
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, string(b))
		case x.Mark != nil:
			all = append(all, fmt.Sprintf("mark %+v", *x.Mark))
		default:
			for _, f := range x.Frames {
				all = append(all, fmt.Sprintf("frame %d %d %s %x", f.At, f.Step, f.Port, f.Frame))
			}
		}
	}
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	d := newDir(t)
	j := create(t, d)
	for _, f := range records() {
		if err := f(j); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := j.Keep(hashOf([]byte("mine")), []byte("mine")); err != nil {
		t.Fatal(err)
	}
	if !j.Dirty() || j.Sync() != nil || j.Dirty() {
		t.Error("it is not clean after Sync")
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	if err := j.Mark(session.Mark{End: recording.End{Hash: hash0}}); !errors.Is(err, os.ErrClosed) {
		t.Errorf("a mark behind the end: %v", err)
	}
	p, err := d.Read(labID)
	if err != nil {
		t.Fatal(err)
	}
	defer shut(t, p)
	if p.About != about() {
		t.Errorf("about %+v, want %+v", p.About, about())
	}
	if got, want := fmt.Sprintf("%+v", p.Setup), fmt.Sprintf("%+v", setup()); got != want {
		t.Errorf("setup\n%s, want\n%s", got, want)
	}
	if p.Config.Nodes[0].Name != "bob" || p.Commands != 5 || p.Frames != 10 || p.Torn != 0 || !p.Last().Parked || p.Last().Step != 28 {
		t.Errorf("config %+v, %d commands, %d frames, %d bytes torn, last %+v", p.Config, p.Commands, p.Frames, p.Torn, p.Last())
	}
	said := say(t, p)
	if len(said) != 20 || !strings.HasPrefix(said[3], "mark {End:{At:0 Step:0") || said[1] != "frame 0 0 s1.1 "+strings.Repeat("00", 60) {
		t.Errorf("it has %q", said)
	}
	for _, b := range []string{"reference", "mine", "capture"} {
		if got, err := p.File(hashOf([]byte(b))); err != nil || string(got) != b {
			t.Errorf("file %s: %q, %v", b, got, err)
		}
	}
	if ids, err := d.Labs(); err != nil || !slices.Equal(ids, []string{labID}) || !d.Has(labID) || d.Has("x") {
		t.Errorf("labs %q, %v", ids, err)
	}
}

// A server that was killed leaves the journal cut anywhere: what is whole stays, and it is
// gone on with.
func TestATornTailIsCutAtTheLastWholeRecord(t *testing.T) {
	d := newDir(t)
	j := create(t, d)
	begun := j.Size()
	ends := []int64{begun}
	for _, f := range records() {
		if err := f(j); err != nil {
			t.Fatal(err)
		}
		ends = append(ends, j.Size())
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(d.root, labID, fileName)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for cut := range len(whole) {
		for _, zeros := range []int{0, 13, 500} {
			if zeros > 0 && cut%7 != 0 {
				continue
			}
			b := append(bytes.Clone(whole[:cut]), make([]byte, zeros)...)
			p, err := read(memFile{Reader: bytes.NewReader(b)}, int64(len(b)))
			if int64(cut) < begun {
				if err == nil {
					t.Fatalf("cut at %d, before its head is whole: it is read", cut)
				}
				continue
			}
			if err != nil {
				t.Fatalf("cut at %d, with %d zeros behind: %v", cut, zeros, err)
			}
			i, _ := slices.BinarySearch(ends, int64(cut)+1)
			if want := int64(cut+zeros) - ends[i-1]; p.Torn != want {
				t.Fatalf("cut at %d, with %d zeros behind: %d bytes are torn, want %d", cut, zeros, p.Torn, want)
			}
			if cut%100 != 0 {
				continue
			}
			if err := os.WriteFile(path, b, 0o600); err != nil {
				t.Fatal(err)
			}
			if p, err = d.Read(labID); err != nil {
				t.Fatal(err)
			}
			j, err := p.Append()
			if err != nil {
				t.Fatal(err)
			}
			err = errors.Join(j.Mark(session.Mark{End: recording.End{At: 9000, Step: 99, Hash: hash0}}), j.Close())
			q, rerr := d.Read(labID)
			if err != nil || rerr != nil || q.Torn != 0 || q.Last().Step != 99 {
				t.Fatalf("cut at %d and gone on with: %v, %v", cut, err, rerr)
			}
			_ = say(t, q)
			_ = q.Close()
		}
	}
}

// Anything else that is wrong is no torn tail, and the journal is not gone on with.
func TestADamagedJournalIsRefused(t *testing.T) {
	d := newDir(t)
	j := create(t, d)
	begun := j.Size()
	for _, f := range records() {
		if err := f(j); err != nil {
			t.Fatal(err)
		}
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(d.root, labID, fileName)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	try := func(what string, b []byte) {
		t.Helper()
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		p, err := d.Read(labID)
		if err == nil {
			defer shut(t, p)
			t.Errorf("%s: it is read, with %d bytes torn", what, p.Torn)
		} else if !strings.HasPrefix(err.Error(), "its journal is broken: ") {
			t.Errorf("%s: %v", what, err)
		}
	}
	for i := range whole {
		b := bytes.Clone(whole)
		b[i] ^= 0x10
		if p, err := read(memFile{Reader: bytes.NewReader(b)}, int64(len(b))); err == nil {
			t.Errorf("a bit of byte %d of %d is another: it is read, with %d bytes torn", i, len(whole), p.Torn)
		}
	}
	// Records that are left out, moved and repeated.
	var at []int64
	s, err := newScanner(bytes.NewReader(whole), int64(len(whole)))
	if err != nil {
		t.Fatal(err)
	}
	for err == nil {
		at = append(at, s.at)
		_, _, err = s.next()
	}
	cut := func(from, to int) []byte { return whole[at[from]:at[to]] }
	b := bytes.Clone(whole)
	b[len(b)/2] ^= 0x10
	try("a bit is another", b)
	try("a command is left out", slices.Concat(whole[:begun], cut(3, len(at)-1)))
	try("two are the other way round", slices.Concat(whole[:begun], cut(3, 4), cut(2, 3), cut(4, len(at)-1)))
	try("one is there twice", slices.Concat(whole[:begun], cut(2, 3), cut(2, len(at)-1)))
	try("it has no configuration", slices.Concat(whole[:at[1]], cut(2, len(at)-1)))
	try("something else is behind it", slices.Concat(whole, []byte("something else")))
	try("it is empty", nil)
	other := about()
	other.ID = strings.Repeat("Z", 26)
	x, err := d.Create(other, setup(), labConfig(), nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = x.Close()
	b, err = os.ReadFile(filepath.Join(d.root, other.ID, fileName))
	if err != nil {
		t.Fatal(err)
	}
	try("it is another lab's", b)
}

// A full is a disk that takes so many bytes.
type full struct {
	left  int
	stuck bool // it cannot even be cut
	lame  bool // it cannot be synced
}

type fullFile struct {
	file
	*full
}

func (f fullFile) WriteAt(b []byte, at int64) (int, error) {
	n := min(len(b), f.left)
	f.left -= n
	if n, err := f.file.WriteAt(b[:n], at); err != nil {
		return n, err
	}
	if n < len(b) {
		return n, syscall.ENOSPC
	}
	return n, nil
}

func (f fullFile) Truncate(n int64) error {
	if f.stuck {
		return syscall.EIO
	}
	return f.file.Truncate(n)
}

func (f fullFile) Stat() (os.FileInfo, error) { return f.file.(*os.File).Stat() }

func (f fullFile) Sync() error {
	if f.lame {
		return syscall.EIO
	}
	return f.file.Sync()
}

// Wherever the disk is full, what was taken is there afterwards, and what was not has left
// nothing, also where the server is killed then.
func TestAFullDiskLosesNothingThatWasTaken(t *testing.T) {
	total := func() int {
		d := newDir(t)
		j := create(t, d)
		for _, f := range records() {
			if err := f(j); err != nil {
				t.Fatal(err)
			}
		}
		defer shut(t, j)
		return int(j.Size()) + 100
	}()
	for room := 0; room < total; room += 13 {
		for _, stuck := range []bool{false, true} {
			d := newDir(t)
			disk := &full{left: room}
			d.open = func(path string, flags int) (file, error) {
				f, err := openFile(path, flags)
				if err != nil {
					return nil, err
				}
				return fullFile{f, disk}, nil
			}
			j, err := d.Create(about(), setup(), labConfig(), [][]byte{[]byte("reference")})
			if err != nil {
				if !errors.Is(err, syscall.ENOSPC) || d.Has(labID) {
					t.Fatalf("room for %d bytes: %v, and the folder is there: %v", room, err, d.Has(labID))
				}
				continue
			}
			took := 0
			disk.stuck = stuck
			for _, f := range records() {
				if f(j) == nil {
					took++
				}
			}
			check := func(when string, want int) {
				t.Helper()
				d.open = openFile
				p, err := d.Read(labID)
				if err != nil {
					t.Fatalf("room for %d bytes, %s: %v", room, when, err)
				}
				defer shut(t, p)
				if n := p.Commands + p.Frames/2 + p.marks; n != want {
					t.Errorf("room for %d bytes, %s: %d records are there, %d were taken", room, when, n, want)
				}
			}
			check("killed", took)
			disk.left, disk.stuck = 1<<20, false
			if err := j.Mark(session.Mark{End: recording.End{At: 9000, Step: 99, Hash: hash0}}); err != nil {
				t.Fatalf("room for %d bytes and then for more: %v", room, err)
			}
			check("mended", took+1)
			_ = j.Close()
		}
	}
}

// Where the disk says that it could not keep what it had taken, nothing more is taken until it
// has been written once more.
func TestADiskThatFailsToSyncIsWrittenAgain(t *testing.T) {
	d := newDir(t)
	disk := &full{left: 1 << 30}
	d.open = func(path string, flags int) (file, error) {
		f, err := openFile(path, flags)
		if err != nil {
			return nil, err
		}
		return fullFile{f, disk}, nil
	}
	j := create(t, d)
	all := records()
	if err := all[0](j); err != nil {
		t.Fatal(err)
	}
	disk.lame = true
	if err := j.Sync(); !errors.Is(err, syscall.EIO) || !j.Dirty() {
		t.Errorf("sync: %v", err)
	}
	if err := all[1](j); !errors.Is(err, syscall.EIO) {
		t.Errorf("a record meanwhile: %v", err)
	}
	before := disk.left
	disk.lame = false
	if err := j.Sync(); err != nil || j.Dirty() || disk.left == before {
		t.Errorf("sync again: %v, wrote %d bytes", err, before-disk.left)
	}
	if err := errors.Join(all[1](j), j.Close()); err != nil {
		t.Error(err)
	}
	p, err := d.Read(labID)
	if err != nil {
		t.Fatal(err)
	}
	defer shut(t, p)
	if p.Commands != 1 || p.Frames != 2 {
		t.Errorf("%d commands and %d frames", p.Commands, p.Frames)
	}
}

// Programs are there once for all labs, as long as one has them.
func TestLabsHaveFilesInCommon(t *testing.T) {
	d := newDir(t)
	for i := range 3 {
		a := about()
		a.ID = fmt.Sprintf("%s%d", labID, i)
		j, err := d.Create(a, setup(), labConfig(), [][]byte{[]byte("reference")})
		if err != nil {
			t.Fatal(err)
		}
		_ = j.Close()
	}
	count := func() int {
		all, err := os.ReadDir(d.pool())
		if err != nil {
			t.Fatal(err)
		}
		return len(all)
	}
	if n := count(); n != 2 {
		t.Errorf("%d files are kept, want 2", n)
	}
	for i := range 3 {
		if freed, err := d.Sweep(); err != nil || freed != 0 {
			t.Errorf("%d bytes are freed, %v, while a lab has them", freed, err)
		}
		if err := d.Remove(fmt.Sprintf("%s%d", labID, i)); err != nil {
			t.Fatal(err)
		}
	}
	if freed, err := d.Sweep(); err != nil || freed != int64(len("reference")+len("capture")) || count() != 0 {
		t.Errorf("%d bytes are freed, %v, %d files are left", freed, err, count())
	}
}

// A file that was damaged on the disk is not taken for the program, by a later lab neither.
func TestADamagedFileIsNoProgram(t *testing.T) {
	d := newDir(t)
	j := create(t, d)
	_ = j.Close()
	hash := hashOf([]byte("reference"))
	if err := os.WriteFile(filepath.Join(d.pool(), hash), []byte("referents"), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := d.Read(labID)
	if err != nil {
		t.Fatal(err)
	}
	defer shut(t, p)
	if _, err := p.File(hash); err == nil || !strings.Contains(err.Error(), "is damaged") {
		t.Errorf("the first lab's: %v", err)
	}
	a := about()
	a.ID += "2"
	j, err = d.Create(a, setup(), labConfig(), [][]byte{[]byte("reference")})
	if err != nil {
		t.Fatal(err)
	}
	_ = j.Close()
	q, err := d.Read(a.ID)
	if err != nil {
		t.Fatal(err)
	}
	defer shut(t, q)
	if _, err := q.File(hash); err != nil {
		t.Errorf("the second lab's: %v", err)
	}
}

func TestWhyALabIsInQuarantineIsKept(t *testing.T) {
	d := newDir(t)
	_ = create(t, d).Close()
	if why := d.Reason(labID); why != "" {
		t.Errorf("reason %q", why)
	}
	if err := d.Quarantine(labID, "It is broken."); err != nil || d.Reason(labID) != "It is broken." {
		t.Errorf("reason %q, %v", d.Reason(labID), err)
	}
	for _, id := range []string{"", "..", "../" + labID, "files", strings.Repeat("a", 41)} {
		if _, err := d.Read(id); err == nil {
			t.Errorf("a lab called %q is read", id)
		}
		if err := d.Remove(id); err == nil {
			t.Errorf("a lab called %q is removed", id)
		}
	}
}

// memFile is a file in memory.
type memFile struct {
	*bytes.Reader
	file
}

func (m memFile) ReadAt(b []byte, at int64) (int, error) { return m.Reader.ReadAt(b, at) }

// FuzzRead: whatever a journal's bytes are, it is read or refused, and what is whole in it is
// read to the end.
func FuzzRead(f *testing.F) {
	d := newDir(f)
	j := create(f, d)
	for _, r := range records() {
		if err := r(j); err != nil {
			f.Fatal(err)
		}
	}
	_ = j.Close()
	whole, err := os.ReadFile(filepath.Join(d.root, labID, fileName))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	f.Add(whole[:len(whole)/2])
	f.Add([]byte(magic))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := read(memFile{Reader: bytes.NewReader(b)}, int64(len(b)))
		if err != nil {
			return
		}
		if p.Torn < 0 || p.Torn > int64(len(b)) {
			t.Fatalf("%d bytes of %d are torn", p.Torn, len(b))
		}
		for n := 0; ; n++ {
			if _, err := p.Next(); err != nil {
				break
			}
			if n > len(b) {
				t.Fatal("it has more records than bytes")
			}
		}
	})
}

// FuzzRecord: a body that a checksum does not guard from its author is a record or refused.
func FuzzRecord(f *testing.F) {
	f.Add([]byte("m"), []byte("\x00\x00\x00\x01\x00"))
	f.Add([]byte("c"), []byte(`{"at":1,"step":2,"op":"exec","node":"bob","argv":null,"line":"x"}`))
	f.Add([]byte("f"), []byte("\x00\x00\x01a\x02bb"))
	d := newDir(f)
	_ = create(f, d).Close()
	begin, err := os.ReadFile(filepath.Join(d.root, labID, fileName))
	if err != nil {
		f.Fatal(err)
	}
	s, err := newScanner(bytes.NewReader(begin), int64(len(begin)))
	for err == nil {
		_, _, err = s.next()
	}
	f.Fuzz(func(t *testing.T, kind, body []byte) {
		if len(kind) != 1 {
			return
		}
		b, _ := appendRecord(bytes.Clone(begin), s.link, kind[0], func(b []byte) []byte { return append(b, body...) })
		p, err := read(memFile{Reader: bytes.NewReader(b)}, int64(len(b)))
		if err != nil {
			return
		}
		for {
			x, err := p.Next()
			if err != nil {
				return
			}
			if x.Command == nil && x.Mark == nil && len(x.Frames) == 0 {
				t.Fatal("a record is nothing")
			}
		}
	})
}
