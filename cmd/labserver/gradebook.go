package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"time"

	"wireloom/internal/class"
	"wireloom/internal/gradebook"
	"wireloom/internal/gradebook/mark"
	"wireloom/internal/host"
	"wireloom/internal/outbox"
	"wireloom/internal/session"
	"wireloom/internal/sign"
	"wireloom/internal/store"
)

// keyFile has the key of receipts and reports, in the data folder.
const keyFile = "sign.key"

// handinTimeout is how long a grading may take, in real time.
const handinTimeout = 2 * time.Minute

// openBook opens the gradebook. Hand-ins are graded by processes of this program, which keep
// what they compile in the folder cache.
func (s *school) openBook(log *slog.Logger, conf *host.Config, cache string) error {
	key, err := dataKey(log, filepath.Join(conf.Data, keyFile))
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	s.book = gradebook.New(gradebook.Config{
		DB: s.db, Key: key, Grader: version(), Bench: s.labs, Scenario: s.shelf.Scenario, Logger: log,
		Dates: func(tx *store.Tx, lessons ...store.LessonRow) (gradebook.Dates, error) {
			d, err := class.DatesIn(tx, lessons...)
			return d, err
		},
		Out: scored, Gone: outbox.Absent,
		Checked: s.checked,
		Command: func() *exec.Cmd { return exec.Command(self, gradeWorker, "--cache="+cache) },
		Workers: max(1, runtime.NumCPU()/2), Timeout: handinTimeout,
	})
	return nil
}

// scored hands a final score to the platforms that the person came from. The outbox looks for
// it by itself.
func scored(tx *store.Tx, s gradebook.Score) error {
	return outbox.Put(tx, outbox.Score{
		Lesson: s.Lesson, Person: s.Person, Points: s.Grade.Points, Max: s.Grade.Max,
		Handin: s.Grade.Handin, At: s.Handed, Comment: s.Grade.Comment, Excused: s.Grade.Standing == mark.Excused,
	})
}

// checked tells the wall what came of a hand-in.
func (s *school) checked(lesson, person string, passed, total int64) {
	var lab string
	err := s.db.Read(context.Background(), func(tx *store.Tx) (err error) {
		lab, err = s.labs.Current(tx, lesson, person)
		return err
	})
	if err == nil && lab != "" {
		s.wall.Checked(lab, int(passed), int(total))
	}
}

// dataKey is the key of a data folder, which is made when it is wanted first.
func dataKey(log *slog.Logger, name string) (*sign.Key, error) {
	k, warning, err := sign.Load(name)
	if errors.Is(err, fs.ErrNotExist) {
		if k, err = sign.New(nil); err == nil {
			err = k.Save(name)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("the key of receipts: %w", err)
	}
	if warning != "" {
		log.Warn(warning)
	}
	return k, nil
}

// Programs is gradebook.Bench's.
func (b *benches) Programs(ctx context.Context, lab string) ([]session.Held, error) {
	return b.keeper.Programs(ctx, lab)
}

// Record is gradebook.Bench's.
func (b *benches) Record(ctx context.Context, lab string, w io.Writer) error {
	return b.keeper.Record(ctx, lab, w)
}
