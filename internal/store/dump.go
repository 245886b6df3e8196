package store

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"wireloom/internal/store/schema"
)

// A dump is all rows of all tables as lines of JSON: of each table a line that names it and its
// columns, then a line a row; at the end how many rows there were. It has nothing of the kind of
// database in it, so that one can be loaded into the other.

// dumpFormat is the version of what a dump looks like.
const dumpFormat = 1

// A dumpLine is a line that is no row.
type dumpLine struct {
	Format  int      `json:"format,omitempty"`  // the first line's
	Step    int64    `json:"step,omitempty"`    // the newest migration of the database, in the first line
	Table   string   `json:"table,omitempty"`   // what follows are its rows
	Columns []string `json:"columns,omitempty"` // of these columns
	Rows    *int64   `json:"rows,omitempty"`    // the last line's: how many there were in all
}

// Dump writes all rows, as they are in this transaction, and returns how many there are.
func (tx *Tx) Dump(w io.Writer) (rows int64, err error) {
	order, err := schema.Tables()
	if err != nil {
		return 0, err
	}
	first := dumpLine{Format: dumpFormat}
	if first.Step, err = tx.step(); err != nil {
		return 0, err
	}
	out := bufio.NewWriter(w)
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(first); err != nil {
		return 0, err
	}
	for _, table := range order {
		n, err := tx.dumpTable(enc, table)
		if err != nil {
			return rows, fmt.Errorf("table %s: %w", table, err)
		}
		rows += n
	}
	if err := enc.Encode(dumpLine{Rows: &rows}); err != nil {
		return rows, err
	}
	return rows, out.Flush()
}

// step is the newest migration of the database.
func (tx *Tx) step() (n int64, err error) {
	return n, tx.get([]any{&n}, `select max(version_id) from goose_db_version`)
}

func (tx *Tx) dumpTable(enc *json.Encoder, table string) (n int64, err error) {
	err = tx.eachRow(`select * from `+table, nil, func(columns []string) error {
		return enc.Encode(dumpLine{Table: table, Columns: columns})
	}, func(row []any) error {
		n++
		return enc.Encode(row)
	})
	return n, err
}

