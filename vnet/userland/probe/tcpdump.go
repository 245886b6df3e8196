package probe

import (
	"fmt"
	"strconv"
	"strings"

	"wireloom/vnet/errno"
	"wireloom/vnet/file"
	"wireloom/vnet/kern"
	"wireloom/vnet/pcapfilter"
	"wireloom/vnet/signal"
	"wireloom/vnet/sys"
	"wireloom/vnet/tcpdump"
	"wireloom/vnet/tcpdump/show"
	"wireloom/vnet/userland/command"
)

const tcpdumpUsage = `tcpdump [-AeKnpqStvXx#] [-c count] [-F file] [-i interface] [-Q in|out|inout]
               [-r file] [-s snaplen] [-w file] [expression]
       tcpdump -D`

// Tcpdump is the command tcpdump.
func Tcpdump() *command.Command {
	return command.New("tcpdump", "show the packets that pass an interface", tcpdumpUsage, tcpdumpMain)
}

// maxSnap is the longest part of a packet that is kept: tcpdump's own.
const maxSnap = 262144

// A dumper is a run of tcpdump(1).
type dumper struct {
	*command.Proc
	opt    show.Options
	iface  string
	read   string // the file to read, "-" for standard input, "" for none
	write  string // the file to write
	filter string
	snap   int
	count  int // packets to show; 0 for all
	own    bool
	in     bool
	out    bool

	link    pcapfilter.Link
	match   *pcapfilter.Filter
	printer *tcpdump.Printer
	to      int // the descriptor that packets are written to; below 0 they are shown
	shown   int
}

func tcpdumpMain(p *command.Proc) sys.Exit {
	d := &dumper{Proc: p, snap: maxSnap, in: true, out: true, to: -1}
	if x, stop := d.options(); stop {
		return x
	}
	p.Catch(signal.SIGINT)
	d.printer = tcpdump.New(d.opt)
	if d.read != "" {
		return d.replay()
	}
	return d.live()
}

// options reads the command line; stop says that the command ends with x.
func (d *dumper) options() (x sys.Exit, stop bool) {
	o := &d.opt
	bad := func(format string, args ...any) (sys.Exit, bool) { return d.Fail(1, format, args...), true }
	g := command.Getopt{Args: d.Args()[1:]}
	for {
		opt, why := g.Next("Ac:DeF:hi:KlnOpqQ:r:s:StUvw:xX#")
		switch opt {
		case 0:
			if len(g.Args) > 0 {
				if d.filter != "" { // -F goes before
					return bad("expression and -F")
				}
				d.filter = strings.Join(g.Args, " ")
			}
			return sys.Exit{}, false
		case 'A':
			o.ASCII++
		case 'c':
			n, err := strconv.Atoi(g.Arg)
			if err != nil || n <= 0 {
				return bad("invalid packet count %s", g.Arg)
			}
			d.count = n
		case 'D':
			return d.list(), true
		case 'e':
			o.Link = true
		case 'F':
			text, e := d.ReadFile(pcapfilter.MaxText, g.Arg)
			if e != errno.OK {
				return bad("can't open %s: %s", g.Arg, e.Message())
			}
			d.filter = string(text)
		case 'i':
			d.iface = g.Arg
		case 'K':
			o.NoSums = true
		case 'l', 'O', 'U': // each packet is shown at once; there is nothing to optimize
		case 'n':
			o.Numbers = true
		case 'p':
			d.own = true
		case 'q':
			o.Quiet = true
		case 'Q':
			d.in, d.out = g.Arg != "out", g.Arg != "in"
			if g.Arg != "in" && g.Arg != "out" && g.Arg != "inout" {
				return bad("unknown capture direction `%s'", g.Arg)
			}
		case 'r':
			d.read = g.Arg
		case 's':
			n, err := strconv.Atoi(g.Arg)
			if err != nil || n < 0 || n > maxSnap {
				return bad("invalid snaplen %s (must be >= 0 and <= %d)", g.Arg, maxSnap)
			}
			if d.snap = n; n == 0 {
				d.snap = maxSnap
			}
		case 'S':
			o.Absolute = true
		case 't':
			o.Stamp = min(o.Stamp+1, show.SinceAll)
		case 'v':
			o.Verbose++
		case 'w':
			d.write = g.Arg
		case 'x':
			o.Hex++
		case 'X':
			o.HexASCII++
		case '#':
			o.Count = true
		case 'h':
			_ = d.Misuse()
			return command.Exit(0), true
		default:
			d.Warn("%s", why)
			return d.MisuseWith(1), true
		}
	}
}

