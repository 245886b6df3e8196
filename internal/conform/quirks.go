package main

import (
	"fmt"
	"io"
	"strings"
)

// A quirk is one odd thing that an original does, where in its source it
// comes from, and the recordings that show it and that the emulation is held
// to.
type quirk struct {
	driver, function, text string
	recordings             []string
}

// quirks is in the order of the drivers' sources, as far as a quirk has one
// place there.
var quirks = []quirk{
	{"freebsd-tun", "tunclone", "Opening /dev/tun makes the lowest unit that has no node, and needs root and devfs_cloning; it does so before the open is allowed.", []string{"open-without-unit-picks-lowest-free", "open-clone-needs-root", "open-clone-disabled-by-sysctl"}},
	{"freebsd-tun", "tunopen", "An interface that the open had to make itself, because cloning failed, cannot be destroyed: ENXIO.", []string{"open-attaches-when-clone-failed", "unload-destroys-non-cloned-interface"}},
	{"freebsd-tun", "tunopen", "The process that has the device may open it again; another gets EBUSY.", []string{"open-again-by-same-pid", "open-second-pid-is-busy"}},
	{"freebsd-tun", "tun_destroy", "Destroy and unload wait, uninterruptibly, for the last close.", []string{"destroy-waits-for-close", "unload-waits-for-open-interface"}},
	{"freebsd-tun", "tunclose", "Close deletes a route for every address, the link-level one too, and as a host route once any destination has ever been set.", []string{"close-brings-interface-down-and-deletes-routes", "close-without-destination-deletes-net-route"}},
	{"freebsd-tun", "tunclose", "LMODE, IFHEAD and ASYNC survive close and reopen.", []string{"reopen-keeps-mode-flags"}},
	{"freebsd-tun", "tunstart", "Without ALTQ select, kqueue and SIGIO are told even of an empty queue.", []string{"start-without-altq", "altq-start-only-wakes-with-packets"}},
	{"freebsd-tun", "tunoutput", "A bpf listener sees packets that are then refused, and a failed prepend counts as iqdrops and oerrors.", []string{"output-bpf-tap", "output-prepend-shortage-ifhead", "output-prepend-shortage-lmode"}},
	{"freebsd-tun", "tunoutput", "A full queue counts only as a drop of the queue, and is ENOBUFS.", []string{"output-queue-full"}},
	{"freebsd-tun", "tunoutput", "What a bpf listener writes has its family in the address.", []string{"output-unspec-family-from-bpf-writer"}},
	{"freebsd-tun", "tunioctl", "TUNSIFINFO asks for a privilege only when the MTU changes; type and baud rate are free for all.", []string{"tunsifinfo-as-nonroot"}},
	{"freebsd-tun", "tunioctl", "The MTU of TUNSIFINFO is a short: 40000 is EINVAL, and TUNGIFINFO cuts a larger one.", []string{"tunsifinfo-minimum-mtu", "tungifinfo-truncates-large-mtu"}},
	{"freebsd-tun", "tunioctl", "TUNSIFMODE removes MULTICAST unless it is given again.", []string{"tunsifmode-changes-type-flags"}},
	{"freebsd-tun", "tunioctl", "TUNSIFPID hands the device to whoever calls it.", []string{"tunsifpid-takes-over"}},
	{"freebsd-tun", "tunioctl", "FIONBIO is accepted and does nothing.", []string{"fionbio-is-accepted-and-ignored"}},
	{"freebsd-tun", "tunread", "A read of no bytes would throw a packet away, had read(2) not ended before it; a short one loses the tail.", []string{"read-zero-length-discards-packet", "read-truncates-to-buffer"}},
	{"freebsd-tun", "tunwrite", "A write while the interface is down succeeds and consumes nothing.", []string{"write-while-down", "write-after-ifdown"}},
	{"freebsd-tun", "tunwrite", "With IFHEAD, 1 to 3 bytes are ENOBUFS and an unknown family is EAFNOSUPPORT; neither is counted.", []string{"write-ifhead-shorter-than-header", "write-ifhead-unknown-family"}},
	{"freebsd-tun", "tunwrite", "A copy that faults is ENOBUFS and an input error.", []string{"write-copy-fault"}},
	{"freebsd-tun", "tunkqread", "EVFILT_READ counts packets, where FIONREAD counts the bytes of the first.", []string{"kqueue-read-filter", "fionread-is-first-packet-length"}},
	{"freebsd-tun", "tunkqwrite", "EVFILT_WRITE always holds; its data is the MTU.", []string{"kqueue-write-filter-data-is-mtu"}},

	{"dragonfly-tun", "tunopen", "The device is root's, and nobody opens it twice.", []string{"open-as-nonroot", "open-again-by-same-pid"}},
	{"dragonfly-tun", "tunclose", "Close deletes IPv4 routes and keeps the addresses.", []string{"close-brings-interface-down-and-deletes-routes", "interface-survives-close-with-addresses"}},
	{"dragonfly-tun", "tuninit", "SIOCSIFADDR with a null address is EFAULT, leaves UP and RUNNING, and the next close panics.", []string{"address-missing-is-efault", "address-missing-then-close-panics"}},
	{"dragonfly-tun", "tunoutput", "Output and input work while the interface is down.", []string{"output-does-not-need-up", "write-while-down"}},
	{"dragonfly-tun", "tunoutput", "A full queue counts as a collision.", []string{"output-queue-full"}},
	{"dragonfly-tun", "tunoutput", "What a bpf listener writes has its family in front of the packet.", []string{"output-unspec-family-from-bpf-writer"}},
	{"dragonfly-tun", "tunstart", "With ALTQ both tunstart and tunoutput notify: SIGIO and select twice.", []string{"altq-start-only-wakes-with-packets"}},
	{"dragonfly-tun", "tunioctl", "TUNSIFMODE never clears MULTICAST, and TUNSIFINFO asks for no privilege.", []string{"tunsifmode-keeps-multicast", "tunsifinfo-as-nonroot"}},
	{"dragonfly-tun", "tunwrite", "Input is counted before the family is looked at.", []string{"write-counts-input-before-family-check"}},
	{"dragonfly-tun", "tunwrite", "No mbuf for the head is ENOBUFS and not counted; none for the rest is an input error.", []string{"write-first-mbuf-shortage", "write-later-mbuf-shortage"}},

	{"dragonfly-tap", "tapmodevent", "Four units have nodes from load on; unload is EBUSY while the reference count is not 0.", []string{"load-preallocates-four-units", "unload-refused-while-open"}},
	{"dragonfly-tap", "tap_clone_create", "ifconfig create can adopt an interface that an open made.", []string{"create-adopts-open-interface"}},
	{"dragonfly-tap", "tapclone", "A refused open of /dev/tap leaves the new interface behind.", []string{"open-autoclone-refused-leaves-interface"}},
	{"dragonfly-tap", "tapclose", "A unit from 4 on is destroyed at close, also one that ifconfig made.", []string{"close-autocloned-unit-destroys", "close-cloned-unit-above-four-is-destroyed-too"}},
	{"dragonfly-tap", "tapclose", "Close notifies no knote and wakes no reader.", []string{"close-does-not-notify-kqueue"}},
	{"dragonfly-tap", "tapclose", "What ifconfig made stays up at close, unless the open brought it up.", []string{"close-cloned-interface-stays-up", "open-up-on-open-cloned-closes-down"}},
	{"dragonfly-tap", "tapdestroy", "Destroying an open unit below 4 leaves a device without a softc: the next call panics.", []string{"destroy-open-preallocated-then-close-panics", "destroy-open-preallocated-then-reopen"}},
	{"dragonfly-tap", "tapdestroy", "Destroying an open unit from 4 on loses its reference: unload is EBUSY for ever.", []string{"destroy-while-open-keeps-refcount"}},
	{"dragonfly-tap", "tapdestroy", "taplastunit is only counted down.", []string{"lastunit-counter-drifts"}},
	{"dragonfly-tap", "tapifinit", "The first ifconfig up drains the frames that wait for a read.", []string{"ifup-inits-and-drains-devq", "output-before-up-still-queued"}},
	{"dragonfly-tap", "tapioctl", "TAPSIFINFO checks nothing: an MTU below 0 is a huge unsigned one.", []string{"ioctl-info"}},
	{"dragonfly-tap", "tapioctl", "VMIO_SIOCSIFFLAGS takes the flags by value and always sets UP, without init.", []string{"ioctl-vmware-flags"}},
	{"dragonfly-tap", "tapioctl", "SIOCGIFADDR and SIOCSIFADDR of the device move six bytes at the start of the ifreq.", []string{"ioctl-vmware-mac"}},
	{"dragonfly-tap", "tapioctl", "FIONBIO is ENOTTY.", []string{"ioctl-fionbio-is-enotty"}},
	{"dragonfly-tap", "tapread", "An mbuf without data ends the read early.", []string{"read-stops-at-empty-mbuf"}},
	{"dragonfly-tap", "tapwrite", "A frame while down, or under 14 bytes, is dropped, succeeds and counts as received.", []string{"write-down-dropped-but-counted", "write-short-frame-dropped-but-counted"}},
	{"dragonfly-tap", "tapwrite", "No first mbuf is ENOBUFS and not counted.", []string{"write-mbuf-shortage"}},
	{"dragonfly-tap", "tapkqfilter", "There is no EVFILT_WRITE, and EVFILT_READ has no data.", []string{"kqueue-write-filter-unsupported", "kqueue-read-filter"}},

	{"netbsd-tap", "tapinit", "What fails inside is logged, and the load succeeds.", []string{"load-cfattach-failure-is-only-logged"}},
	{"netbsd-tap", "tap_detach", "A detach wakes readers, who find the interface down.", []string{"destroy-wakes-blocked-reader"}},
	{"netbsd-tap", "tap_clone_destroy", "ifconfig destroy of what a cloner open made takes tap_count below zero.", []string{"destroy-of-cloned-interface-underflows-count"}},
	{"netbsd-tap", "tap_start", "Bytes count twice, in if_transmit and at read or drop, the second time only the first mbuf's.", []string{"output-obytes-count-first-mbuf-only-on-read", "output-without-reader-is-dropped-and-counted"}},
	{"netbsd-tap", "tap_start", "OACTIVE survives ifconfig down and up: the next packet wakes nobody until somebody reads.", []string{"oactive-survives-ifdown", "output-sets-oactive-until-read"}},
	{"netbsd-tap", "tap_softintr", "Without an owner SIGIO goes to process group 0.", []string{"ioctl-async-off-before-softint-runs"}},
	{"netbsd-tap", "tap_lifaddr", "SIOCSIFPHYADDR reads the raw sa_data.", []string{"siocsifphyaddr-sets-mac"}},
	{"netbsd-tap", "tap_dev_cloner", "An open of the cloner leaves the link down.", []string{"open-cloner-leaves-link-down"}},
	{"netbsd-tap", "tap_fops_close", "A cloner's file acts on whatever takes its unit, and closing it destroys that.", []string{"destroyed-unit-reused-through-old-file", "destroyed-cloner-file-is-enxio"}},
	{"netbsd-tap", "tap_dev_close", "Close keeps NBIO and the owner, and ends ASYNC; what is queued counts as sent.", []string{"close-unit-resets-async-keeps-nbio"}},
	{"netbsd-tap", "tap_dev_read", "A packet wakes all readers; who comes second returns 0 bytes.", []string{"read-two-readers-one-packet-second-gets-eof"}},
	{"netbsd-tap", "tap_dev_read", "Not O_NONBLOCK but FIONBIO, which is the unit's, decides whether a read waits.", []string{"read-nbio-empty"}},
	{"netbsd-tap", "tap_dev_write", "Write asks neither for UP nor for an open, and takes an empty frame.", []string{"write-while-down-is-accepted", "write-not-open-is-accepted", "write-empty-frame"}},
	{"netbsd-tap", "tap_sysctl_handler", "Any address is taken; an empty string sets the old one again.", []string{"sysctl-mac", "sysctl-mac-empty-string-recommits-old"}},
}

// sources are the files that functions of quirks are in.
var sources = map[string]string{
	"freebsd-tun":   "FreeBSD 9.1 sys/net/if_tun.c",
	"dragonfly-tun": "DragonFly (2005) sys/net/tun/if_tun.c",
	"dragonfly-tap": "DragonFly (2008) sys/net/tap/if_tap.c",
	"netbsd-tap":    "NetBSD sys/net/if_tap.c 1.123",
}

// writeQuirks writes the table as Markdown.
func writeQuirks(out io.Writer) {
	last := ""
	for _, q := range quirks {
		if q.driver != last {
			fmt.Fprintf(out, "\n## %s\n\nSource: %s\n\n| function | behaviour | recordings |\n|---|---|---|\n", q.driver, sources[q.driver])
			last = q.driver
		}
		fmt.Fprintf(out, "| `%s` | %s | %s |\n", q.function, q.text, strings.Join(q.recordings, ", "))
	}
}
