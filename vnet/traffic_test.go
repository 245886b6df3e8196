package vnet

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// Traffic goes on by itself, one frame every so often, until it has sent its number, is
// stopped or replaced, or has nowhere to go any more.
func TestTrafficGoesOn(t *testing.T) {
	const ms = time.Millisecond
	b := edited(t)
	b.do(Traffic{Name: "x", How: "inject", Port: "h1:em0", Hex: eth(mac(2), mac(1)), Every: 4 * ms})
	b.want(
		"0s frame h1:em0 > s1.1 1 020000000002020000000001", "1ms learn s1.1 02:00:00:00:00:01", "1ms frame s1.2 > h2:em0 1 020000000002020000000001",
		"4ms frame h1:em0 > s1.1 2 020000000002020000000001", "5ms frame s1.2 > h2:em0 2 020000000002020000000001",
		"8ms frame h1:em0 > s1.1 3 020000000002020000000001", "9ms frame s1.2 > h2:em0 3 020000000002020000000001",
	)
	b.do(Traffic{Name: "x", How: "arrive", Port: "h2:em0", Hex: eth(mac(2), mac(1)), Every: 6 * ms, Count: 2})
	b.want("10ms frame s1.2 > h2:em0 4 020000000002020000000001", "16ms frame s1.2 > h2:em0 5 020000000002020000000001")
	b.do(Traffic{Name: "y", How: "output", Port: "h1:em0", Hex: eth(mac(2), mac(1)), Every: 20 * ms})
	b.want("20ms frame h1:em0 > h1:em0 6 020000000002020000000001", "20ms frame h1:em0 > s1.1 6 020000000002020000000001", "21ms frame s1.2 > h2:em0 6 020000000002020000000001")
	b.do(Traffic{Name: "y", Stop: true})
	b.do(Traffic{Name: "z", How: "inject", Port: "h2:em0", Hex: eth(mac(1), mac(2)), Every: 15 * ms})
	b.lines = nil
	b.do(RemoveNode{"h2"})
	b.Run(b.Now()+time.Second, NoLimit)
	b.want("50ms forget s1.2 02:00:00:00:00:02 port-down", "55ms limit traffic")
	if b.Sending() || len(b.flows.all) != 0 {
		t.Errorf("it is sending: %t, and %d go on", b.Sending(), len(b.flows.all))
	}
	for i := range MaxTraffic {
		b.do(Traffic{Name: fmt.Sprint(i), How: "inject", Port: "h1:em0", Every: time.Hour})
	}
	for _, c := range []struct {
		name string
		c    Traffic
		want string
	}{
		{"one too many", Traffic{Name: "x", How: "inject", Port: "h1:em0", Every: time.Hour}, "64 traffics go on"},
		{"without a name", Traffic{How: "inject", Port: "h1:em0", Every: time.Hour}, "a name of 1 to 32 bytes"},
		{"too many frames", Traffic{Name: "1", How: "inject", Port: "h1:em0", Every: 1}, "every 1ns"},
		{"nowhere", Traffic{Name: "1", How: "inject", Port: "h9:em0", Every: time.Hour}, `no port "h9:em0"`},
		{"in no way", Traffic{Name: "1", How: "throw", Port: "h1:em0", Every: time.Hour}, `not "throw"`},
		{"less than none", Traffic{Name: "2", How: "inject", Port: "h1:em0", Every: time.Hour, Count: -1}, "-1 frames"},
		{"a stop with more", Traffic{Name: "2", Port: "h1:em0", Stop: true}, "it has a name and nothing else"},
		{"a stop of what is not there", Traffic{Name: "x", Stop: true}, `no traffic "x"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := b.Do(c.c); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want an error with %q", err, c.want)
			}
		})
	}
}
