//go:build linux

package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net/netip"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"wireloom/vnet/packet"
)

// A card is a TAP of this namespace. The kernel has the interface, this program the wire.
type card struct {
	name string
	mac  packet.MAC
	file *os.File
}

// A seen is a frame that left the kernel.
type seen struct {
	at    time.Time
	card  int
	bytes []byte
}

// A world is the kernel of this namespace and what is on its wires.
type world struct {
	out   io.Writer
	cards []*card
	begun time.Time // of the step

	mu     sync.Mutex
	frames []seen                   // since the step began
	silent bool                     // the peer does not answer ARP
	extra  map[netip.Addr]bool      // neighbours beside the peer who answer too
	watch  func(card int, f []byte) // is told of each frame, by the card's own goroutine
}

func newWorld(out io.Writer) *world {
	return &world{out: out, begun: time.Now(), extra: map[netip.Addr]bool{}}
}

// must ends a recording that can't go on: nothing of it is kept.
func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "kernelrecord:", err)
		os.Exit(1)
	}
}

// sysctl sets one, where the kernel has it.
func sysctl(name, value string) {
	err := os.WriteFile("/proc/sys/"+name, []byte(value), 0)
	if err != nil && !os.IsNotExist(err) {
		must(err)
	}
}

// sysctlOf is the value of one; ? if the kernel has none.
func sysctlOf(name string) string {
	b, err := os.ReadFile("/proc/sys/" + name)
	if err != nil {
		return "?"
	}
	return strings.Join(strings.Fields(string(b)), " ")
}

// plug makes a card, down and without an address.
func (w *world) plug(name string) *card {
	fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	must(err)
	req, err := unix.NewIfreq(name)
	must(err)
	req.SetUint16(unix.IFF_TAP | unix.IFF_NO_PI)
	must(unix.IoctlIfreq(fd, unix.TUNSETIFF, req))
	c := &card{name: name, file: os.NewFile(uintptr(fd), name), mac: packet.MAC{2, 0, 0, 0, 1, byte(len(w.cards) + 1)}}
	hw := c.ifreq()
	binary.NativeEndian.PutUint16(hw[16:], unix.ARPHRD_ETHER)
	copy(hw[18:], c.mac[:])
	must(control(unix.SIOCSIFHWADDR, hw[:]))
	w.cards = append(w.cards, c)
	go w.listen(len(w.cards) - 1)
	return c
}

// listen takes what the kernel sends by a card.
func (w *world) listen(i int) {
	buf := make([]byte, 1<<16)
	for {
		n, err := w.cards[i].file.Read(buf)
		if err != nil {
			return
		}
		f := bytes.Clone(buf[:n])
		w.mu.Lock()
		w.frames = append(w.frames, seen{time.Now(), i, f})
		watch := w.watch
		answer := w.answer(f)
		w.mu.Unlock()
		if answer != nil {
			w.put(i, answer)
		}
		if watch != nil {
			watch(i, f)
		}
	}
}

// answer is the peer's reply to an ARP request, or nil.
func (w *world) answer(f []byte) []byte {
	if w.silent || len(f) < 42 || packet.Ethernet(f).Type() != packet.TypeARP || f[21] != 1 {
		return nil
	}
	target := netip.AddrFrom4([4]byte(f[38:42]))
	if target != peerIP && !w.extra[target] {
		return nil
	}
	a := arpPacket{op: 2, sha: macOf(target), spa: target.String(), tha: packet.MAC(f[22:28]), tpa: netip.AddrFrom4([4]byte(f[28:32])).String()}
	return append(packet.AppendEthernet(nil, a.tha, a.sha, packet.TypeARP), a.bytes()...)
}

// macOf is the hardware address of a neighbour.
func macOf(ip netip.Addr) packet.MAC {
	if ip == peerIP {
		return peerMAC
	}
	return packet.MAC{2, 0, 0, 0, 0, ip.AsSlice()[len(ip.AsSlice())-1]}
}

// put puts a frame on a card's wire.
func (w *world) put(i int, f []byte) {
	_, err := w.cards[i].file.Write(f)
	must(err)
}

// frame is an Ethernet frame from the peer to the card.
func (w *world) frame(i int, typ uint16, payload []byte) []byte {
	return append(packet.AppendEthernet(nil, w.cards[i].mac, peerMAC, typ), payload...)
}

