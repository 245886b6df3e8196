package wasm

import (
	"math"
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/signal"
	"wireloom/wasm/fuel"
)

// handlerName is the function of a guest that its signals are delivered to, and
// handlerType its type: it is given the number. It is called just before a call of
// the guest's returns, never while it runs already. It may do all that the guest
// may: calls, also such that sleep, and to let the memory grow.
const handlerName = "tuntap_signal"

var handlerType = fuel.FuncType{Params: []fuel.ValType{fuel.I32}}

// restarts are the calls that begin again after a handler with SA_RESTART, and how
// each says that it was interrupted. The others fail with EINTR also then, as those
// that wait for a time do on a BSD (sigaction(2)).
var restarts = map[string]uint32{
	"fd_read": toWASI(errno.EINTR), "fd_write": toWASI(errno.EINTR), "path_open": toWASI(errno.EINTR),
	"sock_accept": toWASI(errno.EINTR), "sock_recv": toWASI(errno.EINTR), "sock_recv_from": toWASI(errno.EINTR),
	"sock_send": toWASI(errno.EINTR), "sock_send_to": toWASI(errno.EINTR),
	"ioctl": negative(errno.EINTR), "waitpid": negative(errno.EINTR),
}

// deliver gives the guest its signals before the call that has the result r
// returns, and reports whether that begins again. A guest without a handler takes
// them itself.
func (g *guest) deliver(call string, r uint32) bool {
	if g.handler == nil {
		if g.handler = g.mod.ExportedFunction(handlerName); g.handler == nil {
			return false
		}
		g.handlerCalls = stackOf(g.handler)
	}
	eintr, again := restarts[call]
	again = again && r == eintr
	for first := true; g.p.SignalWaits(); first = false {
		sig := g.p.TakeSignal()
		restart := g.p.Handle(sig, func() { g.handle(sig) })
		again = again && (restart || !first)
	}
	return again
}

// handle calls the handler. How it ends the guest, if it does, ends the call that
// it interrupts too.
func (g *guest) handle(sig int) {
	g.leave()
	if _, err := g.handler.Call(g, uint64(sig)); err != nil {
		panic(err)
	}
	g.settle()
	g.checkAlive()
}

func sigaction(g *guest, a args) uint32 {
	if a.u32(1) > uint32(signal.Restart) {
		return negative(errno.EINVAL)
	}
	old, e := g.p.Sigaction(int(a.i32(0)), signal.Action(a.u32(1)))
	return result(int(old), e)
}

func sigtake(g *guest, _ args) uint32 { return uint32(g.p.Sigtake()) }

func sigpause(g *guest, a args) uint32 {
	return negative(g.p.Sigpause(uint64(a.u32(1))<<32 | uint64(a.u32(0))))
}

func signalfd(g *guest, _ args) uint32 { return result(g.p.Signalfd()) }

func kill(g *guest, a args) uint32 {
	return negative(g.p.Kill(int(a.i32(0)), int(a.i32(1))))
}

func getpid(g *guest, _ args) uint32  { return uint32(g.p.PID()) }
func getppid(g *guest, _ args) uint32 { return uint32(g.p.PPID()) }

// alarm takes and returns milliseconds; a part of one that is left counts as one.
func alarm(g *guest, a args) uint32 {
	ms := a.u32(0)
	if ms > math.MaxInt32 {
		return negative(errno.EINVAL)
	}
	left := g.p.Alarm(time.Duration(ms) * time.Millisecond)
	return uint32((left + time.Millisecond - 1) / time.Millisecond)
}
