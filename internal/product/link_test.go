package product

import (
	"encoding/hex"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"wireloom/internal/decode"
	"wireloom/vnet"
	"wireloom/vnet/config"
	"wireloom/vnet/errno"
	"wireloom/vnet/event"
	"wireloom/vnet/kern"
	"wireloom/vnet/packet"
	"wireloom/vnet/sys"
)

// A reader is a program of the test's that sets a device up, reads one packet from it
// and writes one to it.
type reader struct{ main func(p *sys.Proc) sys.Exit }

func (reader) Name() string                { return "reader" }
func (reader) ID() string                  { return "aa" }
func (r reader) Main(p *sys.Proc) sys.Exit { return r.main(p) }

// modes are all that a device can be told about what stands before its packets.
var modes = []struct {
	name    string
	dialect kern.Dialect
	device  string
	ask     []uint32 // ioctls that turn it on
	link    packet.Link
	read    int // bytes before a packet that is read
	write   int // and before one that is written
}{
	{"a tun of FreeBSD", kern.FreeBSD, "tun0", nil, packet.LinkRaw, 0, 0},
	{"a tun of FreeBSD with TUNSIFHEAD", kern.FreeBSD, "tun0", []uint32{kern.TUNSIFHEAD}, packet.LinkRaw, 4, 4},
	{"a tun of FreeBSD with TUNSLMODE", kern.FreeBSD, "tun0", []uint32{kern.TUNSLMODE}, packet.LinkRaw, 16, 0},
	{"a tun of DragonFly", kern.DragonFly, "tun0", nil, packet.LinkRaw, 0, 0},
	{"a tun of DragonFly with TUNSIFHEAD", kern.DragonFly, "tun0", []uint32{kern.TUNSIFHEAD}, packet.LinkRaw, 4, 4},
	{"a tun of DragonFly with TUNSLMODE", kern.DragonFly, "tun0", []uint32{kern.TUNSLMODE}, packet.LinkRaw, 16, 0},
	{"a tap of DragonFly", kern.DragonFly, "tap0", nil, packet.LinkEthernet, 0, 0},
	{"a tap of NetBSD", kern.NetBSD, "tap0", nil, packet.LinkEthernet, 0, 0},
}

// echo is an echo request to the other side of the tun, with its link's header.
func echo(t *testing.T, link packet.Link) []byte {
	t.Helper()
	b, err := decode.Build(link, []decode.KV{{Name: "ip.src", Value: "10.8.0.1"}, {Name: "ip.dst", Value: "10.8.0.2"}, {Name: "icmp.type", Value: "8"}})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Every fact about a packet says what it starts with and what stands before it, in
// every dialect and mode; and tshark reads the capture.
func TestFactsSayWhereAPacketStarts(t *testing.T) {
	for _, m := range modes {
		t.Run(m.name, func(t *testing.T) {
			dev := config.Device{Name: m.device}
			if m.link == packet.LinkRaw {
				dev.Addresses, dev.Peer = []netip.Prefix{netip.MustParsePrefix("10.8.0.1/32")}, netip.MustParseAddr("10.8.0.2")
			}
			lab, err := vnet.New(config.Lab{Name: "test", Seed: 1, Nodes: []config.Node{{
				Name: "a", Dialect: m.dialect, Devices: []config.Device{dev}, Programs: []config.Program{{Name: "reader", Start: true}},
			}}}, Runtime())
			if err != nil {
				t.Fatal(err)
			}
			defer lab.Close()
			frame := echo(t, m.link)
			err = lab.Install("a", "reader", reader{func(p *sys.Proc) sys.Exit {
				fd, e := p.Open("/dev/"+m.device, kern.O_RDWR)
				for _, cmd := range m.ask {
					if e == errno.OK {
						e = p.Ioctl(fd, cmd, []byte{1, 0, 0, 0})
					}
				}
				n := 0
				buf := make([]byte, 2048)
				if e == errno.OK {
					n, e = p.Read(fd, buf)
				}
				if e == errno.OK {
					_, e = p.Write(fd, append([]byte{0, 0, 0, kern.AF_INET}[:m.write], buf[m.read:n]...))
				}
				if e != errno.OK {
					t.Errorf("the program: %v", e)
				}
				return sys.Exit{How: "exit"}
			}})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			capture := capturing(t, lab, "a:"+m.device)
			lab.Log().Subscribe(func(e *event.Event) {
				p, ok := e.Packet()
				if !ok || e.Kind == event.Command {
					return
				}
				got = append(got, fmt.Sprintf("%s %s, %v, %d before %s", e.Kind, e.Op, p.Link, len(p.Head), hex.EncodeToString(p.Data)))
			})
			lab.Start()
			lab.Run(time.Second, vnet.NoLimit)
			if _, err := lab.Do(vnet.Output{Port: "a:" + m.device, Hex: frame}); err != nil {
				t.Fatal(err)
			}
			lab.Run(2*time.Second, vnet.NoLimit)
			want := []string{
				fmt.Sprintf("frame output, %v, 0 before %x", m.link, frame),
				fmt.Sprintf("call read, %v, %d before %x", m.link, m.read, frame),
			}
			if m.link == packet.LinkEthernet { // nothing is plugged into the tap
				want = append(want, fmt.Sprintf("drop not-connected, %v, 0 before %x", m.link, frame))
			}
			want = append(want, fmt.Sprintf("call write, %v, %d before %x", m.link, m.write, frame))
			first := strings.Join(got[:min(len(got), len(want))], "\n")
			if first != strings.Join(want, "\n") {
				t.Errorf("got\n%s\nwant\n%s", first, strings.Join(want, "\n"))
			}
			// What the program reads leaves the interface, what it writes comes in by it.
			protocols := map[packet.Link]string{packet.LinkRaw: "raw:ip:icmp", packet.LinkEthernet: "eth:ethertype:ip:icmp"}[m.link]
			wire := []string{protocols + " 10.8.0.2 8 0x00000002", protocols + " 10.8.0.2 8 0x00000001"}
			if m.link == packet.LinkEthernet {
				wire = append(wire, protocols+" 10.8.0.2 8 0x00000002 dropped (not-connected): nothing is plugged into a:"+m.device)
			}
			seen := tshark(t, capture(), "ip", "frame.protocols", "ip.dst", "icmp.type", "frame.packet_flags_direction", "frame.comment")
			slices.Sort(seen)
			slices.Sort(wire)
			if fmt.Sprint(seen) != fmt.Sprint(wire) {
				t.Errorf("tshark reads\n%q\nwant\n%q", seen, wire)
			}
		})
	}
}