// eachRow calls begin with the columns of a query, and then row with the values of each row: a string or an int64.
func (tx *Tx) eachRow(query string, args []any, begin func(columns []string) error, row func(values []any) error) error {
	if tx.wrong != nil {
		return tx.wrong
	}
	rows, err := tx.tx.QueryContext(tx.ctx, query, texts(args)...)
	if err != nil {
		return tx.note(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	if err := begin(columns); err != nil {
		return err
	}
	values, dest := make([]any, len(columns)), make([]any, len(columns))
	for i := range values {
		dest[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(dest...); err != nil {
			return tx.note(err)
		}
		for i, v := range values {
			switch v := v.(type) {
			case string, int64:
			case []byte:
				values[i] = string(v)
			default:
				return fmt.Errorf("column %s has a %T: tables have texts and whole numbers only", columns[i], v)
			}
		}
		if err := row(values); err != nil {
			return err
		}
	}
	return tx.note(rows.Err())
}

// ErrNotEmpty is Load's error for a database with rows in it.
var ErrNotEmpty = errors.New("the database has people or classes in it already: a backup is restored into an empty one")

// loadAtOnce is how many values one statement of Load has. PostgreSQL takes 65535.
const loadAtOnce = 2000

// maxDumpLine is how many bytes a line of a dump may have.
const maxDumpLine = 64 << 20

// Load stores the rows of a dump in a database that has none, and returns how many there were.
func (tx *Tx) Load(r io.Reader) (rows int64, err error) {
	order, err := schema.Tables()
	if err != nil {
		return 0, err
	}
	for _, table := range order {
		var n int64
		if err := tx.get([]any{&n}, `select count(*) from `+table); err != nil {
			return 0, err
		}
		if n > 0 {
			return 0, ErrNotEmpty
		}
	}
	l := loader{tx: tx, order: order}
	in := bufio.NewScanner(r)
	in.Buffer(nil, maxDumpLine)
	for in.Scan() {
		if l.ended {
			return 0, errors.New("the dump goes on after its end")
		}
		if err := l.line(in.Bytes()); err != nil {
			return 0, fmt.Errorf("line %d of the dump: %w", l.lines, err)
		}
	}
	if err := in.Err(); err != nil {
		return 0, fmt.Errorf("line %d of the dump: %w", l.lines+1, err)
	}
	if !l.ended {
		return 0, errors.New("the dump breaks off: its end is missing")
	}
	return l.rows, nil
}

// A loader reads the lines of a dump.
type loader struct {
	tx      *Tx
	order   []string
	lines   int
	rows    int64
	ended   bool
	table   string
	columns []string
	values  []any // of rows that are not stored yet
}

func (l *loader) line(b []byte) error {
	l.lines++
	if bytes.HasPrefix(b, []byte("[")) {
		return l.row(b)
	}
	if err := l.flush(); err != nil {
		return err
	}
	var d dumpLine
	if err := json.Unmarshal(b, &d); err != nil {
		return err
	}
	switch {
	case l.lines == 1:
		if d.Format != dumpFormat {
			return fmt.Errorf("this is no dump of format %d", dumpFormat)
		}
		step, err := l.tx.step()
		if err == nil && d.Step > step {
			err = fmt.Errorf("the dump is of a newer Wireloom (step %d, this one knows up to %d): restore it with that one", d.Step, step)
		}
		return err
	case d.Rows != nil:
		l.ended = true
		if *d.Rows != l.rows {
			return fmt.Errorf("%d rows were dumped, and %d are here", *d.Rows, l.rows)
		}
		return nil
	}
	// Names go into statements: only those that are ours.
	if !slices.Contains(l.order, d.Table) {
		return fmt.Errorf("there is no table %.40q", d.Table)
	}
	known := map[string]bool{}
	if err := l.tx.eachRow(`select * from `+d.Table+` where 1 = 0`, nil, func(columns []string) error {
		for _, c := range columns {
			known[c] = true
		}
		return nil
	}, func([]any) error { return nil }); err != nil {
		return err
	}
	for _, c := range d.Columns {
		if !known[c] {
			return fmt.Errorf("table %s has no column %.40q", d.Table, c)
		}
	}
	if len(d.Columns) == 0 {
		return fmt.Errorf("table %s has no columns", d.Table)
	}
	l.table, l.columns = d.Table, d.Columns
	return nil
}

func (l *loader) row(b []byte) error {
	var values []any
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber()
	if err := dec.Decode(&values); err != nil {
		return err
	}
	if l.table == "" || len(values) != len(l.columns) {
		return fmt.Errorf("a row of %d values where the table has %d", len(values), len(l.columns))
	}
	for _, v := range values {
		switch v := v.(type) {
		case string:
			l.values = append(l.values, v)
		case json.Number:
			n, err := v.Int64()
			if err != nil {
				return err
			}
			l.values = append(l.values, n)
		default:
			return fmt.Errorf("a value is %T", v)
		}
	}
	l.rows++
	if len(l.values)+len(l.columns) > loadAtOnce {
		return l.flush()
	}
	return nil
}

// flush stores the rows that wait.
func (l *loader) flush() error {
	if len(l.values) == 0 {
		return nil
	}
	var q strings.Builder
	fmt.Fprintf(&q, "insert into %s (%s) values ", l.table, strings.Join(l.columns, ", "))
	for i := range l.values {
		switch {
		case i == 0:
			q.WriteString("(")
		case i%len(l.columns) == 0:
			q.WriteString("), (")
		default:
			q.WriteString(", ")
		}
		fmt.Fprintf(&q, "$%d", i+1)
	}
	q.WriteString(")")
	_, err := l.tx.exec(q.String(), l.values...)
	l.values = l.values[:0]
	return err
}

// LabsAsAfterAKill has labs that were parked come back by all that their journals have: those
// of a backup were copied after its rows, and may be longer than these say.
func (tx *Tx) LabsAsAfterAKill() error {
	_, err := tx.exec(`update labs set state = 'live' where state = 'parked'`)
	return err
}
