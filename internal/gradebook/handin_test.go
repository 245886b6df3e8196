package gradebook

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	wire "wireloom/internal/protocol/class"
	"wireloom/internal/session"
	"wireloom/internal/sign"
	"wireloom/internal/store"
	"wireloom/internal/visitor"
)

func TestAReceiptCanBeProved(t *testing.T) {
	each(t, func(w *world) {
		r := w.handIn("ada", "x")
		if r.Number != 1 || r.At != w.now.UnixMilli() || len(r.Programs) != 2 || r.Size != int64(2*8+3) || r.Late || r.Due != noon.UnixMilli() {
			t.Errorf("receipt %+v", r)
		}
		b, err := w.b.ReceiptFile(t.Context(), r.Handin)
		if err != nil {
			t.Fatal(err)
		}
		got, err := ParseReceipt(b)
		if err != nil {
			t.Fatalf("%v in\n%s", err, b)
		}
		if !got.Fits() || got.Signature.Key != w.key.Public() || got.Hash != r.Hash || got.Handin != r.Handin || !got.At.Equal(w.now) || got.Programs["a.p"] != r.Programs[0].Hash {
			t.Errorf("read back: %+v of\n%s", got, b)
		}
		for i := range b { // whatever letter is changed
			forged := bytes.Clone(b)
			forged[i] ^= 1
			if got, err := ParseReceipt(forged); err == nil && got.Fits() && got.Signature.Key == w.key.Public() && i < len(b)-1 {
				t.Fatalf("byte %d can be changed", i)
			}
		}
	})
}

func TestParseReceiptRefuses(t *testing.T) {
	for _, s := range []string{"", "wireloom hand-in 1\n", "wireloom hand-in 1\nsignature x y\n", "wireloom report 1\nsignature x y\n", strings.Repeat("x", MaxReceipt+1)} {
		if _, err := ParseReceipt([]byte(s)); err == nil {
			t.Errorf("%.40q is a receipt", s)
		}
	}
}

func FuzzParseReceipt(f *testing.F) {
	key, err := sign.New(nil)
	if err != nil {
		f.Fatal(err)
	}
	h := store.HandinRow{ID: "h", Class: "c", Lesson: "l", Person: "p", Number: 1, Student: "p\n\"", Scenario: "s", Recording: "r", At: noon}
	programs := []wire.Program{{Slot: "a.p", Name: "x\ny.wasm", Hash: "00", Size: 3}}
	seal(&h, programs, key)
	f.Add([]byte(receiptText(&h, programs) + "signature " + h.Signature + "\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := ParseReceipt(b)
		if err == nil && r.Fits() && !strings.HasPrefix(string(b), r.text) {
			t.Errorf("what is signed is not what is there: %q", b)
		}
	})
}

// A retry after an answer that was lost is one hand-in.
func TestARepeatedRequestIsOneHandIn(t *testing.T) {
	each(t, func(w *world) {
		send := func(once, text string) (wire.Receipt, bool, error) {
			return w.b.HandIn(t.Context(), Parcel{Lesson: "l", Person: "ada", Once: once, Next: sent(text)})
		}
		first, again, err := send("k", "x")
		if err != nil || again {
			t.Fatal(again, err)
		}
		w.at(time.Hour)
		second, again, err := send("k", "x")
		if err != nil || !again || second.Handin != first.Handin || second.Hash != first.Hash || second.At != first.At {
			t.Errorf("the retry: %+v, %v, %v", second, again, err)
		}
		if _, _, err = send("k", "y"); !is(err, Clash) {
			t.Errorf("another hand-in with the same key: %v", err)
		}
		if third, again, err := send("", "x"); err != nil || again || third.Number != 2 {
			t.Errorf("without a key: %+v, %v, %v", third, again, err)
		}
		w.write(func(tx *store.Tx) error { // what was handed in before a lesson closed may be repeated then
			l, err := tx.Lesson("l")
			l.Locks = noon
			return errors.Join(err, tx.SetLesson(l))
		})
		if r, again, err := send("k", "x"); err != nil || !again || r.Handin != first.Handin {
			t.Errorf("after the lock: %+v, %v, %v", r, again, err)
		}
	})
}

func is(err error, k Kind) bool {
	var p *Problem
	return errors.As(err, &p) && p.Kind == k
}

