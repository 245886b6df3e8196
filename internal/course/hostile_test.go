package main

import (
	"context"
	_ "embed"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"wireloom/internal/open"
	"wireloom/internal/scenario"
	"wireloom/internal/scenario/grade"
)

var update = flag.Bool("update", false, "rewrite testdata/hostile.txt")

// Programs that don't do what a lab is about get the points of testdata/hostile.txt,
// and where that is some, it has a reason.
func TestHostilePrograms(t *testing.T) {
	golden := filepath.Join("testdata", "hostile.txt")
	var got strings.Builder
	for _, lab := range open.Builtin() {
		lines, err := harm(t.Context(), root, lab)
		if err != nil {
			t.Fatal(err)
		}
		got.WriteString(lines)
	}
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(golden, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got.String() != string(want) {
		t.Errorf("got\n%s\nwant\n%s\nIf that is right, go test ./internal/course -run TestHostile -update rewrites it", got.String(), want)
	}
	for line := range strings.Lines(got.String()) {
		if strings.HasSuffix(line, ": \n") {
			t.Errorf("%sno reason is given for these points", line)
		}
	}
}

// Programs that don't do what a lab is about. What points they get says what its
// checks are worth: each must be for something that the program has really done.
var (
	//go:embed hostile/nothing.c
	nothing string
	//go:embed hostile/noise.c
	noise string
	//go:embed hostile/takes.c
	takes string

	hostile = []struct{ name, source, only string }{
		{"nothing", nothing, ""},                      // it waits for ever
		{"echoes", noise, ""},                         // it gives back whatever it reads, everywhere
		{"swaps", "#define SWAP\n" + noise, ""},       // with the addresses swapped
		{"takes", takes, ""},                          // it gives the addresses to its node's interfaces
		{"routes", "#define ROUTES\n" + takes, "vpn"}, // it sends packets as they are, on the network between the ends
	}
)

// hostileFuel is what each may use: so much that none ends before the lab does.
const hostileFuel = 1_000_000_000

// deserved is why a hostile program gets points in a lab.
var deserved = map[string]string{
	"first-io echoes":    "it has opened the device, and waits for frames",
	"first-io swaps":     "to swap the addresses is what this lab is about, and it prints lines of the form that is asked for; it counts and ends as nobody asked",
	"first-io takes":     "it has opened the device, and waits for frames",
	"switch echoes":      "it is a hub, and that much is asked: each frame goes to all other ports whole and in order, and hosts find each other; that it goes back, too, fails not-back",
	"two-kernels echoes": "it has opened each device, and waits",
	"two-kernels swaps":  "it has opened each device, and waits",
	"two-kernels takes":  "it has opened each device, and waits",
	"vpn takes":          "it does say hello, and when the other end is there or silent, and has set up its tun; no packet goes through it",
	"vpn routes":         "it does say hello, and when the other end is there or silent, and has set up its tun; packets go around it",
}

// harm is how the hostile programs fare in a lab, and in each of its stages alone: a line
// each, and one with the checks that they pass.
func harm(ctx context.Context, root, lab string) (string, error) {
	src, err := open.Scenario(filepath.Join(root, "scenarios", lab))
	if err != nil {
		return "", err
	}
	l := &lesson{Scenario: src, root: root}
	w, err := l.workshop(ctx, hostileFuel)
	if err != nil {
		return "", err
	}
	defer w.close()
	parts := []string{""}
	for _, st := range src.Stages {
		parts = append(parts, st.Name)
	}
	lines := make([]string, len(parts)*len(hostile))
	err = each(len(hostile), func(i int) error {
		h := hostile[i]
		if h.only != "" && h.only != lab {
			return nil
		}
		module, err := w.build(ctx, h.name, h.source)
		if err != nil {
			return fmt.Errorf("%s: %w", h.name, err)
		}
		for j, stage := range parts {
			res, _, err := w.grade(ctx, src, module, grade.Options{Audience: scenario.Staff, Stage: stage})
			if err != nil {
				return fmt.Errorf("%s, %s: %w", lab, h.name, err)
			}
			lines[j*len(hostile)+i] = fared(lab, stage, h.name, res)
		}
		return nil
	})
	return strings.Join(lines, ""), err
}

func fared(lab, stage, program string, res *grade.Result) string {
	where := lab
	if stage != "" {
		where += "/" + stage
	}
	text := fmt.Sprintf("%-20s  %-7s  %2d of %2d\n", where, program, res.Score, res.MaxScore)
	var passed []string
	for _, c := range res.Checks {
		if c.Status == grade.StatusPassed && c.Points > 0 {
			passed = append(passed, c.ID)
		}
	}
	if len(passed) > 0 {
		text += fmt.Sprintf("    %s: %s\n", strings.Join(passed, " "), deserved[lab+" "+program])
	}
	return text
}
