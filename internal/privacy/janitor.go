package privacy

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"wireloom/internal/class"
	"wireloom/internal/gradebook"
	"wireloom/internal/identity"
	"wireloom/internal/store"
)

// How often the janitor looks, and how long what nobody applies stays.
const (
	every      = 6 * time.Hour
	previewAge = 24 * time.Hour
)

// A Janitor takes away what is kept only for a while.
type Janitor struct {
	DB  *store.DB
	Log *slog.Logger
	// Forget ends a lab of somebody who was erased, and removes its files, if there are any.
	Forget func(lab string) error
}

// Run tidies now and every few hours, until ctx is done.
func (j *Janitor) Run(ctx context.Context) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		if err := j.Tidy(ctx); err != nil && ctx.Err() == nil {
			j.Log.Error("tidying up failed, and is tried again later", "error", err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// Tidy takes away what there is to be taken away now.
func (j *Janitor) Tidy(ctx context.Context) error {
	if err := j.classes(ctx); err != nil {
		return fmt.Errorf("classes whose time is over: %w", err)
	}
	err := j.DB.Write(ctx, func(tx *store.Tx) error {
		if err := tx.SweepSessions(); err != nil {
			return err
		}
		return tx.Swept(tx.Now().Add(-previewAge))
	})
	if err != nil {
		return err
	}
	if err := j.labs(ctx); err != nil {
		return fmt.Errorf("labs of people who were erased: %w", err)
	}
	keep, err := Kept(ctx, j.DB)
	if err != nil {
		return err
	}
	gone, err := j.DB.Blobs.Sweep(func(hash string) bool { return keep[hash] })
	if gone > 0 {
		j.Log.Info("removed files that nothing points to any more", "files", gone)
	}
	return err
}

// Kept are the blobs that rows point to.
func Kept(ctx context.Context, db *store.DB) (map[string]bool, error) {
	keep := map[string]bool{}
	err := db.Read(ctx, func(tx *store.Tx) error {
		clear(keep)
		versions, err := tx.VersionBlobs()
		if err != nil {
			return err
		}
		for _, hash := range versions {
			keep[hash] = true
		}
		offered, err := tx.NoticeBlobs()
		if err != nil {
			return err
		}
		for _, hash := range offered {
			keep[hash] = true
		}
		return gradebook.Blobs(tx, func(hash string) { keep[hash] = true })
	})
	return keep, err
}

// classes erases the work of classes whose time is over, and warns of those where it soon is.
func (j *Janitor) classes(ctx context.Context) error {
	var over, soon []store.ClassRow
	err := j.DB.Read(ctx, func(tx *store.Tx) (err error) {
		if over, err = tx.ClassesToErase(tx.Now()); err != nil {
			return err
		}
		soon, err = tx.ClassesToErase(tx.Now().Add(class.RetentionWarning))
		return err
	})
	if err != nil {
		return err
	}
	for _, c := range soon {
		if err := j.warn(ctx, c); err != nil {
			return err
		}
	}
	for _, c := range over {
		if err := j.DB.Write(ctx, func(tx *store.Tx) error { return eraseClass(tx, c) }); err != nil {
			return err
		}
		j.Log.Info("the time of a class is over: its people's work is erased", "class", c.ID)
	}
	return nil
}

const warned = "class warned"

// warn notes once that a class's work goes soon: its page says so from its date, and the log to who runs the server.
func (j *Janitor) warn(ctx context.Context, c store.ClassRow) error {
	when := c.Retention.Format(time.RFC3339)
	said := false
	err := j.DB.Write(ctx, func(tx *store.Tx) error {
		rows, err := tx.AuditAbout(c.ID, warned, 1)
		if said = err == nil && len(rows) > 0 && rows[0].Detail == when; err != nil || said {
			return err
		}
		return tx.Audit(store.AuditRow{Class: c.ID, What: warned, About: c.ID, Detail: when})
	})
	if err == nil && !said { // not in the transaction, which may be tried several times, or come to nothing
		j.Log.Warn("the time of a class is nearly over: its people's work will be erased", "class", c.ID, "at", when)
	}
	return err
}

// eraseClass takes away what a class's students did, and who they were there. Its lessons stay, for who wants
// to copy them.
func eraseClass(tx *store.Tx, c store.ClassRow) error {
	c, err := tx.Class(c.ID)
	if err != nil {
		return err
	}
	if c.Retention.IsZero() || c.Retention.After(tx.Now()) { // a teacher was faster
		return nil
	}
	members, err := tx.Members(c.ID)
	if err != nil {
		return err
	}
	for _, m := range members {
		if m.Role != identity.Student.String() {
			continue
		}
		if err := tx.EraseWork(c.ID, m.Person); err != nil {
			return err
		}
	}
	c.Retention, c.Archived, c.Open = time.Time{}, true, false
	if err := tx.SetClass(c); err != nil {
		return err
	}
	return tx.Audit(store.AuditRow{Class: c.ID, What: "class erase", About: c.ID})
}

// labs removes the files of labs of people who were erased.
func (j *Janitor) labs(ctx context.Context) error {
	var gone []string
	if err := j.DB.Read(ctx, func(tx *store.Tx) (err error) { gone, err = tx.ErasedLabs(); return err }); err != nil {
		return err
	}
	for _, lab := range gone {
		if err := j.Forget(lab); err != nil {
			return err
		}
	}
	return nil
}
