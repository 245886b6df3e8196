// Command labserver is Wireloom: a network lab whose programs are WebAssembly
// modules that read and write tun(4) and tap(4) devices. It serves labs to
// browsers, and runs and grades scenarios from the command line.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	goio "io"
	"os"
	"os/signal"
	"regexp"
	"runtime/debug"
	"strings"
	"syscall"
	"text/tabwriter"

	"wireloom/internal/compilechild"
	"wireloom/internal/completion"
	"wireloom/internal/scenario/format"
	"wireloom/internal/terminal"
)

// Exit codes.
const (
	exitOK      = 0
	exitFailed  = 1 // a check did not pass, a replay differs, a scenario has mistakes
	exitError   = 2 // it could not be run at all
	exitDiffers = 3 // two runs that must be the same differ, a report is not confirmed
)

// stdio is what a command talks to. run puts a terminal.Writer before out and err, so
// that nothing that a terminal would obey gets there from a stranger's text.
type stdio struct {
	in       goio.Reader
	out, err goio.Writer
}

// A command is one of labserver's.
type command struct {
	name, args, does string
	run              func(ctx context.Context, args []string, io stdio) int
	takes            []completion.Value // what args are, for the shells
	more             bool               // the last of them may come again
}

// commands are in the order of help.
func commands() []command {
	return []command{
		{"serve", "[SCENARIO...]", "serve labs to browsers", runServe, takes(aScenario), true},
		{"admin", "ERRAND [ARGUMENTS]", "make operators, and what else the page cannot do", runAdmin, takes(anErrand), false},
		{"health", "", "ask the server of this machine whether it is ready", runHealth, nil, false},
		{"attach", "[--server URL] LAB NODE [COMMAND...]", "a prompt at a node of a lab that a server runs", runAttach, nil, false},
		{"capture", "[--server URL] LAB [-i POINT]... [-Y FILTER] [-w FILE]", "capture frames of a lab that a server runs, for Wireshark", runCapture, nil, false},
		{"run", "SCENARIO", "run a lab without the page, in virtual time", runRun, takes(aScenario), false},
		{"grade", "SCENARIO [--program NODE=FILE]", "check a submission, or the reference solution", runGrade, takes(aScenario), false},
		{"grade-all", "SCENARIO DIR", "check a folder of submissions", runGradeAll, takes(aScenario, aFolder), false},
		{"verify", "REPORT", "grade again what a report is of, and compare", runVerify, takes(aFile), false},
		{"key", "new FILE | public FILE", "make a key to sign reports with, or print its public half", runKey, takes(newPublic, aFile), false},
		{"replay", "RECORDING", "run a recording again and compare its hash", runReplay, takes(aRecording), false},
		{"check", "SCENARIO...", "look for mistakes in scenarios", runCheck, takes(aScenario), true},
		{"fields", "[WORD...]", "list what a display filter may ask for", runFields, nil, false},
		{"schema", "", "print the JSON Schema of scenario.yaml", runSchema, nil, false},
		{"compile", "[--builtin] [FILE|FOLDER...]", "compile programs into the cache", runCompile, takes(aModule), true},
		{"sdk", "DIR", "write what programs are built with: C headers, Go package", runSDK, takes(aFolder), false},
		{"site", "DIR [SCENARIO...]", "write a folder for any static server: the page with its labs in it", runSite, takes(aFolder, aScenario), true},
		{"cc", "[OPTION...] FILE... -o OUT", "compile a C or C++ program with the clang of this machine", runCC, takes(aFile), true},
		{"completion", "SHELL", "print what a shell needs to complete all of this", runCompletion, takes(aShell), false},
		{"version", "", "print the version", runVersion, nil, false},
	}
}

func takes(v ...completion.Value) []completion.Value { return v }

func main() {
	compilechild.Init() // doesn't return where this is a process that compiles a module
	os.Exit(asProcess(os.Args[1:]))
}

// asProcess is labserver with its signals and standard streams.
func asProcess(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), endings(args)...)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends a process that does not heed the first
	return run(ctx, args, stdio{os.Stdin, os.Stdout, os.Stderr})
}

// endings are the signals that end a command in order. Who started it with SIGHUP
// ignored, as nohup does, wants it to outlive its terminal; a server has its own use of
// that (host.Host).
func endings(args []string) []os.Signal {
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) && (len(args) == 0 || args[0] != "serve") {
		signals = append(signals, syscall.SIGHUP)
	}
	return signals
}

// run is labserver without the process around it.
func run(ctx context.Context, args []string, io stdio) int {
	if len(args) == 0 {
		usage(io.err)
		return exitError
	}
	switch args[0] {
	case "help", "-h", "-help", "--help":
		return runHelp(ctx, args[1:], io)
	case "-version", "--version":
		return runVersion(ctx, nil, io)
	}
	if args[0] == gradeWorker { // of grade-all, which reads its answers
		return runGradeWorker(ctx, args[1:], io)
	}
	out, errs := terminal.NewWriter(io.out), terminal.NewWriter(io.err)
	defer func() { _ = errors.Join(out.Flush(), errs.Flush()) }() // what could not be written, its writer was told
	io.out, io.err = out, errs
	if args[0] == completeLine { // of the shells' scripts
		return runComplete(ctx, args[1:], io)
	}
	if args[0] == manualPage { // of the packages
		return runManual(ctx, args[1:], io)
	}
	for _, c := range commands() {
		if c.name == args[0] {
			return c.run(ctx, args[1:], io)
		}
	}
	fmt.Fprintf(io.err, "labserver: there is no command %q; labserver help lists them\n", args[0])
	return exitError
}

