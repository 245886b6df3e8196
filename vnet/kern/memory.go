package kern

// A Memory counts what the kernels of a lab hold for their programs: packets,
// registrations of kqueues, what is in pipes, files and sockets. One limit holds for
// them all, so that what a lab makes its host hold is a number however many nodes it
// has. A nil Memory has no limit and counts nothing.
type Memory struct {
	limit int64
	used  int64
	grow  func(n int64) // is told before n bytes more are held; may be nil
	full  func()        // is told of what is refused; may be nil
	whole *Memory       // that this is a part of; nil for one that stands alone
	gone  bool          // the part was dropped
}

// NewMemory returns a Memory of limit bytes. grow is called before the kernels hold
// more, full when they may not.
func NewMemory(limit int64, grow func(n int64), full func()) *Memory {
	return &Memory{limit: limit, grow: grow, full: full}
}

// Part returns a Memory that is counted in m too: what one kernel holds.
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
	switch {
	case m == nil:
		return true
	case m.gone:
		return false
	case m.whole != nil:
		ok := m.whole.Take(n)
		if ok {
			m.used += n
		}
		return ok
	case m.used+n > m.limit:
		if m.full != nil {
			m.full()
		}
		return false
	}
	if m.grow != nil {
		m.grow(n)
	}
	m.used += n
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
	m.whole.Give(n)
}
