package main

import (
	"context"
	"flag"
	goio "io"
	"slices"
	"strings"

	"wireloom/internal/completion"
	"wireloom/internal/open"
	"wireloom/internal/scenario"
	"wireloom/internal/settings"
	"wireloom/internal/terminal"
)

// completeLine is the command that the shells' scripts ask.
const completeLine = "complete"

func runCompletion(_ context.Context, args []string, io stdio) int {
	shells := strings.Join(completion.Shells(), ", ")
	f := newFlags(io, "completion", "SHELL", "Prints what a shell needs to complete labserver's commands, flags and their values:\n"+shells+`. For the shell that you are in:

    source <(labserver completion bash)
    source <(labserver completion zsh)       # after compinit
    labserver completion fish | source

The first lines of what it prints say where to put it for all shells to come.`)
	rest, code, ok := parse(f, args)
	if !ok {
		return code
	}
	if len(rest) != 1 {
		return wants(io, f, "the name of a SHELL: "+shells, rest)
	}
	script := completion.Script(rest[0])
	if script == nil {
		return wants(io, f, "the name of a SHELL: "+shells, rest)
	}
	if _, err := io.out.Write(script); err != nil {
		return fail(io, err)
	}
	return exitOK
}

// runComplete answers a shell's script.
func runComplete(ctx context.Context, line []string, io stdio) int {
	if _, err := io.out.Write(completion.Complete(completions(ctx), line).Text()); err != nil {
		return fail(io, err)
	}
	return exitOK
}

// completions are the commands as their help has them: it is asked for, but for its flags
// and not for its text.
func completions(ctx context.Context) []completion.Command {
	help := completion.Command{Name: "help", Does: "say more of a command", Args: []completion.Value{{}}}
	var all []completion.Command
	for _, c := range commands() {
		to := completion.Command{Name: c.name, Does: c.does, Args: c.takes, More: c.more}
		out := takeFlags(func(f *flag.FlagSet) {
			f.VisitAll(func(x *flag.Flag) { to.Flags = append(to.Flags, completed(x)) })
		})
		c.run(ctx, []string{"--help"}, stdio{strings.NewReader(""), out, goio.Discard})
		all = append(all, to)
		help.Args[0].Words = append(help.Args[0].Words, c.name)
	}
	return append(all, help)
}

// takeFlags is a command's output that is given the flags in the place of their help.
type takeFlags func(*flag.FlagSet)

// Write implements io.Writer: there is nothing else.
func (takeFlags) Write(b []byte) (int, error) { return len(b), nil }

// completed is a flag as the shells complete it. What its value may be is told by the word
// that stands for it in the help.
func completed(x *flag.Flag) completion.Flag {
	what, does := flag.UnquoteUsage(x)
	to := completion.Flag{Name: x.Name, Does: does}
	if b, ok := x.Value.(interface{ IsBoolFlag() bool }); ok && b.IsBoolFlag() {
		return to
	}
	takes := valuesOf[what]
	if c, ok := x.Value.(*settings.Choice); ok {
		takes = completion.Value{Words: c.Words}
	}
	to.Takes = &takes
	return to
}

// What arguments and flags take.
var (
	aFile      = completion.Value{Files: true}
	aFolder    = completion.Value{Folders: true}
	aScenario  = completion.Value{Of: func([]string) []string { return open.Builtin() }, Files: true, Ends: []string{".zip"}}
	aProgram   = completion.Value{Of: slotsOf, Files: true, Ends: []string{".wasm"}}
	aModule    = completion.Value{Files: true, Ends: []string{".wasm"}}
	aStage     = completion.Value{Of: stagesOf}
	aCheck     = completion.Value{Of: checksOf}
	aShell     = completion.Value{Words: completion.Shells()}
	aRecording = completion.Value{Files: true, Ends: []string{".zip"}}
	anErrand   = completion.Value{Of: func([]string) (names []string) {
		for _, e := range errands() {
			names = append(names, e.name)
		}
		return names
	}}
	newPublic = completion.Value{Words: []string{"new", "public"}}
)

// valuesOf are the values of flags, by the word for them.
var valuesOf = map[string]completion.Value{
	"file": aFile, "key": aFile, "folder": aFolder, "scenario": aScenario, "SCENARIO": aScenario, "NODE=FILE": aProgram, "stage": aStage,
	"check": aCheck,
}

// ofScenario is what a line's scenario has, if it names one that can be read.
func ofScenario(args []string, of func(*scenario.Scenario) []string) []string {
	if len(args) == 0 {
		return nil
	}
	sc, err := open.Scenario(args[0])
	if err != nil {
		return nil // nobody asked for a scenario's mistakes
	}
	return slices.DeleteFunc(of(sc), func(w string) bool { return strings.Contains(w, "\t") || terminal.Line(w) != w }) // a shell would show it
}

func slotsOf(args []string) []string {
	return ofScenario(args, func(sc *scenario.Scenario) (names []string) {
		for _, s := range sc.Slots() {
			name := s.Node
			if _, err := sc.SlotsFor(name); err != nil { // it has several
				name = s.String()
			}
			names = append(names, name+"=")
		}
		return names
	})
}

func stagesOf(args []string) []string {
	return ofScenario(args, func(sc *scenario.Scenario) (names []string) {
		for _, s := range sc.Stages {
			names = append(names, s.Name)
		}
		return names
	})
}

// checksOf are the checks with hints that take points.
func checksOf(args []string) []string {
	return ofScenario(args, func(sc *scenario.Scenario) (names []string) {
		for i := range sc.Steps {
			if st := &sc.Steps[i]; st.Sold() > 0 && st.ID != "" {
				names = append(names, st.ID)
			}
		}
		return names
	})
}
