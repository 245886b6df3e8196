package stp

import (
	"bytes"
	"math/rand/v2"
	"testing"
	"time"
)

// What is parsed and built again is what was parsed.
func FuzzParse(f *testing.F) {
	m := BPDU{Version: 2, Type: TypeRST, Flags: 0x7e, Vector: Vector{1, 2, 3, 4}, Times: Times{5, 6, 7, 8}}
	f.Add(m.Append(nil))
	f.Add((&BPDU{Type: TypeTCN}).Append(nil))
	f.Add((&BPDU{Type: TypeConfig, Vector: Vector{9, 8, 7, 6}}).Append(nil))
	f.Fuzz(func(t *testing.T, p []byte) {
		m, err := Parse(p)
		if err != nil {
			return
		}
		again, err := Parse(m.Append(nil))
		if err != nil || again != m {
			t.Errorf("%+v became %+v, %v", m, again, err)
		}
		if built := m.Append(nil); m.Version == p[5] && !bytes.Equal(built[:min(len(built), 38)], p[:min(len(built), 38)]) {
			t.Errorf("% x was built as % x", p, built)
		}
	})
}

// forge makes a BPDU of bytes: mostly one that is valid, with fields that are near
// those of the bridge itself.
func forge(p []byte) []byte {
	at := func(i int) uint64 {
		if i < len(p) {
			return uint64(p[i])
		}
		return 0
	}
	id := func(i int) BridgeID { return BridgeID(at(i)%3<<60 | 0x020000000000 | at(i+1)%5<<8) }
	m := BPDU{Version: uint8(at(0) % 3), Type: [...]Type{TypeConfig, TypeRST, TypeTCN, Type(at(0))}[at(1)%4], Flags: uint8(at(2))}
	m.Vector = Vector{Root: id(3), Cost: uint32(at(5) << (at(6) % 25)), Bridge: id(7), Port: PortID(at(9)<<8 | at(10)%5)}
	m.Times = Times{uint16(at(11) << 8), uint16(at(12) << 8), uint16(at(13) << (at(14) % 9)), uint16(at(15) << 8)}
	return m.Append(nil)
}

// harass sends a bridge forged BPDUs, with links that come and go, as bytes say. The
// bridge comes to rest after each, sends no more than it may, and keeps its word about
// when it wants to be called.
func harass(t *testing.T, b Protocol, ports int, data []byte) {
	now := time.Duration(0)
	sent := make([]int, ports)
	window := now
	check := func(acts []Act) {
		for _, a := range acts {
			if a.Kind == Send {
				sent[a.Port]++
			}
		}
		if now-window >= time.Second {
			clear(sent)
			window = now
		}
		for i, n := range sent {
			if n > 2*defaultTxHoldCount+ports*4 {
				t.Fatalf("port %d has sent %d BPDUs in a second", i, n)
			}
		}
	}
	for i := range ports {
		check(b.Link(now, i, true))
	}
	for len(data) >= 20 {
		op, port := data[0], int(data[1])%ports
		switch {
		case op < 200:
			acts, _ := b.Receive(now, port, forge(data[2:20]))
			check(acts)
		case op < 220:
			check(b.Link(now, port, op%2 == 0))
		case op < 225:
			check(b.Configure(now, port, func(c *PortConfig) {
				c.Cost, c.Priority = uint32(data[2]), int(data[3])&0xf0
				c.Edge, c.AutoEdge, c.BPDUGuard, c.RootGuard, c.RestrictedTC = data[4]&1 != 0, data[4]&2 != 0, data[4]&12 == 12, data[4]&16 != 0, data[4]&32 != 0
			}))
		case op < 230:
			check(b.SetPriority(now, uint16(data[2]%16)<<12))
		default:
			now += time.Duration(data[2]) * 20 * time.Millisecond
			for {
				at, ok := b.Next()
				if !ok || at > now {
					break
				}
				check(b.Tick(at))
			}
		}
		data = data[20:]
	}
}

func victim(n byte) (Protocol, int) {
	const ports = 4
	c := Config{ID: MakeBridgeID(0x8000, mac(0)), Ports: plain(ports)}
	c.Ports[1].RootGuard, c.Ports[2].Edge, c.Ports[3].AutoEdge = true, true, true
	switch n % 4 {
	case 0:
		c.Ports[2].BPDUGuard = true
	case 1:
		c.Ports[0].Shared, c.Ports[1].RestrictedTC = true, true
	case 2:
		c.STP = true
	case 3:
		return NewLinux(0, c), ports
	}
	return NewRSTP(0, c), ports
}

func FuzzForgedBPDUs(f *testing.F) {
	for seed := range uint64(8) {
		f.Add(noise(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) == 0 {
			return
		}
		b, ports := victim(data[0])
		harass(t, b, ports, data[1:min(len(data), 1<<14)])
	})
}

func noise(seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, 3))
	p := make([]byte, 6000)
	for i := range p {
		p[i] = byte(r.Uint32())
	}
	return p
}

func TestForgedBPDUs(t *testing.T) {
	for seed := range uint64(60) {
		b, ports := victim(byte(seed))
		harass(t, b, ports, noise(seed))
	}
}
