package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"nhooyr.io/websocket"

	"wireloom/internal/terminal"
)

const (
	maxTyped     = 4 << 10 // bytes of a line
	maxHeld      = 100_000 // events kept until a command's name is known
	patience     = 3       // Ctrl-C typed so often without an answer leaves the command alone
	codeSignaled = 128     // and the signal's number: how a shell counts
)

func runAttach(ctx context.Context, args []string, io stdio) int {
	f := newFlags(io, "attach", "[--server URL] LAB NODE [COMMAND...]", `A prompt at a node of a lab that a server runs. LAB is the lab's id, or the address
of its page, which ends in #lab=ID. Lines are commands of the node: help lists them.
While a command waits at a prompt of its own, as syscall does, lines go to it.
Ctrl-C interrupts the command that runs, Ctrl-D leaves. With COMMAND it runs that
and exits with its exit code. Flags come before LAB.`)
	server := f.String("server", "http://127.0.0.1:8080", "the server's `URL`")
	help := f.Usage
	f.Usage = func() {}
	switch err := parseFlags(f, args); {
	case errors.Is(err, flag.ErrHelp):
		help()
		return exitOK
	case err != nil:
		return exitError
	}
	args = f.Args()
	if len(args) < 2 || args[0] == "" {
		return wants(io, f, "a LAB and a NODE", args)
	}
	lab := args[0]
	if page, id, found := strings.Cut(lab, "#lab="); found {
		*server, lab = page, id
	}
	signals := make(chan os.Signal, patience)
	signal.Notify(signals, endings(nil)...)
	defer signal.Stop(signals)
	a := &attachment{io: io, node: args[1], command: quote(args[2:]), terminal: terminal.Is(io.in), signals: signals}
	// The signals are ours: the first Ctrl-C ends a command, not the prompt.
	code, err := a.attach(context.WithoutCancel(ctx), *server, lab)
	if err != nil {
		return fail(io, err)
	}
	return code
}

// quote makes a command line of words, for a node's prompt to take apart again.
func quote(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
	}
	return strings.Join(quoted, " ")
}

// An attachment is a prompt at a node. One goroutine reads what the server sends
// and one what is typed, a line each time that one is wanted; the rest is the
// caller's. It has many fields since what is read, typed and asked for meets here alone.
type attachment struct {
	io       stdio
	node     string
	command  string // all that is to be run; "" for a prompt
	terminal bool   // a person types: show prompts, and echo nothing
	signals  <-chan os.Signal

	conn   *websocket.Conn
	lastID int64
	out    *terminal.Stream // the command's standard output; nil before it printed
	errs   *terminal.Stream // its standard error, likewise

	running  bool // a command was sent and has not ended
	proc     string
	execID   int64          // of the request that started it
	held     []serverEvent  // what came before its name was known, or while text was asked for
	asking   *asking        // for text that the server has not shown
	open     bool           // it wrote the beginning of a line: it waits at a prompt
	lines    map[int64]bool // requests that carry a typed line
	strikes  int            // Ctrl-C in a row that nothing came of
	prompted bool
	asked    bool // a line is being read
	paused   bool // the lab's time stands still
	lost     bool // events did not arrive since the command began
	code     int  // of the last command
}

// A typedLine is a line of standard input, or its end.
type typedLine struct {
	text string
	err  error // io.EOF at the end
}

// attach connects, and is the prompt until it is left. It returns the exit code of
// the last command.
func (a *attachment) attach(ctx context.Context, server, lab string) (int, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	hello, err := a.dial(ctx, server, lab, "")
	if err != nil {
		return 0, err
	}
	defer func() { _ = a.conn.CloseNow() }() // said goodbye already, or failed
	var nodes []string
	for _, n := range hello.Topology.Nodes {
		nodes = append(nodes, n.Name)
	}
	if !slices.Contains(nodes, a.node) {
		return 0, fmt.Errorf("there is no node %q in this lab: it has %s", a.node, terminal.Line(strings.Join(nodes, ", ")))
	}
	// Once more, from where the lab is now: what was before is not ours to read.
	if _, err = a.dial(ctx, server, lab, fmt.Sprintf("?since=%d", hello.Next)); err != nil {
		return 0, err
	}
	messages, broken := make(chan serverMessage), make(chan error, 1)
	go func() { broken <- receive(ctx, a.conn, messages) }()
	ask, typed := make(chan struct{}, 1), make(chan typedLine)
	defer close(ask)
	go readLines(ctx, a.io.in, ask, typed)

	if a.command != "" {
		if err := a.exec(ctx, a.command); err != nil {
			return 0, err
		}
	}
	for a.running || a.command == "" {
		a.wantLine(ask)
		var err error
		left := false
		select {
		case m := <-messages:
			err = a.message(ctx, m)
		case l := <-typed:
			left, err = a.line(ctx, l)
		case s := <-a.signals:
			left, err = a.signal(ctx, s)
		case err = <-broken:
			err = fmt.Errorf("the connection to the server is lost: %w", err)
		}
		if err != nil {
			a.quiet()
			return 0, err
		}
		if left {
			break
		}
	}
	a.quiet()
	_ = a.conn.Close(websocket.StatusNormalClosure, "") // the server may be gone
	return a.code, nil
}

