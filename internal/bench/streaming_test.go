package main

import "testing"

func TestStreamServerSendsABurst(t *testing.T) {
	const frames = 300
	s, err := newStreamServer(t.Context(), frames)
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	if err := s.record(t.Context()); err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, m := range s.messages {
		seen += told(m)
	}
	if seen < frames*eventsPerFrame {
		t.Errorf("a viewer got %d events of a burst, want %d or a few more", seen, frames*eventsPerFrame)
	}
	s.gate = make(chan struct{})
	close(s.gate)
	c, r, err := upgrade(s.addr, "/bare")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }() // only read
	v := viewer{conn: c, r: r}
	if err := v.countTo(seen); err != nil {
		t.Errorf("the bare sender does not send the same events: %v", err)
	}
}

func TestUpgradeTellsWhatTheServerAnswers(t *testing.T) {
	s, err := newStreamServer(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	_, _, err = upgrade(s.addr, "/nothing")
	if want := `the server answers "HTTP/1.1 404 Not Found" to a request for a WebSocket`; err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

func TestPingFrameIsAsLongAsThatOfPing(t *testing.T) {
	f, err := pingFrame()
	if err != nil || len(f) != 98 {
		t.Errorf("%d bytes, error %v, want 98", len(f), err)
	}
}
