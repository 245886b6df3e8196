package store

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"wireloom/internal/store/schema"
)

// Columns that have a person's id, and so say that a row is about them; and those that are
// nobody's to read, since who has them is somebody, or since their own column says so.
var (
	personColumnNames = []string{"person", "who", "by", "author", "applier", "about"}
	secretColumns     = []string{"token", "claims", "lease", "owner", "fence"}
	secretTables      = []string{"tickets", "previews"}
)

// About calls f with each row that is about somebody of these ids, of whatever table, and with the
// rows that belong to their hand-ins. What nobody may read is not in it.
func (tx *Tx) About(ids []string, f func(table string, row map[string]any) error) error {
	order, err := schema.Tables()
	if err != nil {
		return err
	}
	for _, table := range order {
		if slices.Contains(secretTables, table) {
			continue
		}
		var columns []string
		if err := tx.eachRow(`select * from `+table+` where 1 = 0`, nil, func(c []string) error { columns = c; return nil }, nil); err != nil {
			return err
		}
		query, args := about(table, columns, ids)
		if query == "" {
			continue
		}
		err := tx.eachRow(query, args, func([]string) error { return nil }, func(values []any) error {
			row := map[string]any{}
			for i, v := range values {
				if !slices.Contains(secretColumns, columns[i]) {
					row[columns[i]] = v
				}
			}
			return f(table, row)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// about is a query for the rows of a table that are about somebody; "" if none can be.
func about(table string, columns, ids []string) (query string, args []any) {
	var conditions []string
	is := func(column, before, after string) {
		for _, id := range ids {
			args = append(args, id)
			conditions = append(conditions, column+before+"$"+strconv.Itoa(len(args))+after)
		}
	}
	for _, c := range columns {
		switch {
		case slices.Contains(personColumnNames, c), table == "people" && c == "id":
			is(c, " = ", "")
		case c == "handin" && table != "outbox":
			is(c, " in (select id from handins where person = ", ")")
		}
	}
	if len(conditions) == 0 {
		return "", nil
	}
	return `select * from ` + table + ` where ` + strings.Join(conditions, " or "), args
}

// PeopleCalled lists those whose id, e-mail address or name, in people's or a class's list, is a text,
// whatever its case.
func (tx *Tx) PeopleCalled(text string) ([]PersonRow, error) {
	return all(tx, (*PersonRow).fields, `select `+personColumns+` from people where $1 <> '' and (id = $1 or lower(name) = lower($1) or lower(email) = lower($1)
		or id in (select person from members where lower(name) = lower($1) or lower(email) = lower($1))) order by id limit 20`, text)
}

// Erased is why a lab is gone whose person was erased.
const Erased = "erased"

// erasures are what Forget does with each of a person's ids, $1, by the table that it is
// about. Rows that others need stay, with an id that leads to nobody.
var erasures = []struct{ table, statement string }{
	{"identities", `delete from identities where person = $1`},
	{"sessions", `delete from sessions where person = $1`},
	{"tickets", `delete from tickets where person = $1`},
	{"extensions", `delete from extensions where who = $1`},
	{"hands", `delete from hands where person = $1`},
	{"outbox", `delete from outbox where person = $1`},
	{"previews", `delete from previews where class in (select class from members where person = $1)`},
	{"members", `update members set name = 'Erased', email = '', sis = '', login = '', canvas = '', section = '', active = 0 where person = $1`},
	{"labs", `update labs set state = 'gone', why = 'erased', current = 0 where person = $1`},
	{"audit", `update audit set detail = '' where who = $1 or about = $1`},
	{"people", `update people set name = 'Erased', email = '', operator = 0, creates = 0 where id = $1`},
}

// Forget takes away all that tells who somebody was. What they did keeps its points, and the
// audit log that something was done.
func (tx *Tx) Forget(id string) error {
	order, err := schema.Tables()
	if err != nil {
		return err
	}
	for _, e := range erasures {
		if !slices.Contains(order, e.table) {
			continue
		}
		if _, err := tx.exec(e.statement, id); err != nil {
			return err
		}
	}
	if err := tx.EraseHandins(id); err != nil {
		return err
	}
	_, err = tx.exec(`update people set erased = $2 where id = $1 and erased = 0`, id, at(&tx.now))
	return err
}

// EraseWork takes away what a person did in one class, and who they were there. That they
// have an account is not touched.
func (tx *Tx) EraseWork(class, person string) error {
	for _, q := range []string{
		`update handins set programs = '[]', recording = '', once = '', signature = '' where class = $1 and person = $2`,
		`update gradings set report = '', staff = '' where handin in (select id from handins where class = $1 and person = $2)`,
		`update marks set comment = '' where lesson in (select id from lessons where class = $1) and person = $2`,
		`update labs set state = 'gone', why = 'erased', current = 0 where class = $1 and person = $2`,
		`update members set name = 'Erased', email = '', sis = '', login = '', canvas = '', section = '', active = 0 where class = $1 and person = $2`,
		`delete from identities where kind = 'name' and issuer = $1 and person = $2`,
	} {
		if _, err := tx.exec(q, class, person); err != nil {
			return err
		}
	}
	return nil
}

// Swept removes what was only of use for a while: looks at rosters that nobody applied.
func (tx *Tx) Swept(before time.Time) error {
	_, err := tx.exec(`delete from previews where created < $1`, at(&before))
	return err
}

// VersionBlobs lists the blobs of scenarios.
func (tx *Tx) VersionBlobs() ([]string, error) {
	return all(tx, func(s *string) []any { return []any{s} }, `select distinct blob from versions`)
}

// ErasedLabs lists the labs of people who were erased, for who removes their files.
func (tx *Tx) ErasedLabs() ([]string, error) {
	return all(tx, func(s *string) []any { return []any{s} }, `select id from labs where state = 'gone' and why = 'erased' order by id limit 100000`)
}
