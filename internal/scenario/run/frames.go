package run

import (
	"encoding/hex"
	"slices"
	"time"

	"wireloom/internal/decode"
	"wireloom/vnet"
)

// Limits of the frames that are kept for expectations that look back.
const (
	maxHistory      = 20_000   // frames
	maxHistoryBytes = 32 << 20 // bytes of them
)

// A Seen is a frame at a port, or a packet that a program read from or wrote to a
// device.
type Seen struct {
	At   time.Duration
	ID   uint64 // its identity in the lab
	Port string // where it was sent; or the device
	Peer string // where it goes; "" of a device
	In   bool   // of a device: a program wrote it
	Link decode.Link
	Data []byte
	Head int  // of what a program read by hand: bytes in Data before the packet
	Ours bool // a step put it there
}

// Keep is a copy that stays.
func (s *Seen) Keep() *Seen {
	c := *s
	c.Data = slices.Clone(s.Data)
	return &c
}

// Summary is the frame in words.
func (s *Seen) Summary() string { return Summary(s.Link, s.Data) }

// Packet is the frame for a result.
func (s *Seen) Packet(role string) Packet {
	p := Packet{At: s.At, Port: s.Port, Summary: s.Summary(), Hex: hex.EncodeToString(s.Data[:min(len(s.Data), MaxPacketBytes)]), Role: role, Frame: s.ID}
	if s.Link != decode.Ethernet {
		p.Link = s.Link.String()
	}
	return p
}

// A Watcher looks at the frames that pass during a step.
type Watcher interface {
	See(*Seen) (looks int) // how many comparisons it made
	Replies(*Run)          // the step has sent something that it may wait for an answer to
	First() *Seen          // the first frame that it looks for, nil while none has come
}

// frames is what a run knows of frames.
type frames struct {
	watches   []Watcher
	injecting bool           // what is put on a wire now is the step's own
	sent      []Seen         // by the step
	marks     map[string]int // by the step's id: where in history it began; -1 while it has not
	keeping   bool           // some expectation may look back to now
	history   []Seen
	bytes     int // of history
}

// begin gets ready for a step.
func (f *frames) begin(id string) {
	f.sent = nil
	if _, wanted := f.marks[id]; wanted && id != "" {
		f.marks[id], f.keeping = len(f.history), true
	}
}

// watched reports whether anybody looks at frames.
func (f *frames) watched() bool { return len(f.watches) > 0 || len(f.marks) > 0 }

// Watch shows frames to a watcher until the step ends.
func (r *Run) Watch(w Watcher) { r.frames.watches = append(r.frames.watches, w) }

// Since shows a watcher what has passed since a step began.
func (r *Run) Since(id string, w Watcher) {
	for i := max(r.frames.marks[id], 0); i < len(r.frames.history); i++ {
		r.limits.looks += uint64(w.See(&r.frames.history[i]))
	}
}

// frame shows a frame to the watchers, and keeps it for those that look back.
func (r *Run) frame(s *Seen) {
	f := &r.frames
	for _, w := range f.watches {
		r.limits.looks += uint64(w.See(s))
	}
	if len(f.marks) == 0 || s.Ours || !f.keeping {
		return
	}
	if len(f.history) >= maxHistory || f.bytes+len(s.Data) > maxHistoryBytes {
		if f.bytes <= maxHistoryBytes {
			f.bytes = maxHistoryBytes + 1
			r.Note("more than %d frames or %d bytes since the step that an expectation looks back to: later ones were not kept", maxHistory, maxHistoryBytes)
		}
		return
	}
	f.bytes += len(s.Data)
	f.history = append(f.history, *s.Keep())
}

// Sent takes note of a frame that the step sends.
func (r *Run) Sent(port string, link decode.Link, data []byte) {
	r.frames.sent = append(r.frames.sent, Seen{At: r.Lab.Now(), Port: port, Link: link, Data: data})
	r.Replies()
}

// SentPackets are the first few frames that the step has sent.
func (r *Run) SentPackets() []Packet {
	var out []Packet
	for i := range r.frames.sent[:min(len(r.frames.sent), MaxPackets/2)] {
		out = append(out, r.frames.sent[i].Packet(RoleSent))
	}
	return out
}

// Replies lets the watchers look that wait for a reply to what the step itself sends.
func (r *Run) Replies() {
	for _, w := range r.frames.watches {
		w.Replies(r)
	}
}

// Inject gives the lab a command that puts a frame somewhere, which no expectation of the
// step counts.
func (r *Run) Inject(c vnet.Command) error {
	r.frames.injecting = true
	defer func() { r.frames.injecting = false }()
	_, err := r.Lab.Do(c)
	return err
}
