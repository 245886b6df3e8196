package userland

import (
	"strconv"
	"strings"
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/signal"
	"wireloom/vnet/sys"
)

// The commands on processes: ps(1), kill(1) and sleep(1).

func psCommand() *command {
	return &command{name: "ps", summary: "show the node's processes", main: psMain, usage: "ps"}
}

func killCommand() *command {
	return &command{name: "kill", summary: "send a signal to processes", main: killMain, usage: "kill [-signal_name | -signal_number] pid ..."}
}

func sleepCommand() *command {
	return &command{name: "sleep", summary: "let virtual time pass", main: sleepMain, usage: "sleep seconds"}
}

// states are the letters of ps(1).
var states = map[string]string{"running": "R", "ready": "R", "sleeping": "S", "zombie": "Z"}

// psMain prints what ps -l does, as far as there is such a thing here. TIME is CPU
// time: the fuel that a program has used.
func psMain(p *proc) sys.Exit {
	if len(p.Args()) > 1 {
		return p.misuse()
	}
	p.printf("  PID  PPID STAT WCHAN       RSS      TIME COMMAND\n")
	for _, x := range p.System().Processes() {
		used := time.Duration(x.Fuel) * sys.FuelNanosecond
		wchan := x.Wchan
		if wchan == "" {
			wchan = "-"
		}
		p.printf("%5d %5d %-4s %-8s %6d %2d:%05.2f %s\n", x.PID, x.PPID, states[x.State], wchan, x.Memory>>10,
			int(used.Minutes()), (used % time.Minute).Seconds(), strings.Join(x.Args, " "))
	}
	return exit(0)
}

func killMain(p *proc) sys.Exit {
	args := p.Args()[1:]
	sig := signal.SIGTERM
	if len(args) > 0 && len(args[0]) > 1 && args[0][0] == '-' {
		name := args[0][1:]
		n, ok := signalNumber(name)
		if !ok {
			return p.fail(1, "%s: unknown signal", name)
		}
		sig, args = n, args[1:]
	}
	if len(args) == 0 {
		return p.misuse()
	}
	code := 0
	for _, a := range args {
		pid, err := strconv.Atoi(a)
		if err != nil {
			p.warn("illegal process id: %s", a)
			code = 1
			continue
		}
		if e := p.Kill(pid, sig); e != errno.OK {
			p.warn("%d: %s", pid, e.Message())
			code = 1
		}
	}
	return exit(code)
}

// signalNumber finds a signal by its name, with or without SIG, or its number.
func signalNumber(name string) (int, bool) {
	if n, err := strconv.Atoi(name); err == nil {
		return n, n == 0 || signal.Name(n) != ""
	}
	name = "SIG" + strings.TrimPrefix(strings.ToUpper(name), "SIG")
	for n := 1; signal.Name(n) != ""; n++ {
		if signal.Name(n) == name {
			return n, true
		}
	}
	return 0, false
}

func sleepMain(p *proc) sys.Exit {
	args := p.Args()[1:]
	if len(args) != 1 {
		return p.misuse()
	}
	s, err := strconv.ParseFloat(args[0], 64)
	if err != nil || !(s >= 0 && s <= 1e6) {
		return p.fail(1, "%s is not a number of seconds from 0 to 1000000", args[0])
	}
	p.Sleep(time.Duration(s * float64(time.Second)))
	return exit(0)
}
