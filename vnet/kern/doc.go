// Package kern is what a driver of a BSD kernel is written against: the
// device nodes, the network interfaces, sleep and wakeup, select and kqueue,
// mbufs, sysctl and cloning of FreeBSD 9.1, of DragonFly and of NetBSD, as
// far as a tun or a tap sees them.
//
// It is single-threaded and has no clock and no chance of its own: time,
// randomness and "soon" come from the [Host]. A process is a coroutine whose
// [Thread] a call gets; when it must wait, [Kernel.Sleep] calls its Park, and
// whoever wakes it calls its Unpark, which only schedules. So a driver reads
// like its original.
//
// # Using a kernel
//
// The owner of a kernel makes it, loads drivers and sets up interfaces:
//
//	k := kern.New(kern.Config{Dialect: kern.NetBSD, Host: node, Tracer: node, Procs: node})
//	root := &kern.Thread{PID: 1, PGID: 1} // no Park: what would sleep returns EWOULDBLOCK
//	k.Load(root, tapemu.NetBSD())
//	k.IfCreate(root, "tap0")
//	k.IfUp(root, "tap0")
//	tap := k.Ifnet("tap0")
//	tap.Input = func(ifp *kern.Ifnet, af int, m *kern.Mbuf) {
//		// A program wrote a frame: give it to the switch or the IP stack.
//		// m is ours now; copy what is needed and free it. Only queue work.
//		frame := append([]byte(nil), m.Bytes()...)
//		tag := m.Tag
//		m.Free()
//		loop.Soon(func() { port.Send(frame, tag) })
//	}
//
// A frame for the program goes the other way. A bridge uses Transmit, the IP
// stack uses Output, which also asks whether the interface is up; on a tun
// Output takes the destination:
//
//	if m := k.NewFrame(frame); m != nil { // nil: out of packet memory
//		m.Tag = id
//		err := tap.Transmit(m) // takes over m, also when it fails
//	}
//	err = tun.Output(m, k.Dialect.SockaddrOf(dst))
//
// A network card is an interface too:
//
//	em0 := k.AttachEther("em0", mac, 1500, func(m *kern.Mbuf) { ... to the wire; m is ours ... })
//	k.IfUp(root, "em0")
//	em0.Receive(k.NewFrame(frame)) // from the wire; comes out of em0.Input
//
// # Processes
//
// The machine makes a Thread for each process, with Park and Unpark of its
// coroutine, and calls the system calls on that coroutine:
//
//	t := &kern.Thread{PID: 7, PGID: 7, Cred: kern.Cred{UID: 0}}
//	t.Park = func() { yield(...) }           // returns when the loop resumes it
//	t.Unpark = func() { loop.Soon(resume) }
//	f, err := k.Open(t, "/dev/tap0", kern.O_RDWR)
//	u := kern.Uio{Buf: buf}
//	err = f.Read(t, &u) // u.Off bytes; u.Tag is the packet's
//
// A signal is k.Interrupt(t): an interruptible sleep ends with EINTR. A
// process that is killed while it sleeps is unwound by its owner, who calls
// k.Forget(t) and then closes its files. t.Wmesg() is what ps shows.
//
// poll(2) and select(2) are a loop of the machine's, which can ask devices
// and its own files alike (those keep a [SelInfo] each, call Record where
// they are not ready and Wakeup when they become so):
//
//	for {
//		k.SelBegin(t)
//		ready := ... f.Poll(t, kern.POLLIN|kern.POLLOUT) for every file ...
//		if ready { break }
//		if err = k.SelWait(t, left); err != errno.OK { break }
//	}
//	k.SelEnd(t)
//
// A [Kqueue] is kqueue(2); its files are devices or anything with Kqfilter
// (SelInfo.Attach and SelInfo.Knote are what those are made of).
//
// # Panics
//
// Where the original kernel would have panicked, the [Tracer] is told why,
// the kernel is dead ([Kernel.Dead]) and every call returns EIO. The machine
// stops its processes.
package kern
