package byhand

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/signal"
	"wireloom/vnet/sys"
	"wireloom/vnet/userland/admin"
	"wireloom/vnet/userland/command"
)

// Limits of the syscall command.
const (
	handLine  = 16 << 10       // bytes of a line
	handIO    = 64 << 10       // bytes of a read or write
	handDump  = 16 << 10       // bytes of a dump
	handSleep = 24 * time.Hour // of virtual time to wait at once
)

// Command is the command Command.
func Command() *command.Command {
	return command.New("syscall", "make system calls by hand: open, read, write, ioctl, poll, kevent",
		`syscall [-c "call; call; ..."]
       Without -c it reads calls from standard input, one a line or several with
       semicolons between, and prints what the kernel answers: help lists them.
       Ctrl-C interrupts a call that waits; Ctrl-D or exit ends it.`, handMain)
}

// A hand is a process that makes the system calls which a person types: what a
// program would do, a call at a time, with the answers of this kernel.
type hand struct {
	*command.Proc
	typed []byte // read from standard input, not a line yet
	eof   bool
	done  bool // the exit call was made
	code  int
}

// A call is something to type.
type call struct {
	name, usage, does string
	// run makes the call and prints the answer. An error is a sentence about what
	// was typed; the call was not made then.
	run func(h *hand, args []string) error
}

// errUsage says that the arguments are too few, or too many.
var errUsage = errors.New("")

// calls are in the order of help. (A function: help itself is one of them.)
func calls() []call {
	return slices.Concat(fileCalls, waitCalls, []call{
		{"ioctl", "ioctl FD|INTERFACE NAME|NUMBER [VALUE]...", "control a device, or an interface; help ioctl lists the names", (*hand).ioctl},
		{"ifconfig", "ifconfig ...", "the node's ifconfig", (*hand).ifconfig},
		{"sysctl", "sysctl [NAME[=VALUE]]", "show or set a variable of the kernel, or show all", (*hand).sysctl},
		{"getpid", "getpid", "the process id; as a value it is $$", (*hand).getpid},
		{"help", "help [CALL]", "list the calls, or say how to make one", (*hand).help},
		{"exit", "exit [CODE]", "close what is open, and end", (*hand).exit},
	})
}

func handMain(p *command.Proc) sys.Exit {
	h := &hand{Proc: p}
	args := p.Args()[1:]
	p.Catch(signal.SIGINT)
	p.Catch(signal.SIGIO)
	switch {
	case len(args) == 0:
		return h.interact()
	case args[0] == "-c" && len(args) > 1:
		return h.batch(strings.Join(args[1:], " "))
	}
	return p.Misuse()
}

// Prompt is what the syscall command prints before it reads a call.
const Prompt = "syscall> "

// interact reads lines until there are no more.
func (h *hand) interact() sys.Exit {
	for !h.done {
		h.Printf(Prompt)
		line, ok := h.line()
		if h.Dying() {
			return h.Verdict()
		}
		if !ok {
			h.Printf("\n")
			break
		}
		for c := range strings.SplitSeq(line, ";") {
			if err := h.do(c); err != nil {
				h.Warn("%v", err)
			}
			if h.Dying() {
				return h.Verdict()
			}
			if h.signals() || h.done {
				break // what follows on the line is given up
			}
		}
	}
	return command.Exit(h.code)
}

// batch makes the calls of -c, showing each as if it had been typed.
func (h *hand) batch(list string) sys.Exit {
	for c := range strings.SplitSeq(list, ";") {
		c = strings.TrimSpace(c)
		if c == "" {
			continue
		}
		h.Printf("%s%s\n", Prompt, c)
		err := h.do(c)
		switch {
		case h.Dying():
			return h.Verdict()
		case err != nil:
			return h.Fail(command.ExUsage, "%v", err)
		case h.signals():
			return command.Exit(128 + signal.SIGINT)
		case h.done:
			return command.Exit(h.code)
		}
	}
	return command.Exit(0)
}

