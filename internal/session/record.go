package session

import (
	"archive/zip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"time"

	"wireloom/vnet"
)

// Format is the version of the form of recordings.
const Format = 1

// A Recording says how to have a run again. It is the file recording.json of a
// zip file, which also holds the scenario's files under scenario/ and the programs
// as programs/SHA-256.wasm.
type Recording struct {
	Format   int        `json:"format"`
	Version  string     `json:"version"`  // of the program that recorded
	Scenario string     `json:"scenario"` // name
	Seed     uint64     `json:"seed"`
	Config   string     `json:"config"`   // SHA-256 of the canonical configuration
	Programs []Program  `json:"programs"` // installed before the start
	Commands []Recorded `json:"commands"`
	End      End        `json:"end"`
}

// A Recorded is a command with where in the run it took effect.
type Recorded struct {
	At      int64  // virtual nanoseconds
	Step    uint64 // steps that the loop had taken
	Command vnet.Command
	Name    string // install: the program's file name
}

// MarshalJSON is the command's own object with "at", "step" and, of an install, "name".
func (r Recorded) MarshalJSON() ([]byte, error) {
	c, err := vnet.EncodeCommand(r.Command)
	if err != nil {
		return nil, err
	}
	out := fmt.Appendf(nil, `{"at":%d,"step":%d,`, r.At, r.Step)
	out = append(out, c[1:len(c)-1]...)
	if r.Name != "" {
		name, err := json.Marshal(r.Name)
		if err != nil {
			return nil, err
		}
		out = append(append(out, `,"name":`...), name...)
	}
	return append(out, '}'), nil
}

// UnmarshalJSON takes what MarshalJSON makes, and no other field.
func (r *Recorded) UnmarshalJSON(b []byte) error {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(b, &fields); err != nil {
		return err
	}
	for name, to := range map[string]any{"at": &r.At, "step": &r.Step, "name": &r.Name} {
		if raw, there := fields[name]; there {
			if err := json.Unmarshal(raw, to); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
		delete(fields, name)
	}
	rest, err := json.Marshal(fields)
	if err != nil {
		return err
	}
	r.Command, err = vnet.DecodeCommand(rest)
	return err
}

// An End is where a recording ends and what the run was like up to there.
type End struct {
	At     int64  `json:"at"`     // virtual nanoseconds
	Step   uint64 `json:"step"`   // steps that the loop had taken
	Events uint64 `json:"events"` // in the log
	Hash   string `json:"hash"`   // of the run
}

// A recorder keeps what a session needs to be had again: commands in memory,
// programs on disk, both limited.
type recorder struct {
	commands []Recorded
	bytes    int
	kept     map[string]string // path by hash
	disk     int64
}

func (r *recorder) add(c Recorded) error {
	b, err := c.MarshalJSON()
	if err != nil {
		return err
	}
	n := len(b)
	if len(r.commands) >= MaxCommands || r.bytes+n > MaxCommandBytes {
		return ErrFull
	}
	r.commands = append(r.commands, c)
	r.bytes += n
	return nil
}

// keep writes a program's bytes to the folder, once for each program.
func (r *recorder) keep(dir *folder, hash string, bytes []byte, limit int64) error {
	if sum := sha256.Sum256(bytes); hex.EncodeToString(sum[:]) != hash {
		return fmt.Errorf("the program's hash is not %s, so that it could not be run again", hash)
	}
	if r.kept[hash] != "" {
		return nil
	}
	if r.disk+int64(len(bytes)) > limit {
		return fmt.Errorf("this lab has taken %d MiB of programs and takes no more than %d MiB: start a new lab", r.disk>>20, limit>>20)
	}
	path, err := dir.file(hash + ".wasm")
	if err != nil {
		return err
	}
	if err := os.WriteFile(path, bytes, 0o600); err != nil {
		return fmt.Errorf("the server could not keep the program: %w", err)
	}
	if r.kept == nil {
		r.kept = map[string]string{}
	}
	r.kept[hash] = path
	r.disk += int64(len(bytes))
	return nil
}

// Record writes a recording of the run from its beginning to now. The lab goes on.
func (s *Session) Record(ctx context.Context, w io.Writer) error {
	type moment struct {
		rec   Recording
		files map[string]*os.File
	}
	m, err := query(ctx, s, func() (moment, error) {
		s.catchUp()
		_, next := s.log.Bounds()
		m := moment{files: map[string]*os.File{}, rec: Recording{
			Format: Format, Version: s.opts.Version, Scenario: s.setup.Scenario, Seed: s.setup.Seed, Config: s.hash,
			Programs: s.setup.Programs, Commands: slices.Clone(s.rec.commands),
			End: End{At: int64(s.lab.Now()), Step: s.lab.Steps(), Events: next, Hash: s.log.Hash()},
		}}
		for hash, path := range s.rec.kept {
			f, err := os.Open(path)
			if err != nil {
				return m, fmt.Errorf("recording: %w", err)
			}
			m.files[hash] = f
		}
		return m, nil
	})
	defer func() {
		for _, f := range m.files {
			_ = f.Close() // only read
		}
	}()
	if err != nil {
		return err
	}
	return writeRecording(w, m.rec, s.setup, m.files)
}

func writeRecording(w io.Writer, rec Recording, setup Setup, kept map[string]*os.File) error {
	z := zip.NewWriter(w)
	put := func(name string, write func(io.Writer) error) error {
		// A fixed date: the same run gives the same file.
		f, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)})
		if err == nil {
			err = write(f)
		}
		if err != nil {
			return fmt.Errorf("recording: %s: %w", name, err)
		}
		return nil
	}
	raw := func(b []byte) func(io.Writer) error {
		return func(w io.Writer) error {
			_, err := w.Write(b)
			return err
		}
	}
	text, err := json.MarshalIndent(rec, "", "  ")
	if err != nil {
		return fmt.Errorf("recording: %w", err)
	}
	if err := put(recordingFile, raw(append(text, '\n'))); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(setup.Files)) {
		if err := put(scenarioFolder+name, raw(setup.Files[name])); err != nil {
			return err
		}
	}
	done := map[string]bool{}
	for _, p := range setup.Programs {
		if done[p.Hash] {
			continue
		}
		done[p.Hash] = true
		if err := put(programFolder+p.Hash+programSuffix, raw(p.Bytes)); err != nil {
			return err
		}
	}
	for _, hash := range slices.Sorted(maps.Keys(kept)) {
		f := kept[hash]
		err := put(programFolder+hash+programSuffix, func(w io.Writer) error {
			_, err := io.Copy(w, f)
			return err
		})
		if err != nil {
			return err
		}
	}
	if err := z.Close(); err != nil {
		return fmt.Errorf("recording: %w", err)
	}
	return nil
}