func TestWhatIsNotTaken(t *testing.T) {
	each(t, func(w *world) {
		w.write(func(tx *store.Tx) error {
			return errors.Join(
				tx.AddLesson(store.LessonRow{ID: "early", Class: "c", VersionHash: "s1", Opens: noon, Counts: "best", Version: 1}),
				tx.AddLesson(store.LessonRow{ID: "late", Class: "c", VersionHash: "s1", Locks: noon.Add(-2 * time.Hour), Counts: "best", Version: 1}))
		})
		for _, c := range []struct {
			name, lesson, once string
			next               func() (Part, error)
			want               Kind
			say                string
		}{
			{"a zip", "l", "", parts("left PK\x03\x04 a bomb"), Unfit, "left.wasm: the file is packed"},
			{"a gzip", "l", "", parts("left \x1f\x8b\x08"), Unfit, "the file is packed"},
			{"an ELF program", "l", "", parts("left \x7fELF\x02\x01\x01"), Unfit, "ELF program"},
			{"nothing", "l", "", parts(), Unfit, "a.p has no program. This lab takes 2 programs: left, right"},
			{"an empty file", "l", "", parts("left "), Unfit, "the file is empty"},
			{"one of two", "l", "", parts("right " + wasm("x")), Unfit, "a.p has no program"},
			{"two for one slot", "l", "", parts("left "+wasm("x"), "a.p "+wasm("y"), "right "+wasm("z")), Unfit, "two programs for a.p"},
			{"no such slot", "l", "", parts("middle " + wasm("x")), Unfit, "no slot for a program there"},
			{"not said which", "l", "", parts(" " + wasm("x")), Unfit, "takes several programs"},
			{"before it opens", "early", "", sent("x"), Closed, "has not begun"},
			{"after the lock date", "late", "", sent("x"), Closed, "was closed on 1 March 2027 at 10:00 UTC"},
			{"a key without end", "l", strings.Repeat("k", 65), sent("x"), Unfit, "at most 64 bytes"},
		} {
			_, _, err := w.b.HandIn(t.Context(), Parcel{Lesson: c.lesson, Person: "ada", Once: c.once, Next: c.next})
			if !is(err, c.want) || !strings.Contains(err.Error(), c.say) {
				t.Errorf("%s: %v, want %q", c.name, err, c.say)
			}
		}
		if _, _, err := w.b.HandIn(t.Context(), Parcel{Lesson: "l", Person: "tim", Next: sent("x")}); !errors.Is(err, store.ErrNone) {
			t.Errorf("of who is no member: %v", err)
		}
		broken := errors.New("broken off")
		_, _, err := w.b.HandIn(t.Context(), Parcel{Lesson: "l", Person: "ada", Next: func() (Part, error) { return Part{}, broken }})
		if !errors.Is(err, broken) {
			t.Errorf("an upload that breaks off: %v", err)
		}
		list, err := w.b.Handins(t.Context(), "l", "ada", false)
		if err != nil || len(list.Handins) != 0 {
			t.Errorf("after all that %d hand-ins are there, %v", len(list.Handins), err)
		}
	})
}

func TestLimitsOfHandIns(t *testing.T) {
	for _, c := range []struct {
		name   string
		limits Limits
		graded bool
		max    int
		status int
	}{
		{"so many a day", Limits{PerDay: 3}, true, 3, 429},
		{"so many bytes a day", Limits{DayBytes: 50}, true, 3, 429},
		{"so many that wait", Limits{Waiting: 2}, false, 2, 429},
		{"so many that wait, of a class", Limits{Class: 4}, false, 4, 503},
	} {
		t.Run(c.name, func(t *testing.T) {
			each(t, func(w *world) {
				w.limits = c.limits
				w.open()
				for n := range 1000 {
					_, _, err := w.b.HandIn(t.Context(), Parcel{Lesson: "l", Person: "ada", Next: sent(fmt.Sprint(n % 10))})
					var r *visitor.Refusal
					if errors.As(err, &r) {
						if n != c.max || r.Status != c.status || r.After == 0 {
							t.Errorf("after %d: %+v", n, r)
						}
						break
					}
					if err != nil {
						t.Fatal(err)
					}
					if c.graded {
						w.grade()
					}
				}
				w.grade()
				w.at(25 * time.Hour)
				w.handIn("ada", "z")
			})
		})
	}
}

