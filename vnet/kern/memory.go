package kern

// A Memory counts what the kernels of a lab hold for their programs: packets,
// registrations of kqueues, what is in pipes, files and sockets. One limit holds for
// them all, so that what a lab makes its host hold is a number however many nodes it
// has. A nil Memory has no limit and counts nothing.
type Memory struct {
	limit int64
	used  int64
	asked int64         // how far grow has been asked, up to the limit
	grow  func(n int64) // is told before up to n bytes more are held; may be nil
	full  func()        // is told of what is refused; may be nil
	whole *Memory       // that this is a part of; nil for one that stands alone
	gone  bool          // the part was dropped
}

// grain is how many bytes grow is told of beyond those that are needed, so that it isn't
// called for each packet.
const grain = 64 << 10

// NewMemory returns a Memory of limit bytes. grow is called before the kernels hold
// more, and is told of up to 64 KiB that they do not need yet; full when they may not.
func NewMemory(limit int64, grow func(n int64), full func()) *Memory {
	return &Memory{limit: limit, grow: grow, full: full}
}

// Part returns a Memory that is counted in m too, which is a whole: what one kernel holds.
func (m *Memory) Part() *Memory {
	if m == nil {
		return nil
	}
	return &Memory{whole: m}
}

// Drop gives back all that a part holds, and ends it: nothing can be taken any more, and
// what is given back counts no more.
func (m *Memory) Drop() {
	if m == nil || m.gone {
		return
	}
	m.whole.Give(m.used)
	m.used, m.gone = 0, true
}

// Used is how many bytes are held.
func (m *Memory) Used() int64 {
	if m == nil {
		return 0
	}
	return m.used
}

// Free is how many bytes more may be held.
func (m *Memory) Free() int64 {
	switch {
	case m == nil:
		return 1<<63 - 1
	case m.whole != nil:
		return m.whole.Free()
	}
	return m.limit - m.used
}

// Take holds n bytes more. It reports false, and holds none, where that is beyond the
// limit.
func (m *Memory) Take(n int64) bool {
	if m == nil || m.whole != nil || m.used+n > m.asked {
		return m.takeMore(n)
	}
	m.used += n
	return true
}

// takeMore is Take where that is not a sum alone.
func (m *Memory) takeMore(n int64) bool {
	switch {
	case m == nil:
		return true
	case m.whole == nil:
		return m.take(n)
	case m.gone || !m.whole.take(n):
		return false
	}
	m.used += n
	return true
}

// take is Take of one that stands alone.
func (m *Memory) take(n int64) bool {
	if m.used+n > m.asked && !m.ask(n) {
		return false
	}
	m.used += n
	return true
}

// ask asks for n bytes more than are held, and some to come.
func (m *Memory) ask(n int64) bool {
	if m.used+n > m.limit {
		if m.full != nil {
			m.full()
		}
		return false
	}
	m.asked = min(m.used+n+grain, m.limit)
	if m.grow != nil {
		m.grow(m.asked - m.used)
	}
	return true
}

// Give lets go of n bytes that Take has held. More than are held is a bug of ours.
func (m *Memory) Give(n int64) {
	if m == nil || m.gone {
		return
	}
	if m.used -= n; m.used < 0 {
		panic("kern: more memory is given back than was taken")
	}
	if m.whole != nil {
		m = m.whole
		m.used -= n
	}
	if enough := m.used + 2*grain; m.asked > enough {
		m.asked = enough
	}
}
