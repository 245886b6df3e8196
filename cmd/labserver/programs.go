package main

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"

	"wireloom/internal/diskfile"
	"wireloom/internal/handin"
	"wireloom/internal/open"
	"wireloom/internal/program"
	"wireloom/internal/report"
	"wireloom/internal/scenario"
	"wireloom/internal/scenario/format"
)

// programFlag collects --program NODE=FILE and its other forms.
type programFlag []string

func (p *programFlag) String() string { return strings.Join(*p, " ") }

func (p *programFlag) Set(s string) error {
	if s == "" || strings.HasSuffix(s, "=") && !there(s) {
		return errors.New("want NODE=FILE, or FILE where the scenario takes one program")
	}
	*p = append(*p, s)
	return nil
}

func there(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

// place finds the slots that an argument of --program is for, and the file. A file's name
// may have "=" in it: what is before the first is a place if the scenario has that place.
func place(sc *scenario.Scenario, arg string) (where, file string, slots []format.Slot, err error) {
	where, file, named := strings.Cut(arg, "=")
	if named && !strings.ContainsAny(where, `/\`) {
		slots, err = sc.SlotsFor(where)
		if err == nil && where != "" || !there(arg) {
			if err != nil {
				err = fmt.Errorf("%w, and there is no file %s", err, report.Line(arg))
			}
			return where, file, slots, err
		}
	}
	slots, err = sc.SlotsFor("")
	return "", arg, slots, err
}

// paths finds the slots that the files are for. Where several slots take one program,
// one that is named in full may have another: the end of a tunnel, say. It is then
// also for those that nothing else is given to.
func (p *programFlag) paths(sc *scenario.Scenario) (map[format.Slot]string, error) {
	exact, wide, left := map[format.Slot]string{}, map[format.Slot]string{}, map[format.Slot]string{}
	for _, arg := range *p {
		where, file, slots, err := place(sc, arg)
		if err != nil {
			return nil, fmt.Errorf("--program %s: %w", report.Line(arg), err)
		}
		full := slices.ContainsFunc(slots, func(s format.Slot) bool { return s.String() == where })
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
			if other, twice := to[s]; twice {
				return nil, fmt.Errorf("--program %s: %s has a program already, %s: give it one", report.Line(arg), s, report.Line(other))
			}
			to[s] = file
		}
	}
	maps.Copy(left, wide)
	maps.Copy(left, exact)
	return left, nil
}

// read reads the programs' files.
func (p *programFlag) read(sc *scenario.Scenario) (map[format.Slot]program.File, error) {
	paths, err := p.paths(sc)
	if err != nil {
		return nil, err
	}
	return readPrograms(paths)
}

func readPrograms(paths map[format.Slot]string) (map[format.Slot]program.File, error) {
	out := map[format.Slot]program.File{}
	for _, slot := range slices.SortedFunc(maps.Keys(paths), func(a, b format.Slot) int { return strings.Compare(a.String(), b.String()) }) {
		f, err := open.Program(paths[slot])
		if err != nil {
			var pe *fs.PathError
			if errors.As(err, &pe) {
				err = pe.Err
			}
			return nil, &unreadable{slot, paths[slot], err}
		}
		out[slot] = f
	}
	return out, nil
}

// An unreadable is a program's file that cannot be read.
type unreadable struct {
	slot format.Slot
	file string
	err  error
}

func (u *unreadable) Unwrap() error { return u.err }

// Error is for who gave the command. The name may be a stranger's.
func (u *unreadable) Error() string {
	hint := ""
	if errors.Is(u.err, diskfile.ErrNotOrdinary) && isFolder(u.file) {
		hint = "; a folder that somebody handed in is given with --submission"
	}
	return fmt.Sprintf("program %s: %v%s", report.Line(u.file), u.err, hint)
}

func isFolder(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.IsDir()
}

// handedIn finds the programs of a folder that somebody handed in. What is wrong with it
// is a *handin.Problem.
func handedIn(sc *scenario.Scenario, dir string) (map[format.Slot]string, error) {
	var parts []handin.Part
	for _, w := range sc.Words() {
		p := handin.Part{Word: w}
		for _, s := range sc.Slots() {
			if sc.Word(s) == w {
				p.Slots = append(p.Slots, s.String())
			}
		}
		parts = append(parts, p)
	}
	if len(parts) == 0 {
		return nil, fmt.Errorf("--submission %s: scenario %s takes no program", report.Line(dir), sc.Name)
	}
	files, err := handin.Find(dir, parts)
	if err != nil {
		return nil, err
	}
	out := map[format.Slot]string{}
	for _, s := range sc.Slots() {
		out[s] = files[s.String()]
	}
	return out, nil
}
