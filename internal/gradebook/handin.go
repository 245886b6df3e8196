package gradebook

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"wireloom/internal/gradebook/mark"
	"wireloom/internal/program"
	wire "wireloom/internal/protocol/class"
	"wireloom/internal/scenario"
	"wireloom/internal/store"
	"wireloom/internal/terminal"
	"wireloom/internal/visitor"
)

// Where a hand-in came from.
const (
	fromUpload = "upload"
	fromBench  = "bench"
)

// A Part is a program of a hand-in as it is sent.
type Part struct {
	Slot string // as a person calls it: NODE.PROC, a NODE, a word; "" where there is only one
	Name string // of its file
	Body io.Reader
}

// A Parcel is a hand-in as it is sent. Next returns its programs one after the other, and
// io.EOF after the last. Lab is the bench that it comes from, instead; "" is none.
type Parcel struct {
	Lesson string
	Person string // the member's id
	Once   string // the same as in a request that this one repeats; "" if it repeats none
	Next   func() (Part, error)
	Lab    string
}

// HandIn stores a hand-in and returns its receipt when all of it is on the disk; again says
// that it was there already, because the request was repeated.
func (b *Book) HandIn(ctx context.Context, p Parcel) (r wire.Receipt, again bool, err error) {
	if len(p.Once) > maxOnce {
		return r, false, problem(Unfit, "nothing was handed in: an Idempotency-Key has at most %d bytes", maxOnce)
	}
	if !b.sending.begin(p.Person) {
		return r, false, visitor.TooMany(visitor.KindUploads, retrySoon, "nothing was handed in: another hand-in of yours is being sent; wait for that")
	}
	defer b.sending.end(p.Person)
	var l store.LessonRow
	var now time.Time
	var put int64 // bytes on the disk
	defer func() {
		if err != nil || again {
			b.sending.lose(p.Person, put, now)
		}
	}()
	err = b.conf.DB.Read(ctx, func(tx *store.Tx) error {
		now = tx.Now()
		if l, err = tx.Lesson(p.Lesson); err != nil {
			return err
		}
		if b.sending.wasted(p.Person, now) >= b.conf.Limits.DayBytes {
			return visitor.TooMany(visitor.KindUploadBytes, time.Hour, "nothing was handed in: what you have sent in 24 hours and what was not taken has %d MiB, which is as much as one may", b.conf.Limits.DayBytes>>20)
		}
		if _, err := tx.HandinOnce(p.Lesson, p.Person, p.Once); !errors.Is(err, store.ErrNone) {
			return err // what was handed in already may be sent again at any time
		}
		return b.admits(tx, l, p.Person)
	})
	if err != nil {
		return r, false, err
	}
	sc, err := b.conf.Scenario(ctx, l.VersionHash)
	if err != nil {
		return r, false, err
	}
	h := store.HandinRow{
		ID: store.NewID(), Class: l.Class, Lesson: l.ID, Person: p.Person, Once: p.Once,
		Student: p.Person, Scenario: l.VersionHash, Origin: fromUpload, Version: 1,
	}
	if p.Lab != "" {
		h.Origin = fromBench
		p.Next, err = b.fromBench(ctx, p.Lab)
		if err != nil {
			return r, false, err
		}
	}
	var programs []wire.Program
	programs, put, err = b.keep(sc, p.Next)
	if err != nil {
		return r, false, err
	}
	for _, x := range programs {
		h.Size += x.Size
	}
	if p.Lab != "" {
		var size int64
		h.Recording, size = b.record(ctx, p.Lab)
		h.Size += size
		put += size
	}
	h.Digest = digest(programs)
	if h.Programs, err = encode(programs); err != nil {
		return r, false, err
	}
	err = b.conf.DB.Write(ctx, func(tx *store.Tx) error {
		again = false
		return b.store(tx, &h, programs, &r, &again)
	})
	if err != nil {
		return r, false, err
	}
	b.grader.wake()
	return r, again, nil
}

const (
	retrySoon = 2 * time.Second
	day       = 24 * time.Hour
)

