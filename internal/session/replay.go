package session

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"wireloom/vnet"
)

const (
	recordingFile  = "recording.json"
	scenarioFolder = "scenario/"
	programFolder  = "programs/"
	programSuffix  = ".wasm"
)

// Limits of a recording that is read.
const (
	maxRecordingFiles = 4096
	maxRecordingText  = 64 << 20  // bytes of recording.json
	maxRecordingFile  = 64 << 20  // bytes of any other file
	maxRecordingTotal = 512 << 20 // bytes of all files
	replayChunk       = 8192      // steps between two looks at the context
)

// A Loaded is a recording that was read: what was recorded, and what it needs.
type Loaded struct {
	Recording
	Files map[string][]byte // the scenario's, by path
	Wasm  map[string][]byte // programs, by hash
}

// Load reads a recording of size bytes. What it returns is complete: every program
// that it names is there and is what its hash says.
func Load(r io.ReaderAt, size int64) (*Loaded, error) {
	z, err := zip.NewReader(r, size)
	if err != nil {
		return nil, fmt.Errorf("recording: this is not a recording, which is a zip file: %w", err)
	}
	if len(z.File) > maxRecordingFiles {
		return nil, fmt.Errorf("recording: it holds %d files, at most %d are allowed", len(z.File), maxRecordingFiles)
	}
	l := &Loaded{Files: map[string][]byte{}, Wasm: map[string][]byte{}}
	var text []byte
	total := int64(0)
	for _, f := range z.File {
		limit := int64(maxRecordingFile)
		if f.Name == recordingFile {
			limit = maxRecordingText
		}
		b, err := unpack(f, min(limit, maxRecordingTotal-total))
		if err != nil {
			return nil, fmt.Errorf("recording: %s: %w", f.Name, err)
		}
		total += int64(len(b))
		if f.Name == recordingFile {
			text = b
		} else if name, ok := strings.CutPrefix(f.Name, scenarioFolder); ok && name != "" {
			l.Files[name] = b
		} else if name, ok := strings.CutPrefix(f.Name, programFolder); ok {
			hash := strings.TrimSuffix(name, programSuffix)
			if sum := sha256.Sum256(b); hex.EncodeToString(sum[:]) != hash {
				return nil, fmt.Errorf("recording: %s is not what its name says: its hash is %x", f.Name, sum)
			}
			l.Wasm[hash] = b
		} else {
			return nil, fmt.Errorf("recording: it holds %q, which does not belong there", f.Name)
		}
	}
	if text == nil {
		return nil, fmt.Errorf("recording: it holds no %s", recordingFile)
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&l.Recording); err != nil {
		return nil, fmt.Errorf("recording: %s: %w", recordingFile, err)
	}
	return l, l.check()
}

func unpack(f *zip.File, limit int64) ([]byte, error) {
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(io.LimitReader(r, limit+1))
	err = errors.Join(err, r.Close())
	if err != nil {
		return nil, err
	}
	if int64(len(b)) > limit {
		return nil, fmt.Errorf("it has more than the %d bytes that are allowed here", limit)
	}
	return b, nil
}

func (l *Loaded) check() error {
	if l.Format != Format {
		return fmt.Errorf("recording: it is of format %d, this program reads format %d", l.Format, Format)
	}
	for i := range l.Programs {
		p := &l.Programs[i]
		if p.Bytes = l.Wasm[p.Hash]; p.Bytes == nil {
			return fmt.Errorf("recording: the program %s of %s:%s is not in it", p.Hash, p.Node, p.Proc)
		}
	}
	at, step := int64(0), uint64(0)
	after := func(what string, a int64, s uint64) error {
		if a < at || s < step || time.Duration(a) > MaxTime {
			return fmt.Errorf("recording: %s is at %d ns, step %d, which cannot follow %d ns, step %d", what, a, s, at, step)
		}
		at, step = a, s
		return nil
	}
	for i, c := range l.Commands {
		if err := after(fmt.Sprintf("command %d", i+1), c.At, c.Step); err != nil {
			return err
		}
		if x, ok := c.Command.(vnet.Install); ok && l.Wasm[x.Hash] == nil {
			return fmt.Errorf("recording: the program %s of command %d is not in it", x.Hash, i+1)
		}
	}
	return after("the end", l.End.At, l.End.Step)
}

