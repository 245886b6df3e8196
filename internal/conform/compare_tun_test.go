package main

// The ioctls that a program may try on a device.
var (
	commonIoctls = []string{"FIONREAD", "FIONBIO", "FIOASYNC", "FIOSETOWN", "FIOGETOWN", "TIOCSPGRP", "TIOCGPGRP"}
	addrIoctls   = []string{"SIOCGIFFLAGS", "SIOCSIFFLAGS", "SIOCGIFADDR", "OSIOCGIFADDR", "SIOCSIFADDR", "SIOCSIFMTU", "TAPGIFNAME", "VMIO_SIOCSIFFLAGS"}
	tunIoctls    = append(append([]string{
		"TUNSDEBUG", "TUNGDEBUG", "TUNSIFINFO", "TUNGIFINFO", "TUNSLMODE", "TUNSIFMODE", "TUNSIFPID", "TUNSIFHEAD", "TUNGIFHEAD",
	}, commonIoctls...), addrIoctls...)
	tapIoctls = append(append([]string{"TAPSDEBUG", "TAPGDEBUG", "TAPSIFINFO", "TAPGIFINFO", "TUNSLMODE", "TUNSIFHEAD"}, commonIoctls...), addrIoctls...)
)

// waiting puts everybody to wait on a device who can: a poll, a knote, an
// owner of SIGIO with FIOASYNC, and a read.
func (l *lab) waiting() *lab {
	l.kqueue("read")
	l.poll("IN")
	l.ioctl("FIOSETOWN", 100)
	l.ioctl("FIOASYNC", 1)
	l.as(200).read(2048)
	return l
}