// store stores a hand-in whose blobs are there, with the jobs that grade it.
func (b *Book) store(tx *store.Tx, h *store.HandinRow, programs []wire.Program, r *wire.Receipt, again *bool) error {
	l, err := tx.Lesson(h.Lesson)
	if err != nil {
		return err
	}
	dates, err := b.datesOf(tx, l, h.Person)
	if err != nil {
		return err
	}
	if old, err := tx.HandinOnce(h.Lesson, h.Person, h.Once); err == nil {
		if old.Digest != h.Digest {
			return problem(Clash, "nothing was handed in: another hand-in was sent with the same Idempotency-Key")
		}
		*again = true
		*r, err = receipt(&old, dates.Due)
		return err
	} else if !errors.Is(err, store.ErrNone) {
		return err
	}
	if err := b.admits(tx, l, h.Person); err != nil {
		return err
	}
	n, err := tx.LastHandin(h.Lesson, h.Person)
	if err != nil {
		return err
	}
	h.Number, h.At = n+1, tx.Now()
	seal(h, programs, b.conf.Key)
	if err := tx.AddHandin(*h); err != nil {
		return err
	}
	checks := []string{store.ChecksVisible}
	if dates.Over(tx.Now()) {
		checks = append(checks, store.ChecksAll)
	}
	for _, c := range checks {
		if err := tx.AddJob(b.job(h, c, store.RankWaiting)); err != nil {
			return err
		}
	}
	*r, err = receipt(h, dates.Due)
	return err
}

// job is a grading of a hand-in as it was handed in.
func (b *Book) job(h *store.HandinRow, checks string, rank int64) store.JobRow {
	return store.JobRow{
		ID: store.NewID(), Handin: h.ID, Class: h.Class, Lesson: h.Lesson, Person: h.Person,
		Grader: b.conf.Grader, Scenario: h.Scenario, Checks: checks, Rank: rank,
	}
}

// admits says why a person may hand nothing in now.
func (b *Book) admits(tx *store.Tx, l store.LessonRow, person string) error {
	dates, err := b.datesOf(tx, l, person)
	if err != nil {
		return err
	}
	switch dates.Door(tx.Now()) {
	case mark.Unopened:
		return problem(Closed, "nothing was handed in: this lesson has not begun yet")
	case mark.Locked:
		return problem(Closed, "nothing was handed in: this lesson was closed %s; ask your teacher for an extension", dates.Locks.UTC().Format("on 2 January 2006 at 15:04 UTC"))
	case mark.Open:
	}
	lim := b.conf.Limits
	n, size, err := tx.HandedIn(person, tx.Now().Add(-day))
	if err != nil {
		return err
	}
	own, class, err := tx.JobsUnder(person, l.Class)
	switch {
	case err != nil:
		return err
	case n >= lim.PerDay:
		return visitor.TooMany(visitor.KindUploads, time.Hour, "nothing was handed in: you have handed in %d times in 24 hours, which is as often as one may", n)
	case size >= lim.DayBytes:
		return visitor.TooMany(visitor.KindUploadBytes, time.Hour, "nothing was handed in: what you have handed in in 24 hours has %d MiB, which is as much as one may", size>>20)
	case own >= lim.Waiting:
		return visitor.TooMany(visitor.KindJobs, 5*time.Second, "nothing was handed in: %d gradings of yours are still to be made; wait for the first of them", own)
	case class >= lim.Class:
		return visitor.Busy(visitor.KindJobs, 30*time.Second, "nothing was handed in: %d gradings of your class are still to be made; try again in a moment", class)
	}
	return nil
}

// keep puts the programs of a hand-in away, and returns them by slot, in the order of the
// scenario: each of its slots has one. put is how many bytes are away, also where it fails.
func (b *Book) keep(sc *scenario.Scenario, next func() (Part, error)) (list []wire.Program, put int64, err error) {
	slots := sc.Slots()
	if len(slots) == 0 {
		return nil, 0, problem(Unfit, "nothing was handed in: this lab takes no program")
	}
	held := map[string]wire.Program{}
	for {
		part, err := next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, put, err
		}
		name := terminal.Cut(terminal.Line(part.Name), maxName)
		fill, err := sc.SlotsFor(part.Slot)
		if err != nil {
			return nil, put, problem(Unfit, "nothing was handed in: %s: %v", name, err)
		}
		p, err := b.keepProgram(name, part.Body)
		if err != nil {
			return nil, put, err
		}
		put += p.Size
		for _, s := range fill {
			if _, twice := held[s.String()]; twice && len(fill) == 1 {
				return nil, put, problem(Unfit, "nothing was handed in: there are two programs for %s", s)
			}
			p.Slot = s.String()
			held[p.Slot] = p
		}
	}
	for _, s := range slots {
		p, ok := held[s.String()]
		if !ok {
			return nil, put, problem(Unfit, "nothing was handed in: %s has no program. %s", s, takes(sc))
		}
		list = append(list, p)
	}
	return list, put, nil
}

