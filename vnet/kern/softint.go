package kern

// A Softint is a software interrupt: softint(9). It runs at this instant,
// after what runs now, once however often it was scheduled before that.
type Softint struct {
	k       *Kernel
	f       func()
	run     func() // made once, so that Schedule allocates nothing
	pending bool
}

// NewSoftint establishes one; nil where that fails.
func (k *Kernel) NewSoftint(f func()) *Softint {
	if k.Fault("softint_establish") {
		return nil
	}
	s := &Softint{k: k, f: f}
	s.run = func() {
		if s.pending && s.f != nil {
			s.pending = false
			s.f()
		}
	}
	return s
}

// Schedule makes it run soon.
func (s *Softint) Schedule() {
	if !s.pending {
		s.pending = true
		s.k.host.Soon(s.run)
	}
}

// Disestablish ends it; what is scheduled does not run.
func (s *Softint) Disestablish() { s.f, s.pending = nil, false }
