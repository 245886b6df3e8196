package stream

import (
	"wireloom/internal/stream/object"
	"wireloom/vnet"
)

// appendCounters appends the counters of an interface under the names that
// netstat(1) has for them.
func appendCounters(b []byte, x *vnet.IfaceStatus) []byte {
	c := &x.Counters
	o := object.Open(b)
	for _, m := range [...]struct {
		name string
		v    uint64
	}{
		{"ipackets", c.Ipackets},
		{"ibytes", c.Ibytes},
		{"ierrors", c.Ierrors},
		{"imcasts", c.Imcasts},
		{"iqdrops", c.Iqdrops},
		{"opackets", c.Opackets},
		{"obytes", c.Obytes},
		{"oerrors", c.Oerrors},
		{"omcasts", c.Omcasts},
		{"collisions", c.Collision},
		{"snddrops", x.Drops},
	} {
		o.Int(m.name, int64(m.v))
	}
	return o.Close()
}
