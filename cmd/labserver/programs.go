package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"wireloom/internal/boot"
	"wireloom/scenarios"
)

// programFlag collects --program NODE=FILE and its other forms.
type programFlag []string

func (p *programFlag) String() string { return strings.Join(*p, " ") }

func (p *programFlag) Set(s string) error {
	if s == "" || strings.HasSuffix(s, "=") {
		return errors.New("want NODE=FILE, or FILE where the scenario takes one program")
	}
	*p = append(*p, s)
	return nil
}

// paths finds the slots that the files are for. Where several slots take one program,
// one that is named in full may have another: the end of a tunnel, say. It is then
// also for those that nothing else is given to.
func (p *programFlag) paths(sc *scenarios.Scenario) (map[scenarios.Slot]string, error) {
	exact, wide, left := map[scenarios.Slot]string{}, map[scenarios.Slot]string{}, map[scenarios.Slot]string{}
	for _, arg := range *p {
		where, file, named := strings.Cut(arg, "=")
		if !named {
			where, file = "", arg
		}
		slots, err := sc.SlotsFor(where)
		if err != nil {
			return nil, fmt.Errorf("--program %s: %w", arg, err)
		}
		full := slices.ContainsFunc(slots, func(s scenarios.Slot) bool { return s.String() == where })
		for _, s := range slots {
			to := wide
			switch {
			case full && s.String() == where:
				to = exact
			case full:
				if left[s] == "" {
					left[s] = file
				}
				continue
			}
			if _, twice := to[s]; twice {
				return nil, fmt.Errorf("--program %s: %s has a program already", arg, s)
			}
			to[s] = file
		}
	}
	maps.Copy(left, wide)
	maps.Copy(left, exact)
	return left, nil
}

// read reads the programs' files.
func (p *programFlag) read(sc *scenarios.Scenario) (map[scenarios.Slot]boot.File, error) {
	paths, err := p.paths(sc)
	if err != nil {
		return nil, err
	}
	return readPrograms(paths)
}

func readPrograms(paths map[scenarios.Slot]string) (map[scenarios.Slot]boot.File, error) {
	out := map[scenarios.Slot]boot.File{}
	for _, slot := range slices.SortedFunc(maps.Keys(paths), func(a, b scenarios.Slot) int { return strings.Compare(a.String(), b.String()) }) {
		f, err := boot.ReadProgram(paths[slot])
		if err != nil {
			return nil, err
		}
		out[slot] = f
	}
	return out, nil
}