// takes says which programs a lab takes.
func takes(sc *scenario.Scenario) string {
	if words := sc.Words(); len(words) > 1 {
		return "This lab takes " + fmt.Sprint(len(words)) + " programs: " + strings.Join(words, ", ")
	}
	return "This lab takes one program"
}

// keepProgram puts a program away. Whatever it is not is told by its first bytes: a zip is
// unpacked by nobody.
func (b *Book) keepProgram(name string, body io.Reader) (wire.Program, error) {
	r := bufio.NewReaderSize(body, 4096)
	first, err := r.Peek(512)
	if err != nil && !errors.Is(err, io.EOF) {
		return wire.Program{}, err
	}
	if err := program.Check(first); err != nil {
		return wire.Program{}, problem(Unfit, "nothing was handed in: %s: %v", name, err)
	}
	hash, size, err := b.conf.DB.Blobs.Put(r, scenario.MaxReference)
	if errors.Is(err, store.ErrTooLarge) {
		return wire.Program{}, problem(Unfit, "nothing was handed in: %s has more than %d MiB", name, scenario.MaxReference>>20)
	}
	return wire.Program{Name: name, Hash: hash, Size: size}, err
}

// fromBench are the programs that the slots of a bench have.
func (b *Book) fromBench(ctx context.Context, lab string) (func() (Part, error), error) {
	held, err := b.conf.Bench.Programs(ctx, lab)
	if err != nil {
		return nil, err
	}
	for _, h := range held {
		if h.Module == nil {
			return nil, problem(Unfit, "nothing was handed in: %s.%s runs the program that the lab began with: upload your own first", h.Node, h.Proc)
		}
	}
	return func() (Part, error) {
		if len(held) == 0 {
			return Part{}, io.EOF
		}
		h := held[0]
		held = held[1:]
		return Part{Slot: h.Node + "." + h.Proc, Name: h.Name, Body: bytes.NewReader(h.Module)}, nil
	}, nil
}

// record puts the recording of a bench away; "" where there is none to be had. The programs
// are what is graded: for want of a recording nobody misses a due date.
func (b *Book) record(ctx context.Context, lab string) (hash string, size int64) {
	r, w := io.Pipe()
	go func() { w.CloseWithError(b.conf.Bench.Record(ctx, lab, w)) }()
	defer func() { _ = r.Close() }() // who writes it ends
	hash, size, err := b.conf.DB.Blobs.Put(r, maxRecording)
	if err != nil {
		b.log.WarnContext(ctx, "a hand-in has no recording", "lab", lab, "error", err)
		return "", 0
	}
	return hash, size
}

// digest is what the programs of a hand-in are.
func digest(programs []wire.Program) string {
	var lines []string
	for _, p := range programs {
		lines = append(lines, p.Slot+" "+p.Hash+"\n")
	}
	slices.Sort(lines)
	sum := sha256.Sum256([]byte(strings.Join(lines, "")))
	return hex.EncodeToString(sum[:])
}

func encode(programs []wire.Program) (string, error) {
	b, err := json.Marshal(programs)
	return string(b), err
}

// programsOf are those of a hand-in's row.
func programsOf(text string) ([]wire.Program, error) {
	var out []wire.Program
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		return nil, fmt.Errorf("the programs of a hand-in: %w", err)
	}
	return out, nil
}

// receipt is what the server says that it has.
func receipt(h *store.HandinRow, due time.Time) (wire.Receipt, error) {
	programs, err := programsOf(h.Programs)
	return wire.Receipt{
		Handin: h.ID, Lesson: h.Lesson, Number: int(h.Number), At: h.At.UnixMilli(), Hash: h.Receipt, Size: h.Size, Programs: programs,
		Due: millis(due), Late: !due.IsZero() && h.At.After(due),
	}, err
}

// millis is a time as JSON has it: 0 for none.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// ReceiptFile is the receipt of a hand-in as a file, for who wants to prove later what was
// handed in: labserver verify reads it.
func (b *Book) ReceiptFile(ctx context.Context, id string) ([]byte, error) {
	h, err := b.row(ctx, id)
	if err != nil {
		return nil, err
	}
	programs, err := programsOf(h.Programs)
	if err != nil {
		return nil, err
	}
	return []byte(receiptText(&h, programs) + "signature " + h.Signature + "\n"), nil
}

// row reads one hand-in.
func (b *Book) row(ctx context.Context, id string) (h store.HandinRow, err error) {
	err = b.conf.DB.Read(ctx, func(tx *store.Tx) error {
		h, err = tx.Handin(id)
		return err
	})
	return h, err
}
