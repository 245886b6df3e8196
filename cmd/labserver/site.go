package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"wireloom/internal/open"
	"wireloom/internal/site"
	"wireloom/internal/terminal"
	"wireloom/wasm/guest"
	"wireloom/web"
)

func runSite(_ context.Context, args []string, io stdio) int {
	f := newFlags(io, "site", "DIR [SCENARIO...]", `Writes a folder that any static server can hand out: the page with its labs in it, which needs
no labserver and works offline. It has the scenarios that are named, or the built-in ones that are
whole without programs of their own, and never a reference solution or a hidden step. docs/site.md says how to put it on the web.`)
	lab := f.String("lab", "", "the `folder` with lab.wasm, the labs as a program for browsers (default: tab beside labserver, where make site builds it)")
	rest, code, ok := parse(f, args)
	if !ok {
		return code
	}
	if len(rest) == 0 {
		return wants(io, f, "the DIR to write into", rest)
	}
	if *lab == "" {
		self, err := os.Executable()
		if err != nil {
			return fail(io, err)
		}
		*lab = filepath.Join(filepath.Dir(self), "tab")
	}
	if err := writeSite(rest[0], *lab, rest[1:], io); err != nil {
		return fail(io, err)
	}
	return exitOK
}

func writeSite(dir, lab string, named []string, io stdio) error {
	if _, err := os.Stat(filepath.Join(lab, "lab.wasm")); err != nil {
		return fmt.Errorf("the labs as a program for browsers are not there (%w): run make site, which builds them, or name their folder with --lab", err)
	}
	sdk, err := guest.Files()
	if err != nil {
		return err
	}
	s := site.Source{Version: version(), Page: web.Dist(), Lab: os.DirFS(lab), SDK: sdk}
	all := len(named) == 0
	if all {
		named = open.Builtin()
	}
	for _, name := range named {
		sc, err := open.Scenario(name)
		if err != nil {
			return err
		}
		complete, err := site.Complete(sc)
		switch {
		case err != nil:
			return err
		case complete:
		case all:
			continue
		default:
			fmt.Fprintf(io.err, "%s: its slots are empty in the page, where labs begin with no program of the scenario's\n", terminal.Line(sc.Name))
		}
		s.Scenarios = append(s.Scenarios, sc)
	}
	files, err := site.Files(s)
	if err != nil {
		return err
	}
	if err := site.Write(dir, files); err != nil {
		return fmt.Errorf("the site was not written: %w", err)
	}
	bytes := 0
	for _, b := range files {
		bytes += len(b)
	}
	fmt.Fprintf(io.out, "%s: %d files, %.1f MB, %d scenarios. Any static server can hand it out: python3 -m http.server -d %s\n",
		terminal.Line(dir), len(files), float64(bytes)/1e6, len(s.Scenarios), terminal.Line(dir))
	return nil
}
