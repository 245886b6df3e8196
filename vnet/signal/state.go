package signal

import "math/bits"

// An Action is what becomes of a signal: struct sigaction.
type Action uint8

// The actions.
const (
	Default Action = iota // ends the process, or nothing: sigaction(2) has the list
	Catch                 // the program takes it; a call that it interrupts fails with EINTR
	Ignore                // it is lost
	Restart               // as Catch, but calls that can begin again do so: SA_RESTART
)

// String is the action in words.
func (a Action) String() string {
	return [...]string{"default", "caught", "ignored", "caught, SA_RESTART"}[a]
}

// An Outcome is what a posted signal came to.
type Outcome uint8

// The outcomes.
const (
	Ends    Outcome = iota // the process ends at the return of the call that it is in
	Caught                 // it waits for the program to take it
	Ignored                // it is lost
	Untold                 // it is lost, and nobody is told: each child that ends sends a SIGCHLD
)

// String is the outcome in words.
func (o Outcome) String() string {
	return [...]string{"ends the process", "caught", "ignored", ""}[o]
}

// A State is what a process' signals do.
//
//	        Post of one that is caught          Take
//	(none) ---------------------------> pending -----> (none)
//	   \    Post of one that ends
//	    `--------------------------------> fatal
//
// A signal that is pending is due unless it is blocked.
type State struct {
	caught  Set // the program takes them itself
	ignored Set
	restart Set // of those that are caught, the ones with SA_RESTART
	pending Set // posted, caught and not taken
	blocked Set // pending ones that are not due
	fatal   int // the one that ends the process, 0 while none does
}

// Post posts a signal that Name knows.
func (s *State) Post(sig int) Outcome {
	switch bit := of(sig); {
	case sig == SIGKILL:
	case s.caught&bit != 0:
		s.pending |= bit
		return Caught
	case (s.ignored|harmless)&bit != 0 && sig == SIGCHLD:
		return Untold
	case (s.ignored|harmless)&bit != 0:
		return Ignored
	}
	if s.fatal == 0 || sig == SIGKILL {
		s.fatal = sig
	}
	return Ends
}

// Act sets what becomes of a signal and returns what did before. One that is pending and
// not caught any more does at once what it does now.
func (s *State) Act(sig int, a Action) (old Action) {
	bit := of(sig)
	switch {
	case s.restart&bit != 0:
		old = Restart
	case s.caught&bit != 0:
		old = Catch
	case s.ignored&bit != 0:
		old = Ignore
	}
	s.caught, s.ignored, s.restart = s.caught&^bit, s.ignored&^bit, s.restart&^bit
	switch a {
	case Restart:
		s.restart |= bit
		s.caught |= bit
	case Catch:
		s.caught |= bit
	case Ignore:
		s.ignored |= bit
	case Default:
	}
	if s.caught&bit == 0 && s.pending&bit != 0 {
		s.pending &^= bit
		if (s.ignored|harmless)&bit == 0 && s.fatal == 0 {
			s.fatal = sig
		}
	}
	return old
}

// Take returns a signal that is pending, the lowest first, or 0. Blocked ones too: who
// takes asks Due first, where that matters.
func (s *State) Take() int {
	if s.pending == 0 {
		return 0
	}
	sig := bits.TrailingZeros32(uint32(s.pending))
	s.pending &^= of(sig)
	return sig
}

// Fatal is the signal that ends the process, 0 while none does.
func (s *State) Fatal() int { return s.fatal }

// End makes a signal end the process whatever it does with it.
func (s *State) End(sig int) { s.fatal = sig }

// Pending is how many signals wait to be taken.
func (s *State) Pending() int { return bits.OnesCount32(uint32(s.pending)) }

// Due reports whether a signal waits that is not blocked.
func (s *State) Due() bool { return s.pending&^s.blocked != 0 }

// Block sets which signals are blocked and returns which were.
func (s *State) Block(set Set) (before Set) {
	before, s.blocked = s.blocked, set
	return before
}

// Restarts reports whether a call that the signal interrupts begins again.
func (s *State) Restarts(sig int) bool { return s.restart&of(sig) != 0 }

// Ignores reports whether the process has said that it ignores the signal.
func (s *State) Ignores(sig int) bool { return s.ignored&of(sig) != 0 }

// Inherit makes the state that of a child: it ignores what its parent does.
func (s *State) Inherit(parent *State) { s.ignored = parent.ignored }