// send sends an IPv4 packet from the peer to the first card.
func (w *world) send(p []byte) { w.put(0, w.frame(0, packet.TypeIPv4, p)) }

// sendTo sends it to another hardware address.
func (w *world) sendTo(dst packet.MAC, p []byte) {
	w.put(0, append(packet.AppendEthernet(nil, dst, peerMAC, packet.TypeIPv4), p...))
}

// step begins a step: what came before is forgotten.
func (w *world) step(format string, args ...any) {
	fmt.Fprintf(w.out, format+"\n", args...)
	w.forget()
}

// forget forgets what came, and begins to count time anew.
func (w *world) forget() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.frames, w.begun = nil, time.Now()
}

// got is what has come since the step began.
func (w *world) got() []seen {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]seen(nil), w.frames...)
}

func (w *world) say(format string, args ...any) { fmt.Fprintf(w.out, format+"\n", args...) }

// show prints what has come since the step began.
func (w *world) show() {
	for _, s := range w.got() {
		w.say("   +%.3f %s%s", s.at.Sub(w.begun).Seconds(), w.cardName(s.card), describe(s.bytes))
	}
}

// showLate shows it with times before now, as the suite does where it asked first.
func (w *world) showLate() {
	w.begun = time.Now()
	w.show()
}

// cardName stands before a frame where there are two cards.
func (w *world) cardName(i int) string {
	if len(w.cards) == 1 {
		return ""
	}
	return w.cards[i].name + " "
}

// rest lets time pass.
func (w *world) rest(d time.Duration) { time.Sleep(d) }

// ask is a step that sends frames and shows what comes within 0.3 s.
func (w *world) ask(title string, send func()) {
	w.step("%s", title)
	send()
	w.rest(300 * time.Millisecond)
	w.show()
}

// announce makes the kernel know the peer, and forgets that.
func (w *world) announce() {
	w.put(0, w.frame(0, packet.TypeARP, arpPacket{op: 1, sha: peerMAC, spa: "10.0.0.2", tpa: "10.0.0.1"}.bytes()))
	w.rest(200 * time.Millisecond)
	w.forget()
}

// ifreq is a struct ifreq with the card's name.
func (c *card) ifreq() (b [40]byte) {
	copy(b[:15], c.name)
	return b
}

// set gives the card an address and brings it up.
func (c *card) set(prefix string) {
	p := netip.MustParsePrefix(prefix)
	b := c.ifreq()
	inet4(b[16:], p.Addr())
	must(control(unix.SIOCSIFADDR, b[:]))
	b = c.ifreq()
	mask := netip.AddrFrom4([4]byte(binary.BigEndian.AppendUint32(nil, ^uint32(0)<<(32-p.Bits()))))
	inet4(b[16:], mask)
	must(control(unix.SIOCSIFNETMASK, b[:]))
	c.up()
}

// up brings the card up.
func (c *card) up() {
	b := c.ifreq()
	binary.NativeEndian.PutUint16(b[16:], unix.IFF_UP|unix.IFF_RUNNING|unix.IFF_BROADCAST|unix.IFF_MULTICAST)
	must(control(unix.SIOCSIFFLAGS, b[:]))
}

// mtu changes the card's MTU.
func (c *card) mtu(n uint32) error {
	b := c.ifreq()
	binary.NativeEndian.PutUint32(b[16:], n)
	return control(unix.SIOCSIFMTU, b[:])
}

// inet4 is a struct sockaddr_in.
func inet4(b []byte, a netip.Addr) {
	binary.NativeEndian.PutUint16(b, unix.AF_INET)
	copy(b[4:8], a.AsSlice())
}

// route adds a route: SIOCADDRT with a struct rtentry.
func route(dst, gateway string) error {
	p := netip.MustParsePrefix(dst)
	b := make([]byte, 120)
	inet4(b[8:], p.Addr())
	inet4(b[24:], netip.MustParseAddr(gateway))
	inet4(b[40:], netip.AddrFrom4([4]byte(binary.BigEndian.AppendUint32(nil, uint32(^uint64(0)<<(32-p.Bits()))))))
	binary.NativeEndian.PutUint16(b[56:], unix.RTF_UP|unix.RTF_GATEWAY)
	return control(unix.SIOCADDRT, b)
}