// readLines reads a line each time that one is asked for. After the end of a
// terminal's input there may be more.
func readLines(ctx context.Context, from io.Reader, ask <-chan struct{}, to chan<- typedLine) {
	r := bufio.NewReaderSize(from, maxTyped)
	for range ask {
		var l typedLine
		b, err := r.ReadSlice('\n')
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			l.err = errLong
			for errors.Is(err, bufio.ErrBufferFull) {
				_, err = r.ReadSlice('\n')
			}
		case err != nil && len(b) == 0:
			l.err = err
		}
		l.text = strings.TrimRight(string(b), "\r\n")
		select {
		case to <- l:
		case <-ctx.Done():
			return
		}
	}
}

var errLong = fmt.Errorf("the line is longer than %d bytes: nothing was done", maxTyped)

// wantLine asks for a line where one is wanted: at the prompt, and while a command
// waits at its own.
func (a *attachment) wantLine(ask chan<- struct{}) {
	if !a.running && !a.prompted {
		a.prompted = true
		if a.terminal {
			fmt.Fprintf(a.io.out, "%s$ ", terminal.Line(a.node))
		}
	}
	if !a.asked && (!a.running || a.open) {
		a.asked = true
		ask <- struct{}{}
	}
}

// line does what was typed, or says that it is over.
func (a *attachment) line(ctx context.Context, l typedLine) (left bool, err error) {
	a.asked = false
	switch {
	case errors.Is(l.err, errLong):
		a.complain(l.err)
		a.prompted = false
		return false, nil
	case l.err != nil && a.running:
		a.open = false
		return false, a.stdin(ctx, "\x04", false)
	case l.err != nil:
		if a.terminal {
			fmt.Fprintln(a.io.out)
		}
		return true, nil
	case a.running:
		if !a.terminal {
			fmt.Fprintln(a.io.out, l.text) // so that what comes can be told from what was asked
		}
		a.open = false
		return false, a.stdin(ctx, l.text+"\n", true)
	}
	a.prompted = false
	switch strings.TrimSpace(l.text) {
	case "":
		return false, nil
	case "exit", "logout":
		return true, nil
	}
	return false, a.exec(ctx, l.text)
}

// signal is Ctrl-C, or the end.
func (a *attachment) signal(ctx context.Context, s os.Signal) (left bool, err error) {
	switch {
	case s == syscall.SIGHUP:
		a.code = codeSignaled + int(syscall.SIGHUP)
		return true, nil
	case s != os.Interrupt:
		a.code = codeSignaled + int(syscall.SIGTERM)
		return true, nil
	case a.running:
		a.strikes++
		if a.strikes == patience {
			a.complain(fmt.Errorf("%s:%s does not end: it is left running", a.node, a.proc))
			a.code = codeSignaled + int(syscall.SIGINT)
			return true, nil
		}
		if a.proc == "" {
			return false, nil
		}
		return false, a.stdin(ctx, "\x03", false)
	case a.terminal:
		fmt.Fprintln(a.io.out)
		a.prompted = false
		return false, nil
	}
	a.code = codeSignaled + int(syscall.SIGINT)
	return true, nil
}

// message takes what the server says.
func (a *attachment) message(ctx context.Context, m serverMessage) error {
	switch m.Type {
	case "events":
		a.lost = a.running && (a.lost || m.Missed > 0)
		for _, e := range m.Events {
			switch {
			case e.Of == "console" && e.Node == "": // of so many that they are not told apart
				a.lost = a.running
			case e.Node != a.node || e.Kind != "console" && e.Kind != "exit" && e.Of != "console" || !a.running:
			case len(a.held) < maxHeld:
				a.held = append(a.held, e)
			default:
				a.lost = true
			}
		}
		return a.events(ctx)
	case "state":
		if m.Paused && !a.paused && a.running {
			a.sayPaused()
		}
		a.paused = m.Paused
		if a.lost && a.proc != "" && !slices.Contains(m.Procs, serverProc{a.node, a.proc}) {
			a.complain(fmt.Errorf("%s:%s ended, and some of what it wrote did not arrive here", a.node, a.proc))
			a.end(exitError)
		}
	case "reply":
		if a.asking != nil && m.ID == a.asking.id {
			if err := a.answer(ctx, m); err != nil {
				return err
			}
		}
		a.reply(m)
		return a.events(ctx)
	case "bye":
		return fmt.Errorf("the lab closed: %s", terminal.Line(m.Reason))
	}
	return nil
}