// list shows the interfaces there are.
func (d *dumper) list() sys.Exit {
	for i, ifp := range d.System().Kernel().Ifnets() {
		state := ""
		if ifp.Flags&kern.IFF_UP != 0 {
			state = "Up"
			if ifp.Flags&kern.IFF_RUNNING != 0 {
				state += ", Running"
			}
			state = " [" + state + "]"
		}
		d.Printf("%d.%s%s\n", i+1, ifp.Name, state)
	}
	return command.Exit(0)
}

// linkNames are the links as libpcap has them.
var linkNames = map[pcapfilter.Link][2]string{
	pcapfilter.Ethernet: {"EN10MB", "Ethernet"}, pcapfilter.Raw: {"RAW", "Raw IP"}, pcapfilter.Null: {"NULL", "BSD loopback"},
}

// compile reads the filter.
func (d *dumper) compile(netmask uint32) error {
	var err error
	d.match, err = pcapfilter.Compile(d.filter, pcapfilter.Env{Link: d.link, Lookup: d.Lookup, Netmask: netmask})
	return err
}

// live shows what passes an interface.
func (d *dumper) live() sys.Exit {
	k := d.System().Kernel()
	ifp := k.Ifnet(d.iface)
	if d.iface == "" {
		for _, i := range k.Ifnets() {
			if i.Flags&kern.IFF_UP != 0 {
				ifp = i
				break
			}
		}
		if ifp == nil {
			return d.Fail(1, "no suitable device found")
		}
	}
	if ifp == nil {
		return d.Fail(1, "%s: No such device exists\n(BIOCSETIF failed: %s)", d.iface, errno.ENXIO.Message())
	}
	d.link = pcapfilter.Null
	if ifp.Type == kern.IFT_ETHER {
		d.link = pcapfilter.Ethernet
	}
	if err := d.compile(netmask(ifp)); err != nil {
		return d.Fail(1, "%v", err)
	}
	capture, fd, e := d.Capture(ifp.Name, file.Capturing{Snap: d.snap, Own: d.own, In: d.in, Out: d.out, Take: d.match.Match})
	if e != errno.OK {
		return d.Fail(1, "%s: %s", ifp.Name, e.Message())
	}
	if x, stop := d.create(); stop {
		return x
	}
	if d.to < 0 && d.opt.Verbose == 0 {
		d.Warn("verbose output suppressed, use -v[v]... for full protocol decode")
	}
	on := fmt.Sprintf("listening on %s, link-type %s (%s), snapshot length %d bytes", ifp.Name, linkNames[d.link][0], linkNames[d.link][1], d.snap)
	if d.to < 0 && d.opt.Verbose == 0 {
		d.tell("%s", on)
	} else {
		d.Warn("%s", on)
	}
	gone := false
	for !d.full() && !gone && d.TakeSignal() == 0 && !d.Dying() {
		if _, e := d.Poll([]file.PollFD{{FD: fd, Events: kern.POLLIN}}, -1); e != errno.OK {
			continue // EINTR
		}
		got, e := capture.Take()
		gone = e != errno.OK
		for _, c := range got {
			if d.full() {
				break
			}
			if e := d.packet(tcpdump.Packet{Link: d.link, At: c.At, Data: c.Data, Size: c.Size}); e != errno.OK {
				return d.Fail(1, "Unable to write output: %s", e.Message())
			}
		}
	}
	if d.Dying() {
		return d.Verdict()
	}
	d.tell("%s captured\n%s received by filter\n%s dropped by kernel", packets(uint64(d.shown)), packets(capture.Seen), packets(capture.Dropped))
	if gone {
		return d.Fail(1, "pcap_loop: The interface disappeared")
	}
	return command.Exit(0)
}