// What is sent and comes to nothing lies on the disk for a day: nobody fills it that way.
func TestWhatComesToNothingCounts(t *testing.T) {
	for _, c := range []struct {
		name   string
		parcel func(n int) Parcel
	}{
		{"one of two programs", func(n int) Parcel { return Parcel{Next: parts("left " + wasm(fmt.Sprint(n)))} }},
		{"another with the same key", func(n int) Parcel { return Parcel{Once: "k", Next: sent(fmt.Sprint("again", n))} }},
	} {
		t.Run(c.name, func(t *testing.T) {
			each(t, func(w *world) {
				w.limits = Limits{DayBytes: 60}
				w.open()
				if _, _, err := w.b.HandIn(t.Context(), Parcel{Lesson: "l", Person: "ada", Once: "k", Next: sent("x")}); err != nil {
					t.Fatal(err)
				}
				hand := func(n int) (*visitor.Refusal, error) {
					p := c.parcel(n)
					p.Lesson, p.Person = "l", "ada"
					_, _, err := w.b.HandIn(t.Context(), p)
					why := (*visitor.Refusal)(nil)
					_ = errors.As(err, &why) // else it is none
					return why, err
				}
				for n := range 20 {
					why, err := hand(n)
					if err == nil {
						t.Fatal("it was taken")
					}
					if why == nil {
						continue
					}
					if n == 0 || why.Status != 429 || why.Kind != visitor.KindUploadBytes || why.After == 0 {
						t.Errorf("after %d: %+v", n, why)
					}
					w.grade()
					w.at(25 * time.Hour)
					if why, err := hand(99); why != nil {
						t.Errorf("the next day: %v", err)
					}
					return
				}
				t.Error("twenty times, and more")
			})
		})
	}
}

// A whole class hands in in the last second.
func TestTwoHundredAtOnce(t *testing.T) {
	each(t, func(w *world) {
		var people []string
		for n := range 200 {
			people = append(people, fmt.Sprintf("p%03d", n))
		}
		w.join("student", people...)
		var wg sync.WaitGroup
		receipts := make([]wire.Receipt, len(people))
		for i, p := range people {
			wg.Go(func() {
				var err error
				receipts[i], _, err = w.b.HandIn(context.Background(), Parcel{Lesson: "l", Person: p, Once: "k", Next: sent("x")})
				if err != nil {
					t.Errorf("%s: %v", p, err)
				}
			})
		}
		wg.Wait()
		seen := map[string]bool{}
		for _, r := range receipts {
			seen[r.Hash] = true
		}
		if n := w.grade(); n != 200 || len(seen) != 200 {
			t.Errorf("%d receipts, %d gradings", len(seen), n)
		}
		book, err := w.b.Book(t.Context(), "l")
		if err != nil || len(book.Rows) != 202 || book.Max != 10 {
			t.Errorf("%d rows, of %v points, %v", len(book.Rows), book.Max, err)
		}
		c, err := w.b.ClassBook(t.Context(), "c")
		if err != nil || len(c.Rows) != 202 || len(c.Lessons) != 1 {
			t.Errorf("%d rows, %v", len(c.Rows), err)
		}
	})
}

// bench is one whose slots have programs.
type bench struct {
	held []session.Held
	err  error
}

func (b bench) Programs(context.Context, string) ([]session.Held, error) { return b.held, nil }

func (b bench) Record(_ context.Context, _ string, w io.Writer) error {
	_, err := io.WriteString(w, "recording")
	return errors.Join(err, b.err)
}

func TestHandInFromTheBench(t *testing.T) {
	each(t, func(w *world) {
		held := []session.Held{{Node: "a", Proc: "p", Name: "mine.wasm", Module: []byte(wasm("x"))}, {Node: "b", Proc: "q", Name: "other.wasm", Module: []byte(wasm("y"))}}
		send := func(b bench) (wire.Receipt, error) {
			w.b.conf.Bench = b
			r, _, err := w.b.HandIn(t.Context(), Parcel{Lesson: "l", Person: "ada", Lab: "lab"})
			return r, err
		}
		r, err := send(bench{held: held})
		if err != nil || r.Programs[0].Name != "mine.wasm" {
			t.Fatalf("%+v, %v", r, err)
		}
		f, err := w.b.Recording(t.Context(), r.Handin)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(f)
		if string(text) != "recording" || errors.Join(err, f.Close()) != nil {
			t.Errorf("recording %q, %v", text, err)
		}
		p, name, err := w.b.Program(t.Context(), r.Handin, "b.q")
		if err != nil || name != "other.wasm" || p.Close() != nil {
			t.Errorf("program %q, %v", name, err)
		}
		if _, _, err := w.b.Program(t.Context(), r.Handin, "b.nothing"); !errors.Is(err, store.ErrNone) {
			t.Errorf("of no slot: %v", err)
		}
		if r, err = send(bench{held: held, err: errors.New("too long")}); err != nil {
			t.Errorf("without a recording: %v", err)
		}
		if _, err := w.b.Recording(t.Context(), r.Handin); !errors.Is(err, store.ErrNone) {
			t.Errorf("the recording that there is none of: %v", err)
		}
		held[1].Module = nil
		if _, err := send(bench{held: held}); !is(err, Unfit) {
			t.Errorf("with the program that the lab began with: %v", err)
		}
	})
}
