package main

import "fmt"

// cloned opens the cloner, and steps are about its unit from then on.
func (l *lab) cloned() *lab {
	s := l.loaded().open("tap")
	if unit, ok := s.res["unit"].(int); ok {
		l.unit = unit
	}
	return l
}

// reopened is close and open of the unit.
func (l *lab) reopened() *lab {
	l.close()
	l.open(l.name())
	return l
}

var tapTopics = []topic{
	{"opening", []pageRow{
		{"open-cloner", "`/dev/tap` is opened by two processes", in("tapclone", "tap_dev_cloner"), func(l *lab) string {
			return join(l.loaded().open("tap").opened(), l.as(200).open("tap").opened())
		}},
		{"open-cloner-user", "somebody who is not root opens `/dev/tap`; what is there then", in("tapopen", "tap_dev_cloner"), func(l *lab) string {
			return join(l.loaded().user().open("tap").err(), l.interfaces())
		}},
		{"open-cloner-memory", "the interface cannot be made", in("", "tap_dev_cloner"), func(l *lab) string { return l.loaded().fail("config_attach", 0).open("tap").err() }},
		{"open-unit", "root opens `/dev/tap0`, which nobody has made", in("tapopen", "tap_cdev_open"), func(l *lab) string {
			return join(l.loaded().open("tap0").err(), l.interfaces())
		}},
		{"open-unit-high", "the same, of `/dev/tap9`", in("tapmodevent", "tap_cdev_open"), func(l *lab) string { return l.loaded().open("tap9").err() }},
		{"open-user", "somebody who is not root opens a `/dev/tap0` that ifconfig has made", in("tapopen", "tap_cdev_open"), func(l *lab) string { return l.made().user().open("tap0").err() }},
		{"open-user-sysctl", "the same, `net.link.tap.user_open` is 1", in("tapopen", ""), func(l *lab) string {
			l.made().sysctl("net.link.tap.user_open", "1")
			return l.user().open("tap0").err()
		}},
		{"open-twice", "a second open by the same process", in("tapopen", "tap_cdev_open"), func(l *lab) string { return l.opened().open("tap0").err() }},
		{"open-twice-cloner", "an open by name of what `/dev/tap` has given to another", in("tapopen", "tap_cdev_open"), func(l *lab) string {
			return l.cloned().as(200).open(l.name()).err()
		}},
		{"open-interface", "the interface after the first open", in("tapcreate", "tap_attach"), func(l *lab) string {
			l.opened()
			return join("flags "+l.flags(), l.info())
		}},
		{"open-mac", "its address; ticks are 0x332211, chance gives 1, 2, 3", in("tapcreate", "tap_attach"), func(l *lab) string { return l.opened().ifnet().MAC.String() }},
		{"open-link", "link state when ifconfig has made it, and after open", in("", "tap_cdev_open"), func(l *lab) string {
			a := l.made().link()
			l.open("tap0")
			return join(a, l.link())
		}},
		{"open-link-cloner", "link state after an open of `/dev/tap`", in("", "tap_dev_cloner"), func(l *lab) string { return l.cloned().link() }},
		{"open-announced", "routing sockets are told of an open, and of the close", in("tapopen", ""), func(l *lab) string {
			a := l.loaded().open("tap0").events("rt_ifannouncemsg")
			return join(a, l.close().events("rt_ifannouncemsg"))
		}},
		{"open-announced-made", "the same, of what ifconfig has made", in("tapopen", ""), func(l *lab) string {
			return join(l.made().open("tap0").events("rt_ifannouncemsg"), l.close().events("rt_ifannouncemsg"))
		}},
		{"open-up", "`net.link.tap.up_on_open` is 1: flags after open", in("tapopen", ""), func(l *lab) string {
			l.loaded().sysctl("net.link.tap.up_on_open", "1")
			l.open("tap0")
			return l.flags()
		}},
	}},
	{"closing", []pageRow{
		{"close-queue", "3 frames of 20 bytes are queued at close", in("tapclose", "tap_dev_close"), func(l *lab) string {
			l.ready().outs(3, 20)
			s := l.close()
			return join(l.devq(), s.counted())
		}},
		{"close-flags", "flags after close of what open has made and ifconfig brought up", in("tapclose", ""), func(l *lab) string {
			l.ready().close()
			return l.flags()
		}},
		{"close-flags-made", "flags after open and close of what ifconfig has made and brought up", in("tapclose", "tap_dev_close"), func(l *lab) string {
			l.made().open("tap0")
			l.close()
			return l.flags()
		}},
		{"close-flags-open", "the same, but brought up by `net.link.tap.up_on_open`", in("tapclose", ""), func(l *lab) string {
			l.made().down()
			l.sysctl("net.link.tap.up_on_open", "1")
			l.open("tap0")
			l.close()
			return l.flags()
		}},
		{"close-cloner", "interfaces after close of `/dev/tap`", in("tapclose", "tap_fops_close"), func(l *lab) string { l.cloned().close(); return l.interfaces() }},
		{"close-high", "interfaces after `ifconfig tap4 create`, open and close of `/dev/tap4`", in("tapclose", "tap_cdev_close"), func(l *lab) string {
			l.loaded().create("tap4")
			l.unit = 4
			l.open("tap4")
			l.close()
			return l.interfaces()
		}},
		{"close-addresses", "addresses after close of what open has made", in("tapclose", ""), func(l *lab) string {
			l.ready().addr("10.0.0.1", "")
			l.close()
			return l.addrs()
		}},
		{"close-link", "link state after close", in("", "tap_dev_close"), func(l *lab) string { l.ready().close(); return l.link() }},
		{"close-tells", "who is told of a close; one polls, one has a knote", in("tapclose", "tap_dev_close"), func(l *lab) string {
			l.ready().kqueue("read")
			l.as(200).poll("IN")
			return l.close().told()
		}},
		{"close-owner", "the owner for SIGIO after close and open", in("tapclose", "tap_dev_close"), func(l *lab) string {
			l.opened().ioctl("FIOSETOWN", 100)
			return l.reopened().ioctl("FIOGETOWN").with("out")
		}},
		{"close-modes", "driver flags after FIOASYNC, FIONBIO, close and open", in("tapclose", "tap_dev_close"), func(l *lab) string {
			l.opened().ioctl("FIOASYNC", 1)
			l.ioctl("FIONBIO", 1)
			return l.reopened().modes()
		}},
	}},
	{"reading", []pageRow{
		{"read", "frames of 20 and 30 bytes are queued", in("tapread", "tap_dev_read"), func(l *lab) string {
			l.ready().out(20)
			l.out(30)
			s := l.read(2048)
			return join(s.data(), s.counted(), l.devq())
		}},
		{"read-chain", "a frame of 20 bytes in mbufs of 14 and 6", in("tapread", "tap_dev_read"), func(l *lab) string {
			l.ready().chain(20, 14)
			s := l.read(2048)
			return join(s.data(), s.counted())
		}},
		{"read-chain-empty", "a frame of 20 bytes in mbufs of 14, 0 and 6", in("tapread", "tap_dev_read"), func(l *lab) string {
			l.ready().chain(20, 14, 0)
			return l.read(2048).data()
		}},
		{"read-empty", "nothing is queued", in("tapread", "tap_dev_read"), func(l *lab) string { return l.ready().read(2048).err() }},
		{"read-nonblock", "nothing is queued, the driver gets O_NONBLOCK with the read", in("tapread", "tap_dev_read"), func(l *lab) string { return l.ready().nonblock().err() }},
		{"read-nbio", "nothing is queued, after FIONBIO 1", in("tapioctl", "tap_dev_read"), func(l *lab) string {
			return join(l.ready().ioctl("FIONBIO", 1).err(), l.read(2048).err())
		}},
		{"read-signal", "a signal comes while a read sleeps", in("tapread", "tap_dev_read"), func(l *lab) string { return l.signal(l.ready().read(2048)).done() }},
		{"read-short", "a buffer of 8 for a frame of 20", in("tapread", "tap_dev_read"), func(l *lab) string {
			l.ready().out(20)
			return join(l.read(8).data(), l.devq())
		}},
		{"read-zero", "read(2) of no bytes, one frame queued: it ends before the driver", in("devfs_fo_read", "spec_read"), func(l *lab) string {
			return l.readNothing(l.name())
		}},
		{"read-zero-cloner", "the same through the file of the cloner `/dev/tap`, which is the driver's own", in("", "tap_fops_read"), func(l *lab) string {
			return l.readNothing("tap")
		}},
		{"read-zero-entry", "a read of no bytes at the driver's entry, one frame queued", in("tapread", "tap_dev_read"), func(l *lab) string {
			l.ready().out(20)
			return join(l.read(0).data(), l.devq())
		}},
		{"read-two", "two reads sleep, one frame comes", in("tapread", "tap_dev_read"), func(l *lab) string {
			l.ready().read(2048)
			l.as(200).read(2048)
			s := l.out(20)
			return join(s.events("wakeup", "cv_broadcast"), s.done())
		}},
		{"read-down", "the interface is down", in("tapread", "tap_dev_read"), func(l *lab) string { return l.opened().read(2048).err() }},
		{"read-ifdown", "a read sleeps, then ifconfig down", in("tapifstop", "tap_stop"), func(l *lab) string {
			l.ready().read(2048)
			return l.down().done()
		}},
		{"read-fault", "the buffer is no memory of the process", in("tapread", "tap_dev_read"), func(l *lab) string {
			l.ready().out(20)
			s := l.fail("uiomove", 0).read(2048)
			return join(s.err(), l.devq())
		}},
		{"read-filter", "a packet filter (pfil) refuses the frame", in("", "tap_dev_read"), func(l *lab) string {
			l.ready().out(20)
			s := l.fail("pfil_error", 0).read(2048)
			return join(s.err(), s.counted())
		}},
		{"read-filter-takes", "a packet filter takes the frame", in("", "tap_dev_read"), func(l *lab) string {
			l.ready().out(20)
			return l.fail("pfil_consume", 0).read(2048).data()
		}},
	}},
	{"writing", []pageRow{
		{"write", "60 bytes", in("tapwrite", "tap_dev_write"), func(l *lab) string { return l.ready().write(60).written() }},
		{"write-down", "the interface is down", in("tapwrite", "tap_dev_write"), func(l *lab) string { return l.opened().write(60).written() }},
		{"write-short", "13 bytes", in("tapwrite", "tap_dev_write"), func(l *lab) string { return l.ready().write(13).written() }},
		{"write-zero", "no bytes", in("tapwrite", "tap_dev_write"), func(l *lab) string { return l.ready().write(0).written() }},
		{"write-longest", "16384 bytes, the interface's MTU is 1500", in("tapwrite", "tap_dev_write"), func(l *lab) string { return l.ready().write(16384).written() }},
		{"write-long", "16385 bytes", in("tapwrite", "tap_dev_write"), func(l *lab) string {
			s := l.ready().write(16385)
			return join(s.written(), s.left())
		}},
		{"write-multicast", "60 bytes to a multicast address: counters", in("tapwrite", "tap_dev_write"), func(l *lab) string {
			return l.ready().writeHex("01005e0000010200000000010800" + fmt.Sprintf("%092d", 0)).counted()
		}},
		{"write-fault", "the buffer is no memory of the process", in("tapwrite", "tap_dev_write"), func(l *lab) string { return l.ready().fail("uiomove", 0).write(60).written() }},
		{"write-nombuf", "the kernel has no first mbuf", in("tapwrite", "tap_dev_write"), func(l *lab) string { return l.ready().fail("mbuf", 0).write(60).written() }},
		{"write-nombuf-later", "the kernel has a first, but no second mbuf for 1514 bytes", in("tapwrite", "tap_dev_write"), func(l *lab) string { return l.ready().fail("mbuf", 1).write(1514).written() }},
		{"write-filter", "a packet filter (pfil) refuses the frame", in("", "tap_dev_write"), func(l *lab) string { return l.ready().fail("pfil_error", 0).write(60).written() }},
	}},
	{"output", []pageRow{
		{"output", "the stack sends 20 bytes", in("tapifstart", "tap_start"), func(l *lab) string {
			s := l.ready().out(20)
			return join(s.err(), s.counted(), l.devq(), "flags "+l.flags())
		}},
		{"output-closed", "nobody has the device open, the interface is up", in("tapifstart", "tap_start"), func(l *lab) string {
			s := l.made().out(20)
			return join(s.err(), s.counted(), l.devq())
		}},
		{"output-closed-chain", "the same, a frame of 20 bytes in mbufs of 14 and 6", in("tapifstart", "tap_start"), func(l *lab) string {
			return l.made().chain(20, 14).counted()
		}},
		{"output-down", "the stack sends while the interface is down", in("tapifioctl", "tap_ioctl"), func(l *lab) string { return l.opened().ether(20).err() }},
		{"output-down-bridge", "a bridge, which does not ask whether it is up, does", in("tapifstart", "tap_start"), func(l *lab) string {
			s := l.opened().out(20)
			return join(s.err(), l.devq())
		}},
		{"output-limit", "frames that wait for a read at most", in("tapcreate", "tap_attach"), func(l *lab) string { l.ready().outs(600, 20); return l.devq() }},
		{"output-full", "the frame after that", in("tapifstart", "tap_start"), func(l *lab) string {
			l.ready().outs(600, 20)
			s := l.out(20)
			return join(s.err(), s.counted(), s.told())
		}},
		{"output-multicast", "a frame to a multicast address: counters", in("tapifstart", "tap_start"), func(l *lab) string {
			return l.ready().do(op{Op: "output", Mcast: true, Gen: &gen{N: 20}}).counted()
		}},
	}},
	{"waiting for frames", []pageRow{
		{"tells", "who is told of a frame: a read, a poll, a knote, an owner with FIOASYNC", in("tapifstart", "tap_start"), func(l *lab) string { return l.ready().waiting().out(20).told() }},
		{"tells-next", "who is told of a second one, the first not yet read; a knote waits", in("tapifstart", "tap_start"), func(l *lab) string {
			l.ready().kqueue("read")
			l.out(20)
			return l.out(20).told()
		}},
		{"tells-stuck", "a frame is queued, then ifconfig down and up; a poll and a knote wait: who is told of the next frame", in("tapifstart", "tap_start"), func(l *lab) string {
			l.ready().out(20)
			l.down()
			l.up()
			l.kqueue("read")
			l.poll("IN")
			s := l.out(20)
			return join(s.told(), l.devq())
		}},
		{"tells-down", "who is told of ifconfig down", in("tapifstop", "tap_stop"), func(l *lab) string { return l.ready().waiting().down().told() }},
		{"poll-empty", "poll for IN and OUT, nothing queued", in("tappoll", "tap_dev_poll"), func(l *lab) string {
			s := l.ready().poll("IN", "OUT")
			return join(s.revents(), s.events("selrecord"))
		}},
		{"poll-queued", "poll for IN, RDNORM and OUT, one frame queued", in("tappoll", "tap_dev_poll"), func(l *lab) string {
			l.ready().out(20)
			return l.poll("IN", "RDNORM", "OUT").revents()
		}},
		{"poll-down", "poll for IN, OUT, ERR and HUP while the interface is down", in("tappoll", "tap_dev_poll"), func(l *lab) string {
			return l.opened().poll("IN", "OUT", "ERR", "HUP").revents()
		}},
		{"poll-gone", "poll for IN of a file of `/dev/tap` whose interface ifconfig has destroyed", in("", "tap_dev_poll"), func(l *lab) string {
			l.cloned().destroy(l.name())
			return l.poll("IN").revents()
		}},
		{"kqueue-read", "EVFILT_READ with frames of 20 and 30 bytes queued", in("filt_tapread", "tap_kqread"), func(l *lab) string {
			l.ready().kqueue("read")
			l.out(20)
			l.out(30)
			return l.kevent(1).note()
		}},
		{"kqueue-empty", "a frame of no bytes queued: EVFILT_READ; poll", in("filt_tapread", "tap_kqread"), func(l *lab) string {
			l.ready().kqueue("read")
			l.out(0)
			return join(l.kevent(1).note(), l.poll("IN").revents())
		}},
		{"kqueue-write", "EVFILT_WRITE", in("tapkqfilter", "tap_dev_kqfilter"), func(l *lab) string {
			if refusal := l.ready().kqueue("write").refusal(); refusal != "" {
				return refusal
			}
			return l.kevent(1).note()
		}},
		{"kqueue-vnode", "EVFILT_VNODE", in("tapkqfilter", "tap_dev_kqfilter"), func(l *lab) string { return l.ready().kqueue("vnode").refusal() }},
		{"sigio-ownerless", "FIOASYNC without an owner, a frame comes", in("tapifstart", "tap_softintr"), func(l *lab) string {
			l.ready().ioctl("FIOASYNC", 1)
			return l.out(20).events("sigio")
		}},
		{"sigio-group", "TIOCSPGRP 300: FIOGETOWN, TIOCGPGRP, and the signal", in("tapioctl", "tap_dev_ioctl"), func(l *lab) string {
			l.ready().ioctl("TIOCSPGRP", 300)
			l.ioctl("FIOASYNC", 1)
			return join(l.ioctl("FIOGETOWN").with("out"), l.ioctl("TIOCGPGRP").with("out"), l.out(20).events("sigio"))
		}},
	}},
	{"ioctls of the device", []pageRow{
		{"ioctl-known", "answered with something else than ENOTTY", in("tapioctl", "tap_dev_ioctl"), func(l *lab) string { return l.answered(tapIoctls, true) }},
		{"ioctl-unknown", "ENOTTY", in("tapioctl", "tap_dev_ioctl"), func(l *lab) string { return l.answered(tapIoctls, false) }},
		{"ioctl-fionread", "FIONREAD with frames of 20 and 30 bytes queued, then with none", in("tapioctl", "tap_dev_ioctl"), func(l *lab) string {
			l.ready().out(20)
			l.out(30)
			a := l.ioctl("FIONREAD").with("out")
			l.read(99)
			l.read(99)
			return join(a, l.ioctl("FIONREAD").with("out"))
		}},
		{"ioctl-fiosetown", "FIOSETOWN of a process that there is, and of none", in("tapioctl", "tap_dev_ioctl"), func(l *lab) string {
			return join(l.opened().ioctl("FIOSETOWN", 200).err(), l.ioctl("FIOSETOWN", 5000).err())
		}},
		{"ioctl-async", "FIOASYNC when the kernel has no softint left", in("", "tap_dev_ioctl"), func(l *lab) string {
			return l.opened().fail("softint_establish", 0).ioctl("FIOASYNC", 1).err()
		}},
		{"ioctl-name", "TAPGIFNAME", in("", "tap_dev_ioctl"), func(l *lab) string { return l.opened().ioctl("TAPGIFNAME").with("out") }},
		{"ioctl-info", "TAPSIFINFO: MTU 0, type 23, baud rate -1, not by root", in("tapioctl", ""), func(l *lab) string {
			return join(l.opened().user().ioctl("TAPSIFINFO", info{0, 23, -1}).err(), l.info())
		}},
		{"ioctl-info-negative", "TAPSIFINFO with MTU -2: the interface's, and that of TAPGIFINFO", in("tapioctl", ""), func(l *lab) string {
			l.opened().ioctl("TAPSIFINFO", info{MTU: -2})
			return join(l.info(), mtuOf(l.ioctl("TAPGIFINFO")))
		}},
		{"ioctl-flags", "SIOCGIFFLAGS of the device", in("tapioctl", ""), func(l *lab) string { return l.ready().ioctl("SIOCGIFFLAGS").with("out") }},
		{"ioctl-vmio", "VMIO_SIOCSIFFLAGS with DEBUG and LINK0 while down: flags", in("tapioctl", ""), func(l *lab) string {
			return join(l.opened().ioctl("VMIO_SIOCSIFFLAGS", []string{"DEBUG", "LINK0"}).err(), l.flags())
		}},
		{"ioctl-addr", "SIOCSIFADDR of the device with 02:00:00:00:00:09: the other side's address, the interface's", in("tapioctl", ""), func(l *lab) string {
			l.opened().ioctl("SIOCSIFADDR", "02:00:00:00:00:09")
			return join(l.state().Remote.String(), l.ifnet().MAC.String())
		}},
		{"ioctl-addr-get", "SIOCGIFADDR and OSIOCGIFADDR of the device, after that", in("tapioctl", ""), func(l *lab) string {
			l.opened().ioctl("SIOCSIFADDR", "02:00:00:00:00:09")
			return join(l.ioctl("SIOCGIFADDR").out(), l.ioctl("OSIOCGIFADDR").out())
		}},
		{"ioctl-debug", "TAPSDEBUG 1: the sysctls, and what is logged of a poll for OUT", in("tapioctl", ""), func(l *lab) string {
			l.opened().ioctl("TAPSDEBUG", 1)
			return join(l.sysctls(), l.poll("OUT").events("log"))
		}},
		{"stat", "fstat of a file of `/dev/tap` by user 1001, group 100: owner; times of access and change after opening at 2 s, a read at 3 s, a write at 4 s", in("", "tap_fops_stat"), func(l *lab) string {
			l.user().cloned().read(1)
			l.write(60)
			return l.stat().times()
		}},
		{"stat-gone", "the same, when ifconfig has destroyed the interface", in("", "tap_fops_stat"), func(l *lab) string {
			l.cloned().destroy("tap0")
			return l.stat().err()
		}},
	}},
	{"ioctls of the interface", []pageRow{
		{"if-up", "ifconfig up: flags", in("tapifflags", "tap_init"), func(l *lab) string { return l.ready().flags() }},
		{"if-up-queue", "a frame is queued while down (by a bridge), then ifconfig up: frames to read", in("tapifinit", "tap_init"), func(l *lab) string {
			l.opened().out(20)
			l.up()
			return l.devq()
		}},
		{"if-up-again", "a frame is queued, ifconfig up again", in("tapifflags", "tap_init"), func(l *lab) string {
			l.ready().out(20)
			s := l.up()
			return join(l.devq(), s.told())
		}},
		{"if-down", "ifconfig down with 3 frames queued", in("tapifstop", "tap_stop"), func(l *lab) string {
			l.ready().outs(3, 20)
			s := l.down()
			return join(l.devq(), s.counted(), "flags "+l.flags())
		}},
		{"if-addr", "an IPv4 address for an interface that is down: flags", in("tapifioctl", "tap_ioctl"), func(l *lab) string {
			if l.opened(); l.netbsd() {
				l.ifioctl("SIOCINITIFADDR", ifArg{Family: "inet"})
			} else {
				l.addr("10.0.0.1", "")
			}
			return l.flags()
		}},
		{"if-mtu-low", "SIOCSIFMTU 45, 46, 71, 72", in("tapifioctl", "tap_ioctl"), func(l *lab) string { return l.ready().mtus(45, 46, 71, 72) }},
		{"if-mtu-high", "SIOCSIFMTU 1500, 1501, 9000, 9001", in("tapifioctl", "tap_ioctl"), func(l *lab) string { return l.ready().mtus(1500, 1501, 9000, 9001) }},
		{"if-phyaddr", "SIOCSIFPHYADDR of family link with 02:00:00:00:00:09, then of inet", in("tapifioctl", "tap_lifaddr"), func(l *lab) string {
			a := l.opened().ifioctl("SIOCSIFPHYADDR", ifArg{Family: "link", MAC: "02:00:00:00:00:09"}).err()
			return join(a, l.ifnet().MAC.String(), l.ifioctl("SIOCSIFPHYADDR", ifArg{Family: "inet"}).err())
		}},
		{"if-status", "SIOCGIFSTATUS while open, and after close", in("tapifioctl", "tap_ioctl"), func(l *lab) string {
			a := l.opened().ifioctl("SIOCGIFSTATUS").status()
			l.close()
			return join(a, l.ifioctl("SIOCGIFSTATUS").status())
		}},
		{"if-multicast", "SIOCADDMULTI of a multicast address, SIOCDELMULTI of it, SIOCDELMULTI again", in("tapifioctl", "tap_ioctl"), func(l *lab) string {
			group := ifArg{MAC: "01:00:5e:00:00:01"}
			return join(l.opened().ifioctl("SIOCADDMULTI", group).err(), l.ifioctl("SIOCDELMULTI", group).err(), l.ifioctl("SIOCDELMULTI", group).err())
		}},
		{"if-multicast-foreign", "SIOCDELMULTI of a group that was never joined; of an address that is no group; SIOCADDMULTI of that", in("tapifioctl", "tap_ioctl"), func(l *lab) string {
			group, host := ifArg{MAC: "01:00:5e:00:00:02"}, ifArg{MAC: "02:00:5e:00:00:02"}
			return join(l.opened().ifioctl("SIOCDELMULTI", group).err(), l.ifioctl("SIOCDELMULTI", host).err(), l.ifioctl("SIOCADDMULTI", host).err())
		}},
		{"if-unknown", "SIOCSIFMEDIA and others that the driver does not know", in("tapifioctl", "tap_ioctl"), func(l *lab) string { return l.opened().ifioctl("SIOCSIFMEDIA").err() }},
	}},
	{"what a bpf listener sees", []pageRow{
		{"bpf-out", "what a listener sees of a frame of 20 bytes when the stack sends it; when it is read", in("tapread", "tap_dev_read"), func(l *lab) string {
			l.ready().listen()
			return join(l.out(20).events("bpf"), l.read(2048).events("bpf"))
		}},
		{"bpf-out-closed", "of a frame that is sent while nobody has the device open", in("tapifstart", "tap_start"), func(l *lab) string {
			l.made().listen()
			return l.out(20).events("bpf")
		}},
		{"bpf-out-close", "of a frame that is queued at close", in("tapclose", "tap_dev_close"), func(l *lab) string {
			l.ready().listen()
			l.out(20)
			return l.close().events("bpf")
		}},
		{"bpf-in", "of 60 bytes that are written", in("tapwrite", "tap_dev_write"), func(l *lab) string {
			l.ready().listen()
			return l.write(60).events("bpf")
		}},
		{"bpf-in-down", "the same, while the interface is down", in("tapwrite", "tap_dev_write"), func(l *lab) string {
			l.opened().listen()
			return l.write(60).events("bpf")
		}},
	}},
	{"sysctls", []pageRow{
		{"sysctl", "after load, and one interface", in("tapmodevent", "sysctl_tap_setup"), func(l *lab) string { return l.made().sysctls() }},
		{"sysctl-user", "a write by somebody who is not root", in("tapmodevent", "tap_sysctl_handler"), func(l *lab) string {
			if l.made().user(); l.netbsd() {
				return l.sysctl("net.link.tap.tap0", "02:00:00:00:00:09").err()
			}
			return l.sysctl("net.link.tap.user_open", "1").err()
		}},
		{"sysctl-mac", "`net.link.tap.tap0` is set to 2:0:0:0:0:9; the interface's address", in("", "tap_sysctl_handler"), func(l *lab) string { return l.made().setMAC("2:0:0:0:0:9") }},
		{"sysctl-mac-multicast", "to 01:00:5e:00:00:01, a multicast address", in("", "tap_sysctl_handler"), func(l *lab) string { return l.made().setMAC("01:00:5e:00:00:01") }},
		{"sysctl-mac-empty", "to nothing", in("", "tap_sysctl_handler"), func(l *lab) string { return l.made().setMAC("") }},
		{"sysctl-mac-bad", "to 02:00:00:00:00", in("", "tap_sysctl_handler"), func(l *lab) string { return l.made().setMAC("02:00:00:00:00") }},
	}},
	{"making, destroying, the module", []pageRow{
		{"load", "nodes after load", in("tapmodevent", ""), func(l *lab) string { return l.loaded().nodes() }},
		{"open-unloaded", "open of `/dev/tap0` when the module is not loaded", in("tapmodevent", "tapinit"), func(l *lab) string { return l.open("tap0").err() }},
		{"load-twice", "load when it is loaded", in("tapmodevent", "tapinit"), func(l *lab) string { return l.loaded().do(op{Op: "load"}).err() }},
		{"load-fails", "autoconf refuses the driver", in("", "tapinit"), func(l *lab) string {
			s := l.fail("cfattach_attach", 0).do(op{Op: "load"})
			return join(s.err(), s.events("log"))
		}},
		{"create", "ifconfig tap create, tap9 create, tap9 create again", in("tap_clone_create"), func(l *lab) string {
			l.loaded()
			return join(l.create("tap").err(), l.create("tap9").err(), l.create("tap9").err(), l.interfaces())
		}},
		{"create-adopts", "`/dev/tap0` is open and made by that, ifconfig tap create: flags after ifconfig up and close", in("tap_clone_create", ""), func(l *lab) string {
			l.ready().create("tap")
			l.close()
			return l.flags()
		}},
		{"create-fails", "ifconfig tap0 create, the interface cannot be made", in("", "tap_clone_create"), func(l *lab) string { return l.loaded().fail("config_attach", 0).create("tap0").err() }},
		{"destroy", "ifconfig tap0 destroy of what ifconfig has made", in("tap_clone_destroy"), func(l *lab) string {
			return join(l.made().destroy("tap0").err(), l.interfaces())
		}},
		{"destroy-left", "ifconfig tap0 destroy of what an open has made and the close has left", in("tap_clone_destroy", ""), func(l *lab) string {
			l.opened().close()
			return join(l.destroy("tap0").err(), l.interfaces())
		}},
		{"destroy-cloner", "ifconfig destroy of what `/dev/tap` has made and a program has open", in("tap_clone_destroy"), func(l *lab) string {
			l.cloned()
			return join(l.destroy(l.name()).err(), l.interfaces(), l.module())
		}},
		{"destroy-cloner-file", "the file of `/dev/tap` after that: read, write, FIONREAD, close", in("", "tap_fops_close"), func(l *lab) string {
			l.cloned().destroy(l.name())
			return join(l.read(2048).err(), l.write(60).err(), l.ioctl("FIONREAD").err(), l.close().err())
		}},
		{"destroy-cloner-unload", "unload after the close", in("tapmodevent", "tapdetach"), func(l *lab) string {
			l.cloned().destroy(l.name())
			l.close()
			return l.unload().err()
		}},
		{"destroy-open", "ifconfig destroys tap9, which it has made and a program has open", in("tapdestroy", "tap_detach"), func(l *lab) string {
			l.madeOpen9()
			return join(l.destroy("tap9").err(), l.interfaces(), l.module())
		}},
		{"destroy-open-unload", "unload after that", in("tapmodevent", "tapdetach"), func(l *lab) string {
			l.madeOpen9()
			l.destroy("tap9")
			return l.unload().err()
		}},
		{"destroy-reading", "a read sleeps in what is destroyed", in("", "tap_detach"), func(l *lab) string {
			l.ready().read(2048)
			return l.destroy("tap0").done()
		}},
		{"destroy-reused", "ifconfig destroys what a file of `/dev/tap` has open and makes tap0 anew; the file is closed", in("", "tap_fops_close"), func(l *lab) string {
			l.cloned().destroy("tap0")
			l.create("tap0")
			return join(l.close().err(), l.interfaces())
		}},
		{"lastunit", "module counters after ifconfig has made tap0 and tap9 and destroyed them", in("tapdestroy", "tap_clone_destroy"), func(l *lab) string {
			l.made().create("tap9")
			l.destroy("tap9")
			l.destroy("tap0")
			return l.module()
		}},
		{"unload-open", "unload while it is open", in("tapmodevent", "tapdetach"), func(l *lab) string { return l.opened().unload().err() }},
		{"unload-made", "unload while there is an interface that nobody has open", in("tapmodevent", "tapdetach"), func(l *lab) string {
			return join(l.made().unload().err(), l.interfaces())
		}},
		{"event-unknown", "a module event that there is not", in("tapmodevent", ""), func(l *lab) string { return l.loaded().do(op{Op: "modevent"}).err() }},
	}},
	{"where the original panics", []pageRow{
		{"panic-close", "ifconfig destroys tap0, which it has made and a program has open: close", in("tapclose", "tap_cdev_close"), func(l *lab) string {
			l.made().open("tap0")
			return join(l.destroy("tap0").err(), l.close().err())
		}},
		{"panic-write", "the same: write", in("tapwrite", "tap_dev_write"), func(l *lab) string {
			l.made().open("tap0")
			l.destroy("tap0")
			return l.write(60).err()
		}},
	}},
}

// madeOpen9 is tap9, made by ifconfig and open.
func (l *lab) madeOpen9() {
	l.loaded().create("tap9")
	l.unit = 9
	l.open("tap9")
}

// mtus are the answers to SIOCSIFMTU.
func (l *lab) mtus(all ...int) string {
	var out []string
	for _, n := range all {
		out = append(out, l.mtu(n).err())
	}
	return join(out...)
}

// setMAC is what NetBSD's sysctl makes of a string, and the address then.
func (l *lab) setMAC(s string) string {
	return join(l.sysctl("net.link.tap.tap0", s).err(), l.ifnet().MAC.String())
}