// runHelp is help of all commands, or of those that are named.
func runHelp(ctx context.Context, names []string, io stdio) int {
	if len(names) == 0 {
		usage(io.out)
		return exitOK
	}
	return run(ctx, []string{names[0], "--help"}, io)
}

func usage(w goio.Writer) {
	fmt.Fprint(w, "Wireloom: a network lab for tun(4) and tap(4) programs.\n\nusage: labserver COMMAND [ARGUMENTS]\n\n")
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, c := range commands() {
		fmt.Fprintf(t, "  %s %s\t%s\n", c.name, c.args, c.does)
	}
	_ = t.Flush() // a terminal that is gone is nobody to tell
	fmt.Fprint(w, "\nA SCENARIO is a folder, its zip, or the name of a built-in one, such as ping.\nlabserver help COMMAND says more.\n")
}

// longFlag is a flag in package flag's help that has more than a letter.
var longFlag = regexp.MustCompile(`(?m)^  -(\w[\w-])`)

// newFlags returns the flags of a command, with its usage text.
func newFlags(io stdio, name, args, about string) *flag.FlagSet {
	f := flag.NewFlagSet("labserver "+name, flag.ContinueOnError)
	f.SetOutput(io.err)
	f.Usage = func() { // called where help was asked for, and then nothing is wrong
		if to, ok := io.out.(takeFlags); ok {
			to(f)
			return
		}
		var defaults strings.Builder
		f.SetOutput(&defaults)
		f.PrintDefaults()
		f.SetOutput(io.err)
		flags := "\n" + longFlag.ReplaceAllString(defaults.String(), "  --$1")
		fmt.Fprintf(io.out, "usage: labserver %s %s\n\n%s\n%s", name, args, about, flags)
	}
	return f
}

// parse reads flags and arguments in any order. ok is false where the command is
// over: help was asked for, or a flag is wrong and that has been said.
func parse(f *flag.FlagSet, args []string) (rest []string, code int, ok bool) {
	help := f.Usage
	defer func() { f.Usage = help }()
	for {
		f.Usage = func() {} // what is wrong must not be lost above a page of flags
		if err := parseFlags(f, args); err != nil {
			if errors.Is(err, flag.ErrHelp) {
				help()
				return nil, exitOK, false
			}
			fmt.Fprintf(f.Output(), "%s --help lists the flags\n", f.Name())
			return nil, exitError, false
		}
		if f.NArg() == 0 {
			return rest, exitOK, true
		}
		rest = append(rest, f.Arg(0))
		args = f.Args()[1:]
	}
}

// twoDashes has errors of package flag name a flag as this program's help does.
var twoDashes = strings.NewReplacer("flag provided but not defined: -", "there is no flag --", "flag needs an argument: -", "a value is missing behind --", " for flag -", " for --")

// parseFlags is f.Parse, but for what it says of a wrong flag: whatever was typed, that
// is one line.
func parseFlags(f *flag.FlagSet, args []string) error {
	out := f.Output()
	f.SetOutput(goio.Discard)
	err := f.Parse(args)
	f.SetOutput(out)
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(out, terminal.Line(twoDashes.Replace(err.Error())))
	}
	return err
}

// wants says what arguments a command takes and which it got, and returns exitError.
func wants(io stdio, f *flag.FlagSet, what string, got []string) int {
	have := "none"
	if len(got) > 0 {
		have = terminal.Line(strings.Join(got, " "))
	}
	fmt.Fprintf(io.err, "%s takes %s; here it is %s\n%s --help says more\n", f.Name(), what, have, f.Name())
	return exitError
}

// alone parses for a command that takes nothing.
func alone(io stdio, f *flag.FlagSet, args []string) (code int, ok bool) {
	rest, code, ok := parse(f, args)
	if ok && len(rest) > 0 {
		return wants(io, f, "no arguments", rest), false
	}
	return code, ok
}

// fail says what is wrong and returns exitError.
func fail(io stdio, err error) int {
	fmt.Fprintf(io.err, "labserver: %s\n", sentence(err))
	return exitError
}

// sentence is an error for a terminal: on one line, but for a scenario's mistakes,
// which have a line each, with the line of the file below.
func sentence(err error) string {
	mistakes, ok := err.(*format.Error) //nolint:errorlint // what wraps it has something to say, too
	if !ok {
		return terminal.Error(err)
	}
	safe := &format.Error{More: mistakes.More}
	for _, p := range mistakes.Mistakes {
		p.File, p.Message = terminal.Line(p.File), terminal.Line(p.Message)
		safe.Mistakes = append(safe.Mistakes, p)
	}
	return terminal.Text(safe.Error())
}

// unversioned is the version of a program that was built without one.
const unversioned = "devel"

// commit is what the Makefile says that the program is built from: a tag, or a date and
// the beginning of a hash, with "-changed" where files differ from it.
var commit string

// version is the program's: what it was built from, as the Makefile or the go command
// knows that.
func version() string {
	if commit != "" {
		return commit
	}
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" || info.Main.Version == "(devel)" {
		return unversioned
	}
	return info.Main.Version
}

func runVersion(_ context.Context, args []string, io stdio) int {
	if code, ok := alone(io, newFlags(io, "version", "", "Prints the version: the commit that this was built from."), args); !ok {
		return code
	}
	fmt.Fprintln(io.out, "labserver", version())
	return exitOK
}
