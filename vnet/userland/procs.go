package userland

import (
	"strconv"
	"strings"
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/signal"
	"wireloom/vnet/sys"
	"wireloom/vnet/userland/command"
)

// The commands on processes: ps(1), kill(1) and sleep(1).

func psCommand() *command.Command {
	return command.New("ps", "show the node's processes",
		"ps", psMain)
}

func killCommand() *command.Command {
	return command.New("kill", "send a signal to processes",
		"kill [-signal_name | -signal_number] pid ...", killMain)
}

func sleepCommand() *command.Command {
	return command.New("sleep", "let virtual time pass",
		"sleep seconds", sleepMain)
}

// states are the letters of ps(1).
var states = map[string]string{"running": "R", "ready": "R", "sleeping": "S", "zombie": "Z"}

// psMain prints what ps -l does, as far as there is such a thing here. TIME is CPU
// time: the fuel that a program has used.
func psMain(p *command.Proc) sys.Exit {
	if len(p.Args()) > 1 {
		return p.Misuse()
	}
	p.Printf("  PID  PPID STAT WCHAN       RSS      TIME COMMAND\n")
	for _, x := range p.System().Processes() {
		used := time.Duration(x.Fuel) * sys.FuelNanosecond
		wchan := x.Wchan
		if wchan == "" {
			wchan = "-"
		}
		p.Printf("%5d %5d %-4s %-8s %6d %2d:%05.2f %s\n", x.PID, x.PPID, states[x.State], wchan, x.Memory>>10,
			int(used.Minutes()), (used % time.Minute).Seconds(), strings.Join(x.Args, " "))
	}
	return command.Exit(0)
}

func killMain(p *command.Proc) sys.Exit {
	args := p.Args()[1:]
	sig := signal.SIGTERM
	if len(args) > 0 && len(args[0]) > 1 && args[0][0] == '-' {
		name := args[0][1:]
		n, ok := signalNumber(name)
		if !ok {
			return p.Fail(1, "%s: unknown signal", name)
		}
		sig, args = n, args[1:]
	}
	if len(args) == 0 {
		return p.Misuse()
	}
	code := 0
	for _, a := range args {
		pid, err := strconv.Atoi(a)
		if err != nil {
			p.Warn("illegal process id: %s", a)
			code = 1
			continue
		}
		if e := p.Kill(pid, sig); e != errno.OK {
			p.Warn("%d: %s", pid, e.Message())
			code = 1
		}
	}
	return command.Exit(code)
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

func sleepMain(p *command.Proc) sys.Exit {
	args := p.Args()[1:]
	if len(args) != 1 {
		return p.Misuse()
	}
	s, err := strconv.ParseFloat(args[0], 64)
	if err != nil || !(s >= 0 && s <= 1e6) {
		return p.Fail(1, "%s is not a number of seconds from 0 to 1000000", args[0])
	}
	p.Sleep(time.Duration(s * float64(time.Second)))
	return command.Exit(0)
}
