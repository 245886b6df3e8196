package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"

	"wireloom/internal/open"
	"wireloom/internal/scenario/format"
)

// The goals of a lab in a tab.
const (
	tabDownload = 5   // MB, packed
	tabCold     = 2.5 // seconds to the first frame, of a browser that has nothing
	tabWarm     = 1   // of one that has all
	tabC        = 1   // seconds for a grading of ping, of a program in C
	tabGo       = 3   // of one in Go
)

// tabPrograms are what is graded, as they are built: the reference solutions of ping.
var tabPrograms = []struct {
	language string
	goal     float64
}{{"C", tabC}, {"Go", tabGo}}

// inTab writes a site and drives its page in headless Chromium, a new one each round, beside
// labserver's grading of the same programs, which it has compiled before.
func inTab(ctx context.Context, rounds int) (r *Report, err error) {
	dir, err := root()
	if err != nil {
		return nil, err
	}
	tmp, err := os.MkdirTemp("", "wireloom-bench-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(tmp)) }()
	site := filepath.Join(tmp, "site")
	if _, _, err := labserver(ctx, "", "site", site, "ping"); err != nil {
		return nil, err
	}
	programs, err := pingPrograms(dir, tmp)
	if err != nil {
		return nil, err
	}
	r = &Report{
		Title: "a lab in a browser's tab, without a server, in headless Chromium; peer: labserver grade of the same program, compiled before",
		Notes: []string{"download: the page, the labs and the scenario, packed as they are in the folder, or by gzip where a host does that", "a start is from the address to the first frame that is seen of lab ping"},
	}
	var cold, warm []float64
	ours, peers := make([][]float64, len(programs)), make([][]float64, len(programs))
	for range rounds {
		out, err := exec.CommandContext(ctx, "node", append([]string{filepath.Join(dir, "web", "e2e", "tab.mjs"), site}, programs...)...).Output()
		if err != nil {
			return nil, fmt.Errorf("the browser's driver: %w: %s", err, out)
		}
		var found struct {
			Cold, Warm float64
			Checks     []float64
		}
		if err := json.Unmarshal(out, &found); err != nil {
			return nil, fmt.Errorf("what the browser's driver printed: %w", err)
		}
		cold, warm = append(cold, found.Cold), append(warm, found.Warm)
		for i, file := range programs {
			_, took, err := labserver(ctx, "", "grade", "ping", "--audience", "student", "--program", file)
			if err != nil {
				return nil, err
			}
			ours[i], peers[i] = append(ours[i], found.Checks[i]), append(peers[i], took.Seconds())
		}
	}
	size, err := packedSize(site)
	if err != nil {
		return nil, err
	}
	r.Rows = append(r.Rows,
		below("download", "MB", size/1e6, tabDownload),
		figure("start to first frame, cold", "s", spread(cold), "").atMost(tabCold),
		figure("start to first frame, warm", "s", spread(warm), "").atMost(tabWarm),
	)
	for i, p := range tabPrograms {
		r.Rows = append(r.Rows, against("grading ping, "+p.language, "s", ours[i], peers[i], "").atMost(p.goal))
	}
	return r, nil
}

// pingPrograms are the files of ping's solutions, in the order of tabPrograms.
func pingPrograms(dir, tmp string) ([]string, error) {
	sc, err := open.BuiltinScenario("ping")
	if err != nil {
		return nil, err
	}
	module, err := sc.Reference(format.Slot{Node: "bob", Proc: "pingd"})
	if err != nil {
		return nil, err
	}
	c := filepath.Join(tmp, "ping-c.wasm")
	return []string{c, filepath.Join(dir, "bin", "lessons", "ping.reference-go.wasm")}, os.WriteFile(c, module, 0o600)
}

// packedSize is how many bytes a page and its labs are, packed: what a start fetches, without the
// SDK, samples and starters.
func packedSize(site string) (float64, error) {
	size := 0
	err := fs.WalkDir(os.DirFS(site), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasPrefix(name, "sdk/") || strings.HasPrefix(name, "samples/") || strings.HasPrefix(name, "starters/") {
			return err
		}
		b, err := os.ReadFile(filepath.Join(site, filepath.FromSlash(name)))
		if packed := path.Ext(name); packed == ".bin" || packed == ".zip" {
			size += len(b)
		} else {
			size += gzipped(b)
		}
		return err
	})
	return float64(size), err
}

func gzipped(b []byte) int {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	_, err := z.Write(b)
	if err = errors.Join(err, z.Close()); err != nil {
		panic("bench: memory takes no more bytes: " + err.Error())
	}
	return out.Len()
}
