package flow

import (
	"testing"
	"time"
)

// message is how many bytes one has at most.
const message = 64 << 10

func TestFlow(t *testing.T) {
	t0 := time.Unix(1000, 0)
	ms := func(n int) time.Time { return t0.Add(time.Duration(n) * time.Millisecond) }
	push := func(f *Flow, at time.Time, bytes int) { f.Number(); f.Pushed(at, bytes) }
	t.Run("three messages on the way are the limit, whatever their size", func(t *testing.T) {
		f := New(DefaultRate, message)
		for i := range Pushes {
			if d := f.Open(t0); d != 0 {
				t.Fatalf("message %d waits %v", i, d)
			}
			push(&f, t0, 10)
		}
		if d := f.Open(t0); d >= 0 {
			t.Errorf("the next one waits %v, want an acknowledgement", d)
		}
		if !f.Acknowledged(ms(1), 1) || f.Open(ms(1)) != 0 {
			t.Error("an acknowledged message is still on the way")
		}
		if f.Acknowledged(ms(1), 4) {
			t.Error("a message that was never sent is acknowledged")
		}
		if !f.Acknowledged(ms(1), 0) || !f.Acknowledged(ms(1), 1) {
			t.Error("what was acknowledged may not be again")
		}
	})
	t.Run("so are twice the bytes of a message", func(t *testing.T) {
		f := New(DefaultRate, message)
		push(&f, t0, message)
		push(&f, t0, message)
		if d := f.Open(t0); d >= 0 {
			t.Errorf("the next one waits %v, want an acknowledgement", d)
		}
	})
	t.Run("who is slow to show it gets less at once, and more again later", func(t *testing.T) {
		f := New(DefaultRate, message)
		for i := range 20 {
			push(&f, ms(1000*i), 100)
			f.Acknowledged(ms(1000*i+500), f.n)
		}
		if f.budget != minBudget {
			t.Errorf("%d bytes, want %d", f.budget, minBudget)
		}
		for i := range 50 {
			push(&f, ms(30_000+100*i), 100)
			f.Acknowledged(ms(30_000+100*i+20), f.n)
		}
		if f.budget != message {
			t.Errorf("%d bytes, want %d", f.budget, message)
		}
	})
	t.Run("the rate holds", func(t *testing.T) {
		f := New(DefaultRate, message)
		bytes, at := 0, 0
		for at < 10_000 {
			switch d := f.Open(ms(at)); {
			case d == 0:
				push(&f, ms(at), 30_000)
				f.Acknowledged(ms(at), f.n)
				bytes += 30_000
			case d < 0:
				t.Fatal("nothing is on the way")
			default:
				at += int(d/time.Millisecond) + 1
			}
		}
		if want := 11 * DefaultRate; bytes < want-60_000 || bytes > want+60_000 {
			t.Errorf("%d bytes in 10 s, want %d", bytes, want)
		}
	})
	t.Run("replies are never held back, and weigh", func(t *testing.T) {
		f := New(DefaultRate, message)
		f.Weigh(t0, 3*DefaultRate)
		if d := f.Debt(t0); d != 2*time.Second {
			t.Errorf("the debt is of %v, want 2 s", d)
		}
	})
	t.Run("without a limit", func(t *testing.T) {
		f := New(-1, message)
		f.Weigh(t0, 1<<30)
		if d := f.Open(t0); d != 0 {
			t.Errorf("it waits %v", d)
		}
	})
}

func TestLimiter(t *testing.T) {
	const rate, burst = 50, 100
	l := NewLimiter(rate, burst)
	t0 := time.Unix(1, 0)
	for range burst {
		if d := l.Take(t0); d != 0 {
			t.Fatalf("waits %v within the burst", d)
		}
	}
	if d := l.Take(t0); d != time.Second/rate {
		t.Errorf("the first after the burst waits %v, want %v", d, time.Second/rate)
	}
	if d := l.Take(t0.Add(time.Second)); d != 0 {
		t.Errorf("after a second of rest it waits %v", d)
	}
}
