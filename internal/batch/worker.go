package batch

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/metrics"
	"sync/atomic"
	"time"

	"wireloom/internal/report"
	"wireloom/internal/scenario"
)

// A Job is a submission as a process gets it, a line of JSON. Paths are bytes, because
// not all are UTF-8, as JSON's texts are.
type Job struct {
	Name     string            `json:"name"`
	Student  string            `json:"student,omitempty"`
	Dir      []byte            `json:"dir"`      // the folder of all submissions
	Programs map[string][]byte `json:"programs"` // path below it by slot, for ReadProgram

	// Of a process that grades for several scenarios: which, as open.Scenario takes it, and
	// for whom. Others have been told once.
	Scenario []byte            `json:"scenario,omitempty"`
	Audience scenario.Audience `json:"audience"`
}

// A Reply is what the process answers, likewise: a report, or why there is none.
type Reply struct {
	Error  string            `json:"error,omitempty"`
	Report *report.Document  `json:"report,omitempty"`
	Files  map[string][]byte `json:"files,omitempty"` // other forms, by suffix
}

// maxReply is how many bytes a reply may have.
const maxReply = 4 * report.MaxDocument

// The exit codes of a process that did not come to an end.
const (
	exitLarge  = 97 // it used too much memory
	exitOrphan = 98 // who asked has gone
)

// Serve is the process that grades: it answers one job after the other, until there
// are no more. memory is how many bytes it may use; when it uses more it ends. It ends, too,
// when its input does while it grades: who asked was killed, and nobody else would end it.
func Serve(in io.Reader, out io.Writer, memory uint64, grade func(Job) Reply) error {
	go weigh(memory)
	var busy atomic.Bool
	jobs, ended := make(chan Job), make(chan error, 1)
	go func() {
		for d := json.NewDecoder(in); ; {
			var j Job
			if err := d.Decode(&j); err != nil {
				if busy.Load() {
					os.Exit(exitOrphan)
				}
				ended <- err
				return
			}
			busy.Store(true)
			jobs <- j
		}
	}()
	for e := json.NewEncoder(out); ; {
		select {
		case j := <-jobs:
			reply := grade(j)
			busy.Store(false) // who asked may be content with the reply and go
			if err := e.Encode(reply); err != nil {
				return fmt.Errorf("a reply: %w", err)
			}
		case err := <-ended:
			if errors.Is(err, io.EOF) {
				return nil
			}
			return fmt.Errorf("a job: %w", err)
		}
	}
}

// weighEvery is how often a process looks at the memory that it uses.
const weighEvery = 10 * time.Millisecond

// weigh ends the process when it uses more memory than it may. Programs in a lab
// have limits of their own, far below; this is for what nobody thought of.
func weigh(limit uint64) {
	s := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	for range time.Tick(weighEvery) {
		metrics.Read(s)
		if used := s[0].Value.Uint64() - s[1].Value.Uint64(); used > limit {
			fmt.Fprintf(os.Stderr, "used %d bytes of memory, at most %d are allowed\n", used, limit)
			os.Exit(exitLarge)
		}
	}
}

// readReply reads the next reply of a process.
func readReply(r *bufio.Reader) (*Reply, error) {
	b, err := readLine(r, maxReply)
	if err != nil {
		return nil, err
	}
	reply := &Reply{}
	if err := json.Unmarshal(b, reply); err != nil {
		return nil, err
	}
	if reply.Error == "" && reply.Report == nil {
		return nil, errors.New("a reply says nothing")
	}
	return reply, nil
}

// readLine reads a line of at most most bytes.
func readLine(r *bufio.Reader, limit int) ([]byte, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		line = append(line, part...)
		if err == nil {
			return line, nil
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return nil, err
		}
		if len(line) > limit {
			return nil, fmt.Errorf("a reply has more than %d bytes", limit)
		}
	}
}