// A Builder makes labs and programs again.
type Builder struct {
	// Lab returns a lab that is not started, with the recording's scenario, seed
	// and first programs.
	Lab func(ctx context.Context, l *Loaded) (*vnet.Lab, error)
	// Compile makes a program of its bytes.
	Compile func(ctx context.Context, name string, bytes []byte) (vnet.Program, error)
}

// A Result is what came out of a replay.
type Result struct {
	Hash     string // of the run now
	WantHash string // of the run that was recorded
	Same     bool
	Events   uint64
	At       time.Duration
	Version  string // of the program that recorded
	Why      string // where the runs went apart, if they did and it is known
}

// Replay runs a recording again and compares the hash. An error means that it
// could not be run at all.
func Replay(ctx context.Context, r io.ReaderAt, size int64, b Builder) (Result, error) {
	l, err := Load(r, size)
	if err != nil {
		return Result{}, err
	}
	return l.Replay(ctx, b)
}

// Replay is the function Replay for a recording that has been read.
func (l *Loaded) Replay(ctx context.Context, b Builder) (Result, error) {
	lab, err := b.Lab(ctx, l)
	if err != nil {
		return Result{}, fmt.Errorf("recording: the lab cannot be built again: %w", err)
	}
	defer lab.Close()
	canonical, err := json.Marshal(lab.Config())
	if err != nil {
		return Result{}, fmt.Errorf("recording: %w", err)
	}
	if sum := sha256.Sum256(canonical); hex.EncodeToString(sum[:]) != l.Config {
		return Result{}, fmt.Errorf("recording: its scenario gives another lab with this version of the program than with %q, which recorded it", l.Version)
	}
	res := Result{WantHash: l.End.Hash, Version: l.Version}
	lab.Start()
	for i, c := range l.Commands {
		if err := runTo(ctx, lab, c.At, c.Step); err != nil {
			return res, err
		}
		if res.Why == "" {
			res.Why = apart(lab, fmt.Sprintf("at command %d (%s)", i+1, vnet.OpOf(c.Command)), c.At, c.Step)
		}
		do := c.Command
		if x, ok := do.(vnet.Install); ok {
			if x.Program, err = b.Compile(ctx, c.Name, l.Wasm[x.Hash]); err != nil {
				return res, fmt.Errorf("recording: the program %q of command %d: %w", c.Name, i+1, err)
			}
			do = x
		}
		_, _ = lab.Do(do) // one that failed when it was recorded fails again, and is in the log
	}
	if err := runTo(ctx, lab, l.End.At, l.End.Step); err != nil {
		return res, err
	}
	if res.Why == "" {
		res.Why = apart(lab, "at the end", l.End.At, l.End.Step)
	}
	res.Hash = lab.Log().Hash()
	_, res.Events = lab.Log().Bounds()
	res.At = lab.Now()
	res.Same = res.Hash == res.WantHash
	if !res.Same && res.Why == "" {
		res.Why = fmt.Sprintf("between two commands: there are %d events, there were %d", res.Events, l.End.Events)
	}
	return res, nil
}

// runTo lets the lab run to the place in the run that at and step name.
func runTo(ctx context.Context, lab *vnet.Lab, at int64, step uint64) error {
	for {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("the replay was ended: %w", err)
		}
		if lab.Run(time.Duration(at), min(step, lab.Steps()+replayChunk)) || lab.Steps() >= step {
			return nil
		}
	}
}

// apart says how the lab differs from the place where it should be; "" if it does
// not.
func apart(lab *vnet.Lab, where string, at int64, step uint64) string {
	if int64(lab.Now()) == at && lab.Steps() == step {
		return ""
	}
	return fmt.Sprintf("%s: the lab is at %v, step %d, and was at %v, step %d", where, lab.Now(), lab.Steps(), time.Duration(at), step)
}