var tunTopics = []topic{
	{"opening", []pageRow{
		{"open-name", "root opens `/dev/tun0`, which nobody has made", in("tunclone", "tunopen"), func(l *lab) string {
			return join(l.loaded().open("tun0").err(), l.nodes(), l.interfaces())
		}},
		{"open-cloner", "`/dev/tun` is opened by two processes", in("tunclone", ""), func(l *lab) string {
			return join(l.loaded().open("tun").opened(), l.as(200).open("tun").opened())
		}},
		{"open-user-new", "somebody who is not root opens a `/dev/tun0` that nobody has made", in("tunclone", "tunopen"), func(l *lab) string {
			return l.loaded().user().open("tun0").err()
		}},
		{"open-user", "the same, of one that is there (the mode of the node aside)", in("tunopen"), func(l *lab) string {
			l.opened().close()
			return l.user().open("tun0").err()
		}},
		{"open-same-process", "a second open by the same process", in("tunopen"), func(l *lab) string { return l.opened().open("tun0").err() }},
		{"open-other-process", "a second open by another process", in("tunopen"), func(l *lab) string { return l.opened().as(200).open("tun0").err() }},
		{"open-interface", "the interface after the first open", in("tuncreate"), func(l *lab) string {
			l.opened()
			return join("flags "+l.flags(), l.info())
		}},
		{"open-link", "link state after open", in("tunopen", ""), func(l *lab) string { return l.opened().link() }},
		{"open-leftover", "the interface cannot be made while the node is cloned (no memory): the open", in("tunopen", ""), func(l *lab) string {
			return join(l.loaded().fail("if_clone_create", 0).open("tun0").err(), l.interfaces())
		}},
	}},
	{"closing", []pageRow{
		{"close-queue", "3 packets are queued at close", in("tunclose"), func(l *lab) string {
			l.ready().outs(3, 20)
			return join(l.close().events("ifq_purge"), l.queued())
		}},
		{"close-flags", "flags after close", in("tunclose"), func(l *lab) string { l.ready().close(); return l.flags() }},
		{"close-routes", "routes that a close deletes; the address has a destination", in("tunclose"), func(l *lab) string {
			return l.ready().close().events("rtinit")
		}},
		{"close-routes-net", "the same, without a destination", in("tunclose"), func(l *lab) string {
			l.opened().addr("10.0.0.1", "")
			return l.close().events("rtinit")
		}},
		{"close-routes-stale", "the same, when an address that is gone had a destination once", in("tuninit"), func(l *lab) string {
			l.ready().ifioctl("SIOCDIFADDR")
			l.addr("10.0.0.1", "")
			return l.close().events("rtinit")
		}},
		{"close-unaddressed", "routes, when the interface never had an address (not RUNNING)", in("tunclose"), func(l *lab) string {
			l.opened().up()
			return l.close().events("rtinit", "if_purgeaddrs")
		}},
		{"close-addresses", "addresses after close", in("tunclose"), func(l *lab) string { l.ready().close(); return l.addrs() }},
		{"close-link", "link state after close", in("tunclose", ""), func(l *lab) string { l.ready().close(); return l.link() }},
		{"close-tells", "who is told of a close; one polls, one has a knote", in("tunclose"), func(l *lab) string {
			l.ready().kqueue("read")
			l.as(200).poll("IN")
			return l.close().told()
		}},
		{"close-owner", "the owner for SIGIO after close and open", in("tunclose"), func(l *lab) string {
			l.opened().ioctl("FIOSETOWN", 100)
			l.close()
			l.open("tun0")
			return l.ioctl("FIOGETOWN").with("out")
		}},
		{"close-modes", "driver flags after TUNSIFHEAD, FIOASYNC, close and open", in("tunclose"), func(l *lab) string {
			l.opened().ioctl("TUNSIFHEAD", 1)
			l.ioctl("FIOASYNC", 1)
			l.close()
			l.open("tun0")
			return l.modes()
		}},
		{"close-modes-lmode", "driver flags after SIOCSIFADDR, TUNSLMODE, close and open", in("tunclose"), func(l *lab) string {
			l.ready().ioctl("TUNSLMODE", 1)
			l.close()
			l.open("tun0")
			return l.modes()
		}},
	}},
	{"reading", []pageRow{
		{"read", "packets of 20 and 30 bytes are queued", in("tunread"), func(l *lab) string {
			l.ready().out(20)
			l.out(30)
			s := l.read(2048)
			return join(s.data(), s.counted(), l.queued())
		}},
		{"read-chain", "a packet of 20 bytes in mbufs of 14, 0 and 6", in("tunread"), func(l *lab) string {
			l.ready().chain(20, 14, 0)
			return l.read(2048).data()
		}},
		{"read-empty", "nothing is queued", in("tunread"), func(l *lab) string { return l.ready().read(2048).err() }},
		{"read-nonblock", "nothing is queued, the file has O_NONBLOCK", in("tunread"), func(l *lab) string { return l.ready().nonblock().err() }},
		{"read-signal", "a signal comes while a read sleeps", in("tunread"), func(l *lab) string {
			return l.signal(l.ready().read(2048)).done()
		}},
		{"read-short", "a buffer of 8 for a packet of 20", in("tunread"), func(l *lab) string {
			l.ready().out(20)
			return join(l.read(8).data(), l.queued())
		}},
		{"read-zero", "read(2) of no bytes, one packet queued: it ends before the driver", in("dofileread", "svn_read"), func(l *lab) string {
			return l.readNothing(l.name())
		}},
		{"read-zero-entry", "a read of no bytes at the driver's entry, one packet queued", in("tunread"), func(l *lab) string {
			l.ready().out(20)
			return join(l.read(0).data(), l.queued())
		}},
		{"read-two", "two reads sleep, one packet comes", in("tunread"), func(l *lab) string {
			l.ready().read(2048)
			l.as(200).read(2048)
			s := l.out(20)
			return join(s.events("wakeup"), s.done())
		}},
		{"read-down", "the interface is down", in("tunread"), func(l *lab) string { return l.opened().read(2048).err() }},
		{"read-ifdown", "a read sleeps, then ifconfig down", in("tunifioctl"), func(l *lab) string {
			l.ready().read(2048)
			return l.down().done()
		}},
		{"read-fault", "the buffer is no memory of the process", in("tunread"), func(l *lab) string {
			l.ready().out(20)
			return join(l.fail("uiomove", 0).read(2048).err(), l.queued())
		}},
	}},
	{"writing", []pageRow{
		{"write", "20 bytes", in("tunwrite"), func(l *lab) string {
			s := l.ready().write(20)
			return join(s.err(), s.counted(), s.input())
		}},
		{"write-down", "the interface is down", in("tunwrite"), func(l *lab) string {
			s := l.opened().write(20)
			return join(s.err(), s.left(), s.counted(), s.input())
		}},
		{"write-zero", "no bytes", in("tunwrite"), func(l *lab) string {
			s := l.ready().write(0)
			return join(s.err(), s.counted(), s.input())
		}},
		{"write-longest", "16384 bytes, the interface's MTU is 1500", in("tunwrite"), func(l *lab) string {
			s := l.ready().write(16384)
			return join(s.err(), s.counted())
		}},
		{"write-long", "16385 bytes", in("tunwrite"), func(l *lab) string {
			s := l.ready().write(16385)
			return join(s.err(), s.left(), s.counted())
		}},
		{"write-inet6", "an IPv6 packet without TUNSIFHEAD", in("tunwrite"), func(l *lab) string { return l.ready().writeHex("6000000000003b40").input() }},
		{"write-family", "TUNSIFHEAD, the packet begins with family 2 (inet)", in("tunwrite"), func(l *lab) string { return l.head("0000000245000014").input() }},
		{"write-family-inet6", "TUNSIFHEAD, family 28 (inet6)", in("tunwrite"), func(l *lab) string { return l.head("0000001c60000000").input() }},
		{"write-family-ipx", "TUNSIFHEAD, family 23 (ipx)", in("tunwrite"), func(l *lab) string { return l.head("00000017ffff0000").input() }},
		{"write-family-appletalk", "TUNSIFHEAD, family 16 (appletalk)", in("tunwrite"), func(l *lab) string { return l.head("0000001000010203").input() }},
		{"write-family-unknown", "TUNSIFHEAD, family 99", in("tunwrite"), func(l *lab) string {
			s := l.head("0000006345000014")
			return join(s.err(), s.counted())
		}},
		{"write-family-only", "TUNSIFHEAD, 4 bytes: a family and no packet", in("tunwrite"), func(l *lab) string {
			s := l.head("00000002")
			return join(s.err(), s.counted(), s.input())
		}},
		{"write-family-short", "TUNSIFHEAD, 3 bytes", in("tunwrite"), func(l *lab) string {
			s := l.head("000000")
			return join(s.err(), s.counted())
		}},
		{"write-lmode", "TUNSLMODE: a packet begins as without", in("tunwrite"), func(l *lab) string {
			l.ready().ioctl("TUNSLMODE", 1)
			return l.write(20).input()
		}},
		{"write-fault", "the buffer is no memory of the process", in("tunwrite"), func(l *lab) string {
			s := l.ready().fail("uiomove", 0).write(20)
			return join(s.err(), s.counted())
		}},
		{"write-entropy", "the kernel gathers entropy from the packet", in("tunwrite"), func(l *lab) string {
			l.ready().do(op{Op: "harvest"})
			return l.write(20).events("random_harvest")
		}},
		{"write-nombuf", "the kernel has no first mbuf", in("tunwrite"), func(l *lab) string {
			s := l.ready().fail("mbuf", 0).write(20)
			return join(s.err(), s.counted())
		}},
		{"write-nombuf-later", "the kernel has a first, but no second mbuf for 16384 bytes", in("tunwrite"), func(l *lab) string {
			s := l.ready().fail("mbuf", 1).write(16384)
			return join(s.err(), s.counted())
		}},
	}},
	{"output", []pageRow{
		{"output", "the stack sends 20 bytes", in("tunoutput"), func(l *lab) string {
			s := l.ready().out(20)
			return join(s.err(), s.counted(), l.queued())
		}},
		{"output-closed", "nobody has the device open", in("tunoutput"), func(l *lab) string {
			l.ready().close()
			l.up()
			s := l.out(20)
			return join(s.err(), s.counted())
		}},
		{"output-down", "the interface is down", in("tunoutput"), func(l *lab) string {
			s := l.opened().out(20)
			return join(s.err(), l.queued())
		}},
		{"output-limit", "the queue's limit", in("tuncreate"), func(l *lab) string { l.ready().outs(200, 20); return l.queued() }},
		{"output-full", "the 51st packet that nobody reads", in("tunoutput"), func(l *lab) string {
			l.ready().outs(50, 20)
			s := l.out(20)
			return join(s.err(), s.counted(), s.told())
		}},
		{"output-multicast", "a packet to a multicast address", in("tunoutput"), func(l *lab) string {
			return l.ready().do(op{Op: "output", Family: "inet", Mcast: true, Gen: &gen{N: 20}}).counted()
		}},
		{"output-inet6", "IPv6 without TUNSIFHEAD", in("tunoutput"), func(l *lab) string {
			s := l.ready().send("inet6", 20)
			return join(s.err(), s.counted())
		}},
		{"output-head", "TUNSIFHEAD: what a read gets of IPv4 and IPv6 packets of 20 bytes begins with", in("tunoutput"), func(l *lab) string {
			l.ready().ioctl("TUNSIFHEAD", 1)
			l.out(20)
			l.send("inet6", 20)
			return join(l.read(2048).hex(4), l.read(2048).hex(4))
		}},
		{"output-head-counted", "TUNSIFHEAD: what counts of a packet of 20 bytes", in("tunoutput"), func(l *lab) string {
			l.ready().ioctl("TUNSIFHEAD", 1)
			s := l.out(20)
			return join(s.counted(), l.read(2048).data())
		}},
		{"output-lmode", "TUNSLMODE: a packet of 20 bytes to 10.0.0.2, as read", in("tunoutput"), func(l *lab) string {
			l.ready().ioctl("TUNSLMODE", 1)
			l.out(20)
			s := l.read(2048)
			return join(s.data(), s.hex(16))
		}},
		{"output-lmode-inet6", "TUNSLMODE: an IPv6 packet", in("tunoutput"), func(l *lab) string {
			l.ready().ioctl("TUNSLMODE", 1)
			return l.send("inet6", 20).err()
		}},
		{"output-nombuf", "no mbuf for the address family in front", in("tunoutput"), func(l *lab) string {
			l.ready().ioctl("TUNSIFHEAD", 1)
			s := l.fail("mbuf", 0).out(20)
			return join(s.err(), s.counted())
		}},
		{"output-unspec", "a bpf writer sends 24 bytes of which the first 4 say inet: what a read gets", in("tunoutput"), func(l *lab) string {
			l.ready().do(op{Op: "output", Family: "unspec", AF: 2, Hex: "020000004500001400000000400100000a0000010a000002"})
			return l.read(2048).data()
		}},
	}},
	{"waiting for packets", []pageRow{
		{"tells", "who is told of a packet: a read, a poll, a knote, an owner with FIOASYNC", in("tunstart", "tunoutput"), func(l *lab) string { return l.ready().waiting().out(20).told() }},
		{"tells-altq", "the same, with ALTQ on the queue", in("tunstart"), func(l *lab) string {
			l.ready().waiting().altq()
			return l.out(20).told()
		}},
		{"start-empty", "if_start with an empty queue", in("tunstart"), func(l *lab) string { return l.ready().waiting().ifstart().told() }},
		{"start-empty-altq", "the same, with ALTQ", in("tunstart"), func(l *lab) string {
			l.ready().waiting().altq()
			return l.ifstart().told()
		}},
		{"poll-empty", "poll for IN and OUT, nothing queued", in("tunpoll"), func(l *lab) string {
			s := l.ready().poll("IN", "OUT")
			return join(s.revents(), s.events("selrecord"))
		}},
		{"poll-queued", "poll for IN, RDNORM and OUT, one packet queued", in("tunpoll"), func(l *lab) string {
			l.ready().out(20)
			return l.poll("IN", "RDNORM", "OUT").revents()
		}},
		{"poll-down", "poll for IN, OUT, ERR and HUP while the interface is down", in("tunpoll"), func(l *lab) string {
			return l.opened().poll("IN", "OUT", "ERR", "HUP").revents()
		}},
		{"kqueue-read", "EVFILT_READ with packets of 20 and 30 bytes queued", in("tunkqread", "tun_cdevsw"), func(l *lab) string {
			if err := l.ready().kqueue("read").err(); err != "OK" {
				return err
			}
			l.out(20)
			l.out(30)
			return l.kevent(1).note()
		}},
		{"kqueue-write", "EVFILT_WRITE", in("tunkqwrite", "tun_cdevsw"), func(l *lab) string {
			if err := l.ready().kqueue("write").err(); err != "OK" {
				return err
			}
			return l.kevent(1).note()
		}},
		{"kqueue-vnode", "EVFILT_VNODE", in("tunkqfilter", "tun_cdevsw"), func(l *lab) string { return l.ready().kqueue("vnode").err() }},
		{"sigio-ownerless", "FIOASYNC without an owner, a packet comes", in("tunstart", "tunoutput"), func(l *lab) string {
			l.ready().ioctl("FIOASYNC", 1)
			return l.out(20).events("sigio")
		}},
		{"sigio-group", "TIOCSPGRP 300: FIOGETOWN, and the signal", in("tunioctl"), func(l *lab) string {
			l.ready().ioctl("TIOCSPGRP", 300)
			l.ioctl("FIOASYNC", 1)
			return join(l.ioctl("FIOGETOWN").with("out"), l.out(20).events("sigio"))
		}},
	}},
	{"ioctls of the device", []pageRow{
		{"ioctl-known", "answered with something else than ENOTTY", in("tunioctl"), func(l *lab) string { return l.answered(tunIoctls, true) }},
		{"ioctl-unknown", "ENOTTY", in("tunioctl"), func(l *lab) string { return l.answered(tunIoctls, false) }},
		{"ioctl-fionread", "FIONREAD with packets of 20 and 30 bytes queued, then with none", in("tunioctl"), func(l *lab) string {
			l.ready().out(20)
			l.out(30)
			a := l.ioctl("FIONREAD").with("out")
			l.read(99)
			l.read(99)
			return join(a, l.ioctl("FIONREAD").with("out"))
		}},
		{"ioctl-fionbio", "FIONBIO 1 of the driver, then a read with nothing queued", in("tunioctl"), func(l *lab) string {
			return join(l.ready().ioctl("FIONBIO", 1).err(), l.read(2048).err())
		}},
		{"ioctl-fiosetown", "FIOSETOWN of a process that there is, and of none", in("tunioctl"), func(l *lab) string {
			return join(l.opened().ioctl("FIOSETOWN", 200).err(), l.ioctl("FIOSETOWN", 5000).err())
		}},
		{"ioctl-info-root", "TUNSIFINFO: MTU 1400, type 6, baud rate 9600, by root", in("tunioctl"), func(l *lab) string {
			return join(l.opened().ioctl("TUNSIFINFO", info{1400, 6, 9600}).err(), l.info())
		}},
		{"ioctl-info-mtu", "TUNSIFINFO with another MTU, not by root", in("tunioctl"), func(l *lab) string {
			return l.opened().user().ioctl("TUNSIFINFO", info{1400, 23, 0}).err()
		}},
		{"ioctl-info-type", "TUNSIFINFO with type 6 and the MTU that it has, not by root", in("tunioctl"), func(l *lab) string {
			return join(l.opened().user().ioctl("TUNSIFINFO", info{1500, 6, 0}).err(), l.info())
		}},
		{"ioctl-info-limits", "TUNSIFINFO with an MTU of 71, of 72, of 40000", in("tunioctl"), func(l *lab) string {
			l.opened()
			return join(l.ioctl("TUNSIFINFO", info{MTU: 71}).err(), l.ioctl("TUNSIFINFO", info{MTU: 72}).err(), l.ioctl("TUNSIFINFO", info{MTU: 40000}).err())
		}},
		{"ioctl-info-get", "MTU in TUNGIFINFO when the interface has 40000", in("tunioctl"), func(l *lab) string {
			l.opened().mtu(40000)
			return mtuOf(l.ioctl("TUNGIFINFO"))
		}},
		{"ioctl-mode", "TUNSIFMODE BROADCAST, then BROADCAST and MULTICAST: flags", in("tunioctl"), func(l *lab) string {
			l.opened().ioctl("TUNSIFMODE", []string{"BROADCAST"})
			a := l.flags()
			l.ioctl("TUNSIFMODE", []string{"BROADCAST", "MULTICAST"})
			return join(a, l.flags())
		}},
		{"ioctl-mode-up", "TUNSIFMODE while the interface is up", in("tunioctl"), func(l *lab) string {
			return l.ready().ioctl("TUNSIFMODE", []string{"BROADCAST"}).err()
		}},
		{"ioctl-mode-other", "TUNSIFMODE with POINTOPOINT and BROADCAST, with LOOPBACK", in("tunioctl"), func(l *lab) string {
			return join(l.opened().ioctl("TUNSIFMODE", []string{"BROADCAST", "POINTOPOINT"}).err(), l.ioctl("TUNSIFMODE", []string{"LOOPBACK"}).err())
		}},
		{"ioctl-pid", "TUNSIFPID by process 200; then 100, who had it, opens, and 200 does", in("tunioctl"), func(l *lab) string {
			return join(l.opened().as(200).ioctl("TUNSIFPID").err(), l.as(100).open("tun0").err(), l.as(200).open("tun0").err())
		}},
		{"ioctl-exclude", "TUNSIFHEAD 1, then TUNSLMODE 1: TUNGIFHEAD", in("tunioctl"), func(l *lab) string {
			l.opened().ioctl("TUNSIFHEAD", 1)
			l.ioctl("TUNSLMODE", 1)
			return l.ioctl("TUNGIFHEAD").with("out")
		}},
		{"ioctl-exclude-off", "TUNSIFHEAD 1, then TUNSLMODE 0: TUNGIFHEAD", in("tunioctl"), func(l *lab) string {
			l.opened().ioctl("TUNSIFHEAD", 1)
			l.ioctl("TUNSLMODE", 0)
			return l.ioctl("TUNGIFHEAD").with("out")
		}},
		{"ioctl-debug", "TUNSDEBUG 1: the sysctl, and what is logged of a write while down", in("tunioctl"), func(l *lab) string {
			l.opened().ioctl("TUNSDEBUG", 1)
			return join(l.sysctl("debug.if_tun_debug").with("old"), l.write(20).events("log"))
		}},
	}},
	{"ioctls of the interface", []pageRow{
		{"if-addr", "SIOCSIFADDR: flags", in("tuninit"), func(l *lab) string { return l.ready().flags() }},
		{"if-up", "ifconfig up without an address: flags", in("tunifioctl"), func(l *lab) string { l.opened().up(); return l.flags() }},
		{"if-dstaddr", "SIOCSIFDSTADDR without an address, then with one", in("tuninit"), func(l *lab) string {
			l.opened()
			dst := ifArg{Dst: "10.0.0.2"}
			a := l.ifioctl("SIOCSIFDSTADDR", dst).err()
			l.addr("10.0.0.1", "")
			return join(a, l.ifioctl("SIOCSIFDSTADDR", dst).err())
		}},
		{"if-down-queue", "ifconfig down with 3 packets queued", in("tunifioctl"), func(l *lab) string {
			l.ready().outs(3, 20)
			return join(l.down().events("if_down"), "flags "+l.flags())
		}},
		{"if-mtu", "SIOCSIFMTU 71, 72, 65535, 65536", in("tunifioctl"), func(l *lab) string {
			l.opened()
			return join(l.mtu(71).err(), l.mtu(72).err(), l.mtu(65535).err(), l.mtu(65536).err())
		}},
		{"if-status", "SIOCGIFSTATUS while open, and after close", in("tunifioctl"), func(l *lab) string {
			a := l.opened().ifioctl("SIOCGIFSTATUS").status()
			l.close()
			return join(a, l.ifioctl("SIOCGIFSTATUS").status())
		}},
		{"if-multicast", "SIOCADDMULTI, SIOCDELMULTI", in("tunifioctl"), func(l *lab) string {
			return join(l.opened().ifioctl("SIOCADDMULTI").err(), l.ifioctl("SIOCDELMULTI").err())
		}},
		{"if-unknown", "SIOCGIFMEDIA and others that the driver does not know", in("tunifioctl"), func(l *lab) string {
			return join(l.opened().ifioctl("SIOCGIFMEDIA").err(), l.ifioctl("SIOCSIFPHYADDR").err())
		}},
	}},
	{"what a bpf listener sees", []pageRow{
		{"bpf-out", "a listener sees, of a packet of 20 bytes that the stack sends with TUNSIFHEAD", in("tunoutput"), func(l *lab) string {
			l.ready().ioctl("TUNSIFHEAD", 1)
			l.listen()
			return l.out(20).events("bpf")
		}},
		{"bpf-out-refused", "of an IPv6 packet that is EAFNOSUPPORT", in("tunoutput"), func(l *lab) string {
			l.ready().listen()
			return l.send("inet6", 20).events("bpf")
		}},
		{"bpf-out-full", "of a packet for which the queue has no room", in("tunoutput"), func(l *lab) string {
			l.ready().listen()
			return l.outs(51, 20).events("bpf")
		}},
		{"bpf-out-down", "of a packet that is sent while the interface is down", in("tunoutput"), func(l *lab) string {
			l.opened().listen()
			return l.out(20).events("bpf")
		}},
		{"bpf-in", "of 20 bytes that are written", in("tunwrite"), func(l *lab) string {
			l.ready().listen()
			return l.write(20).events("bpf")
		}},
		{"bpf-in-unknown", "of 8 bytes written with TUNSIFHEAD and family 99", in("tunwrite"), func(l *lab) string {
			l.ready().ioctl("TUNSIFHEAD", 1)
			l.listen()
			return l.writeHex("0000006345000014").events("bpf")
		}},
	}},
	{"making, destroying, the module", []pageRow{
		{"load", "sysctls after load", in("tunmodevent", "tunattach"), func(l *lab) string { return l.loaded().sysctls() }},
		{"open-unloaded", "open of `/dev/tun0` when the module is not loaded", in("tunmodevent", ""), func(l *lab) string { return l.open("tun0").err() }},
		{"load-twice", "load when it is loaded", in("tunmodevent", "tunattach"), func(l *lab) string { return l.loaded().do(op{Op: "load"}).err() }},
		{"event-unknown", "a module event that there is not", in("tunmodevent", ""), func(l *lab) string { return l.loaded().do(op{Op: "modevent"}).err() }},
		{"create", "ifconfig tun create, twice", in("tun_clone_create", "tunattach"), func(l *lab) string {
			return join(l.loaded().create("tun").with("name"), l.create("tun").with("name"))
		}},
		{"create-taken", "ifconfig tun0 create after an open has made it", in("tun_clone_create", "tunattach"), func(l *lab) string { return l.opened().create("tun0").err() }},
		{"create-open", "open of what ifconfig has made, not by root", in("tunopen", ""), func(l *lab) string { return l.made().user().open("tun0").err() }},
		{"cloning-off", "`net.link.tun.devfs_cloning` is 0, root opens `/dev/tun0`", in("tunclone", ""), func(l *lab) string {
			l.loaded().sysctl("net.link.tun.devfs_cloning", "0")
			return l.open("tun0").err()
		}},
		{"destroy", "ifconfig tun0 destroy after close", in("tun_destroy", "tunattach"), func(l *lab) string {
			l.opened().close()
			return join(l.destroy("tun0").err(), l.nodes(), l.interfaces())
		}},
		{"destroy-open", "the same while it is open; then it is closed", in("tun_destroy", ""), func(l *lab) string {
			a := l.opened().destroy("tun0").err()
			return join(a, l.close().done(), l.interfaces())
		}},
		{"destroy-signal", "a signal to a destroy that waits", in("tun_destroy", ""), func(l *lab) string { return l.signal(l.opened().destroy("tun0")).done() }},
		{"destroy-leftover", "destroy of an interface that the open had to make ([row](#tun-open-leftover))", in("tunopen", ""), func(l *lab) string {
			l.loaded().fail("if_clone_create", 0).open("tun0")
			l.close()
			return l.destroy("tun0").err()
		}},
		{"unload", "unload after close", in("tunmodevent", "tunattach"), func(l *lab) string {
			l.opened().close()
			return join(l.unload().err(), l.interfaces())
		}},
		{"unload-open", "unload while it is open", in("tunmodevent", "tunattach"), func(l *lab) string { return l.opened().unload().err() }},
	}},
	{"where the original panics", []pageRow{
		{"panic-address", "an interface address without an address: SIOCSIFADDR, then close", in("tuninit", "tunclose"), func(l *lab) string {
			a := l.opened().ifioctl("SIOCSIFADDR", ifArg{Family: "null"}).err()
			return join(a, l.close().err())
		}},
		{"panic-ifalloc", "if_alloc finds no memory", in("tuncreate", ""), func(l *lab) string { return l.loaded().fail("if_alloc", 0).create("tun0").err() }},
	}},
}

// head is a write with TUNSIFHEAD.
func (l *lab) head(hex string) step {
	l.ready().ioctl("TUNSIFHEAD", 1)
	return l.writeHex(hex)
}