func (a *attachment) sayPaused() {
	a.complain(errors.New("the lab is paused: nothing runs until somebody resumes it"))
}

func (a *attachment) reply(m serverMessage) {
	switch {
	case a.lines[m.ID]:
		delete(a.lines, m.ID)
		if !m.OK && a.running {
			a.complain(errors.New(m.Error))
		}
	case !a.running || m.ID != a.execID:
	case !m.OK:
		a.complain(errors.New(m.Error))
		a.end(exitError)
	default:
		a.proc = m.Result.Proc
	}
}

// events shows what is held, once the command's name is known, up to what text is to
// be asked for.
func (a *attachment) events(ctx context.Context) error {
	for len(a.held) > 0 && a.proc != "" && a.asking == nil {
		e := a.held[0]
		a.held = a.held[1:]
		if !a.running || e.Proc != a.proc {
			continue
		}
		a.strikes = 0
		if e.Left != nil || e.Kind == "left" {
			a.asking = &asking{serverEvent: e, next: e.Seq}
			return a.askText(ctx)
		}
		a.event(e)
	}
	return nil
}

// asking is for the text of which the server has shown a part: the command wrote it
// faster than people read, but who is attached may be a program.
type asking struct {
	serverEvent
	id   int64
	next uint64 // the event to go on from
}

// askText asks for the next piece.
func (a *attachment) askText(ctx context.Context) error {
	a.asking.id = a.lastID + 1
	return a.send(ctx, request{Op: "text", Proc: a.proc, From: a.asking.next, To: a.asking.To})
}

// answer shows the text that was asked for, or what the server has shown of it.
func (a *attachment) answer(ctx context.Context, m serverMessage) error {
	q := a.asking
	if m.OK && m.Result.Missed == 0 {
		for _, p := range m.Result.Parts {
			if p.FD == q.FD {
				a.event(serverEvent{FD: p.FD, Text: p.Text})
			}
		}
		if q.next = m.Result.Next; q.next <= q.To {
			return a.askText(ctx)
		}
		a.asking = nil
		return nil
	}
	a.asking = nil
	left := leftText{q.Lines, q.Bytes}
	if q.Left != nil {
		left = *q.Left
		if q.next == q.Seq {
			a.event(serverEvent{FD: q.FD, Text: q.Text})
		}
	}
	a.complain(fmt.Errorf("up to %d lines, %d bytes, are left out here: %s wrote faster than the server keeps it", left.Lines, left.Bytes, a.proc))
	if q.Tail != "" {
		a.event(serverEvent{FD: q.FD, Text: q.Tail})
	}
	return nil
}

// event shows what the command wrote, and notices its end.
func (a *attachment) event(e serverEvent) {
	if e.Kind == "exit" {
		a.quiet()
		if a.open && a.terminal {
			fmt.Fprintln(a.io.out)
		}
		a.end(int(e.N))
		return
	}
	a.stream(e.FD).Print(e.Text)
	a.open = e.Text != "" && !strings.HasSuffix(e.Text, "\n")
}

// stream is where what the command writes to a file descriptor goes.
func (a *attachment) stream(fd int) *terminal.Stream {
	at, w := &a.out, a.io.out
	if fd == 2 {
		at, w = &a.errs, a.io.err
	}
	if *at == nil {
		*at = terminal.NewWriter(w).Stream()
	}
	return *at
}

// quiet shows what the command wrote last, and takes its colours back.
func (a *attachment) quiet() {
	for _, s := range []*terminal.Stream{a.out, a.errs} {
		if s != nil {
			s.End()
		}
	}
}

// end is the end of the command that runs.
func (a *attachment) end(code int) {
	a.running, a.proc, a.open, a.prompted, a.held, a.asking, a.strikes = false, "", false, false, nil, nil, 0
	a.code = min(max(code, 0), 255)
}

// complain says what is wrong in a line: what a server says has no other.
func (a *attachment) complain(err error) {
	a.quiet()
	fmt.Fprintf(a.io.err, "labserver: %s\n", terminal.Line(err.Error()))
}

// exec runs a line at the node's prompt.
func (a *attachment) exec(ctx context.Context, line string) error {
	a.running, a.execID = true, a.lastID+1
	if a.paused {
		a.sayPaused()
	}
	return a.send(ctx, request{Op: "exec", Line: line})
}

// stdin types text to the command that runs.
func (a *attachment) stdin(ctx context.Context, text string, line bool) error {
	if line {
		if a.lines == nil {
			a.lines = map[int64]bool{}
		}
		a.lines[a.lastID+1] = true
	}
	return a.send(ctx, request{Op: "stdin", Proc: a.proc, Text: text})
}
