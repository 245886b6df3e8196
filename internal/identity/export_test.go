package identity

import "time"

// SetClock has limits go by a test's time; nobody waits then, but waited hears for how long
// somebody would have.
func (m *Manager) SetClock(now func() time.Time, waited func(time.Duration)) {
	m.now = now
	m.wait = func(d time.Duration) <-chan time.Time {
		waited(d)
		c := make(chan time.Time)
		close(c)
		return c
	}
}
