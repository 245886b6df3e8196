package ip4

import (
	"time"

	"wireloom/vnet/inet/dialect"
	"wireloom/vnet/inet/ip4/limit"
)

// allow reports whether an answer may be sent.
func (l *Layer) allow(now time.Duration, k limit.Kind, a *Acts) bool {
	ok, console := l.limits.Allow(now, l.v.Dialect, &l.v.Rates, k)
	if console != "" {
		a.Console = append(a.Console, console)
	}
	return ok
}

// AllowRST reports whether TCP may answer a segment of no connection with a RST. open:
// somebody listens to the port.
func (l *Layer) AllowRST(now time.Duration, open bool, a *Acts) bool {
	switch {
	case l.is(dialect.NetBSD):
		return l.allow(now, limit.AnyRST, a)
	case open:
		return l.allow(now, limit.OpenRST, a)
	}
	return l.allow(now, limit.ClosedRST, a)
}