// line returns the next line that was typed; false at the end of the input, or when
// the process must end. Of one that is too long nothing is done.
func (h *hand) line() (string, bool) {
	buf := make([]byte, 4096)
	long := false
	for {
		if i := bytes.IndexByte(h.typed, '\n'); i >= 0 {
			line := string(h.typed[:i])
			h.typed = h.typed[i+1:]
			if !long && len(line) <= handLine {
				return line, true
			}
			h.Warn("the line is longer than %d bytes: nothing was done", handLine)
			h.Printf(Prompt)
			long = false
			continue
		}
		if len(h.typed) > handLine {
			h.typed, long = h.typed[:0], true
		}
		if h.eof {
			line := string(h.typed)
			h.typed = nil
			return line, line != "" && !long
		}
		n, e := h.Read(0, buf)
		switch {
		case h.Dying():
			return "", false
		case e == errno.EINTR:
			h.Printf("\n")
			if h.signals() {
				h.typed, long = h.typed[:0], false
			}
			h.Printf(Prompt)
		case e != errno.OK || n == 0:
			h.eof = true
		default:
			h.typed = append(h.typed, buf[:n]...)
		}
	}
}

// signals says which signals came and reports whether SIGINT was among them.
func (h *hand) signals() (interrupted bool) {
	for sig := h.TakeSignal(); sig != 0; sig = h.TakeSignal() {
		if sig == signal.SIGINT {
			interrupted = true
			continue
		}
		h.Printf("SIGIO\n")
	}
	return interrupted
}

// do makes one call.
func (h *hand) do(text string) error {
	args := strings.Fields(text)
	if len(args) == 0 || args[0][0] == '#' {
		return nil
	}
	for _, c := range calls() {
		if c.name != args[0] {
			continue
		}
		err := c.run(h, args[1:])
		if errors.Is(err, errUsage) {
			return errors.New("usage: " + c.usage)
		}
		if err != nil {
			return fmt.Errorf("%s: %w; usage: %s", c.name, err, c.usage)
		}
		return nil
	}
	return fmt.Errorf("there is no call %.40q; help lists them", args[0])
}

// answer prints the result of a call, as truss(1) does. more is what else came out,
// printed where the call succeeded.
func (h *hand) answer(n int, e errno.Errno, more string) { h.Printf("%s", answerText(n, e, more)) }

// answerText is the line that ReadAnswer reads.
func answerText(n int, e errno.Errno, more string) string {
	if e != errno.OK {
		return fmt.Sprintf("= -1 %s (%s)\n", e, e.Message())
	}
	if more != "" {
		more = " " + more
	}
	return fmt.Sprintf("= %d%s\n", n, more)
}

func (h *hand) help(args []string) error {
	switch len(args) {
	case 0:
		for _, c := range calls() {
			h.Printf("%s\n        %s\n", c.usage, c.does)
		}
		return nil
	case 1:
		for _, c := range calls() {
			if c.name != args[0] {
				continue
			}
			h.Printf("%s: %s\n", c.usage, c.does)
			if c.name == "ioctl" {
				h.Printf("%s", ioctlHelp())
			}
			return nil
		}
		return fmt.Errorf("there is no call %.40q", args[0])
	}
	return errUsage
}

func (h *hand) exit(args []string) error {
	if len(args) > 1 {
		return errUsage
	}
	if len(args) == 1 {
		n, err := strconv.ParseUint(args[0], 10, 8)
		if err != nil {
			return fmt.Errorf("the code %.40q is not a number from 0 to 255", args[0])
		}
		h.code = int(n)
	}
	h.done = true
	return nil
}

func (h *hand) getpid(args []string) error {
	if len(args) > 0 {
		return errUsage
	}
	h.answer(h.PID(), errno.OK, "")
	return nil
}

// ifconfig runs the node's command in this process.
func (h *hand) ifconfig(args []string) error {
	_ = admin.Ifconfig().In(h.Proc, args...) // it has said what is wrong
	return nil
}

func (h *hand) sysctl(args []string) error {
	k, t := h.System().Kernel(), h.Thread()
	if len(args) == 0 {
		for _, s := range k.Sysctls(t) {
			h.Printf("%s: %s\n", s.Name, s.Value)
		}
		return nil
	}
	if len(args) > 1 {
		return errUsage
	}
	name, value, set := strings.Cut(args[0], "=")
	var to *string
	if set {
		to = &value
	}
	old, e := k.Sysctl(t, name, to)
	switch {
	case e != errno.OK:
		h.answer(-1, e, "")
	case set:
		h.Printf("%s: %s -> %s\n", name, old, value)
	default:
		h.Printf("%s: %s\n", name, old)
	}
	return nil
}

// fd reads a descriptor. One that is not open is not refused: the kernel says EBADF.
func fd(text string) (int, error) {
	n, err := strconv.ParseInt(text, 10, 32)
	if err != nil {
		return 0, fmt.Errorf("the descriptor %.40q is not a number, as open printed it", text)
	}
	return int(n), nil
}