func packets(n uint64) string {
	if n == 1 {
		return "1 packet"
	}
	return fmt.Sprintf("%d packets", n)
}

// netmask is that of an interface's first IPv4 address; 0 without one.
func netmask(ifp *kern.Ifnet) uint32 {
	for _, a := range ifp.Addrs {
		if a.Valid() && a.Addr.Is4() {
			if bits := ifp.Prefix(a).Bits(); bits > 0 {
				return ^uint32(0) << (32 - bits)
			}
			return 0
		}
	}
	return 0
}

// tell writes to standard error without the command's name.
func (d *dumper) tell(format string, args ...any) {
	_, _ = d.Write(2, fmt.Appendf(nil, format+"\n", args...))
}

// full reports whether as many packets were shown as were asked for.
func (d *dumper) full() bool { return d.count > 0 && d.shown >= d.count }

// packet shows or writes one.
func (d *dumper) packet(k tcpdump.Packet) errno.Errno {
	d.shown++
	if d.to >= 0 {
		return d.put(appendRecord(nil, k))
	}
	_, e := d.Write(1, d.printer.Append(nil, k))
	return e
}

// put writes all of b to the file.
func (d *dumper) put(b []byte) errno.Errno {
	for len(b) > 0 {
		n, e := d.Write(d.to, b)
		if e != errno.OK {
			return e
		}
		b = b[n:]
	}
	return errno.OK
}

// create makes the file of -w and begins it.
func (d *dumper) create() (x sys.Exit, stop bool) {
	switch d.write {
	case "":
		return x, false
	case "-":
		d.to = 1
	default:
		fd, e := d.Open(d.write, kern.O_WRONLY|kern.O_CREAT|kern.O_TRUNC)
		if e != errno.OK {
			return d.Fail(1, "%s: %s", d.write, e.Message()), true
		}
		d.to = fd
	}
	if e := d.put(appendHeader(nil, d.link, d.snap)); e != errno.OK {
		return d.Fail(1, "Can't write to %s: %s", d.write, e.Message()), true
	}
	return x, false
}

// replay shows what a file holds.
func (d *dumper) replay() sys.Exit {
	fd, shown := 0, d.read
	if d.read != "-" {
		var e errno.Errno
		if fd, e = d.Open(d.read, kern.O_RDONLY); e != errno.OK {
			return d.Fail(1, "%s: %s", d.read, e.Message())
		}
	}
	r := &pcapReader{read: func(b []byte) (int, errno.Errno) { return d.Read(fd, b) }}
	if err := r.begin(); err != nil {
		return d.Fail(1, "%v", err)
	}
	d.link = r.link
	d.tell("reading from file %s, link-type %s (%s), snapshot length %d", shown, linkNames[d.link][0], linkNames[d.link][1], r.snap)
	if err := d.compile(0); err != nil {
		return d.Fail(1, "%v", err)
	}
	if x, stop := d.create(); stop {
		return x
	}
	for !d.full() && d.TakeSignal() == 0 && !d.Dying() {
		k, ok, err := r.next()
		if err != nil {
			return d.Fail(1, "pcap_loop: %v", err)
		}
		if !ok {
			break
		}
		if !d.match.Match(k.Data, k.Size) {
			continue
		}
		if e := d.packet(k); e != errno.OK {
			return d.Fail(1, "Unable to write output: %s", e.Message())
		}
	}
	if d.Dying() {
		return d.Verdict()
	}
	return command.Exit(0)
}
