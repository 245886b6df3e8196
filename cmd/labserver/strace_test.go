package main

import (
	"strings"
	"testing"
	"time"

	"wireloom/internal/terminal"
	"wireloom/vnet/errno"
	"wireloom/vnet/event"
)

func TestTracer(t *testing.T) {
	call := func(at time.Duration, fuel int64, e event.Event) event.Event {
		e.Kind, e.Node, e.Proc, e.PID, e.At, e.Fuel = event.Call, "bob", "p", 1, at, fuel
		if e.Began == 0 {
			e.Began = at
		}
		return e
	}
	ms := time.Millisecond
	events := []event.Event{
		{Kind: event.Start, Node: "bob", Proc: "p", PID: 1, Text: "p.wasm"},
		call(ms, 100, event.Event{Op: "open", Path: "/dev/tap0", N: 4, Text: "O_RDWR"}),
		call(3*ms, 350, event.Event{Op: "read", FD: 4, Path: "/dev/tap0", Len: 2048, N: 60, Data: make([]byte, 60), Began: 2 * ms}),
		call(3*ms, 350, event.Event{Op: "write", FD: 5, Path: "pipe", Len: 3, N: 3, Data: []byte("hi\n")}),
		call(3*ms, 350, event.Event{Op: "write", FD: 5, Path: "pipe", Len: 40, N: 40, Data: []byte(strings.Repeat("x", 40))}),
		call(3*ms, 360, event.Event{Op: "read", FD: 0, Path: "stdin", Len: 1, N: -1, Errno: uint16(errno.EINTR)}),
		{Kind: event.Signal, Node: "bob", Proc: "p", PID: 1, Op: "SIGIO", Text: "caught", At: 4 * ms, Fuel: 360},
		call(4*ms, 370, event.Event{Op: "kevent", FD: 6, Path: "kqueue", Len: 2, N: 1, Text: "{4, EVFILT_READ, EV_ADD}, for ever"}),
		call(4*ms, 370, event.Event{Op: "sigaction", Text: "SIGIO, caught"}),
		call(4*ms, 370, event.Event{Op: "ioctl", FD: 4, Path: "/dev/tap0", Text: "FIONREAD [60]", Data: []byte{60, 0, 0, 0}}),
		{Kind: event.Console, Node: "bob", Proc: "p", PID: 1, FD: 1, At: 5 * ms, Fuel: 400, Data: []byte("a\x1b[2J\nb")},
		{Kind: event.Console, Node: "bob", Proc: "p", PID: 1, FD: 2, At: 5 * ms, Fuel: 400, Data: []byte("oops: ")},
		{Kind: event.Console, Node: "bob", Proc: "p", PID: 1, FD: 1, At: 5 * ms, Fuel: 400, Data: []byte("c\r\n\n")},
		{Kind: event.Console, Node: "bob", Proc: "q\n\x1b", PID: 2, FD: 1, At: 5 * ms, Data: []byte("no line end")},
		{Kind: event.Limit, Node: "bob", Proc: "p", PID: 1, Op: "fuel", Text: "all used", At: 5 * ms, Fuel: 400},
		{Kind: event.Exit, Node: "bob", Proc: "p", PID: 1, Op: "limit", N: 152, Text: "why", At: 5 * ms, Fuel: 400},
		{Kind: event.Message, Node: "bob", Text: "kernel", At: 6 * ms},
	}
	for _, c := range []struct {
		name  string
		calls bool
		want  string
	}{
		{"calls", true, `     0.000000  bob:p            started as process 1: p.wasm
     0.001000  bob:p      +100  open("/dev/tap0", O_RDWR) = 4
     0.003000  bob:p      +250  read(4</dev/tap0>, 00000000000000000000000000000000..., 2048) = 60  <1ms>
     0.003000  bob:p            write(5<pipe>, "hi\n", 3) = 3
     0.003000  bob:p            write(5<pipe>, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"..., 40) = 40
     0.003000  bob:p       +10  read(0<stdin>, 1) = -1 EINTR (Interrupted system call)
     0.004000  bob:p            --- SIGIO ---  caught
     0.004000  bob:p       +10  kevent(6<kqueue>, {4, EVFILT_READ, EV_ADD}, for ever) = 1
     0.004000  bob:p            sigaction(SIGIO, caught) = 0
     0.004000  bob:p            ioctl(4</dev/tap0>, FIONREAD [60]) = 0
     0.005000  bob:p       +30  a\x1b[2J
     0.005000  bob:p            bc
     0.005000  bob:p            
     0.005000  bob:p            limit fuel: all used
     0.005000  bob:p            oops: 
     0.005000  bob:p            ended, limit, code 152. why
     0.006000  bob  kernel
     0.005000  bob:q\n\x1b            no line end
`},
		{"what it prints alone", false, `     0.000000  bob:p  started as process 1: p.wasm
     0.005000  bob:p  a\x1b[2J
     0.005000  bob:p  bc
     0.005000  bob:p  
     0.005000  bob:p  limit fuel: all used
     0.005000  bob:p  oops: 
     0.005000  bob:p  ended, limit, code 152. why
     0.006000  bob  kernel
     0.005000  bob:q\n\x1b  no line end
`},
	} {
		t.Run(c.name, func(t *testing.T) {
			var b strings.Builder
			tr := newTracer(&b, terminal.NewWriter(&b), c.calls)
			for i := range events {
				tr.show(&events[i])
			}
			tr.finish()
			if b.String() != c.want {
				t.Errorf("got\n%s\nwant\n%s", b.String(), c.want)
			}
		})
	}
}
