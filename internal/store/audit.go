package store

import "time"

// An AuditRow is something that somebody did which may be asked about later.
type AuditRow struct {
	ID      string
	At      time.Time
	Request string // the request's id, as in the log
	Who     string // a person; "" is the server itself, or somebody at its terminal
	Class   string
	What    string // a verb of one word or two: "roster apply"
	About   string // the id of what it was done to
	Detail  string // a sentence, or JSON
}

func (a *AuditRow) fields() []any {
	return []any{&a.ID, at(&a.At), &a.Request, &a.Who, &a.Class, &a.What, &a.About, &a.Detail}
}

const auditColumns = `id, at, request, who, class, what, about, detail`

// Audit notes what the transaction does, under a new id and at its time.
func (tx *Tx) Audit(a AuditRow) error {
	a.ID, a.At = NewID(), tx.now
	_, err := tx.exec(`insert into audit (`+auditColumns+`) values ($1, $2, $3, $4, $5, $6, $7, $8)`, a.fields()...)
	return err
}

// AuditSince lists at most limit rows, newest first, of a class, or of all if that is "".
func (tx *Tx) AuditSince(class string, since time.Time, limit int) ([]AuditRow, error) {
	return all(tx, (*AuditRow).fields, `select `+auditColumns+` from audit
		where ($1 = '' or class = $1) and at >= $2 order by at desc, id limit $3`, class, at(&since), limit)
}

// AuditAbout lists the newest rows of one kind about one thing, newest first.
func (tx *Tx) AuditAbout(about, what string, limit int) ([]AuditRow, error) {
	return all(tx, (*AuditRow).fields, `select `+auditColumns+` from audit where about = $1 and what = $2 order by at desc, id limit $3`, about, what, limit)
}
