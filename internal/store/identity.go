package store

import "time"

// A PersonRow is a human, or what the store takes for one: two of them may turn out to be one.
type PersonRow struct {
	ID, Name, Email   string
	Operator, Creates bool   // Creates: may make classes
	Main              string // the person that this one was merged with; "" for none
	Created, Seen     time.Time
	Erased            time.Time // zero unless their data are gone
}

const personColumns = "id, name, email, operator, creates, main, created, seen, erased"

func (p *PersonRow) fields() []any {
	return []any{&p.ID, &p.Name, &p.Email, flag(&p.Operator), flag(&p.Creates), &p.Main, at(&p.Created), at(&p.Seen), at(&p.Erased)}
}

// AddPerson adds a person.
func (tx *Tx) AddPerson(p PersonRow) error {
	_, err := tx.exec("insert into people ("+personColumns+") values ($1, $2, $3, $4, $5, $6, $7, $8, $9)", p.fields()...)
	return err
}

// Person is one person, also one who was erased.
func (tx *Tx) Person(id string) (PersonRow, error) {
	return one(tx, (*PersonRow).fields, "select "+personColumns+" from people where id = $1", id)
}

// SetPerson changes what is known of a person.
func (tx *Tx) SetPerson(p PersonRow) error {
	return tx.must(ErrNone, `update people set name = $2, email = $3, operator = $4, creates = $5, main = $6, seen = $7 where id = $1`,
		p.ID, p.Name, p.Email, flag(&p.Operator), flag(&p.Creates), p.Main, at(&p.Seen))
}

// PersonSeen notes that a person signed in.
func (tx *Tx) PersonSeen(id string) error {
	return tx.must(ErrNone, "update people set seen = $2 where id = $1", id, at(&tx.now))
}

// MergedWith are those who were merged with a person.
func (tx *Tx) MergedWith(person string) ([]PersonRow, error) {
	return all(tx, (*PersonRow).fields, "select "+personColumns+" from people where main = $1 order by id limit 100", person)
}

// An IdentityRow is a way by which a person is known: a name on a roster, an account at a
// campus login or a learning platform, an operator.
type IdentityRow struct {
	ID, Person, Kind, Issuer, Subject string
	Email, Claims                     string
	Created, Seen                     time.Time
}

const identityColumns = "id, person, kind, issuer, subject, email, claims, created, seen"

func (i *IdentityRow) fields() []any {
	return []any{&i.ID, &i.Person, &i.Kind, &i.Issuer, &i.Subject, &i.Email, &i.Claims, at(&i.Created), at(&i.Seen)}
}

// AddIdentity adds an identity; ErrTaken if somebody has it.
func (tx *Tx) AddIdentity(i IdentityRow) error {
	_, err := tx.exec("insert into identities ("+identityColumns+") values ($1, $2, $3, $4, $5, $6, $7, $8, $9)", i.fields()...)
	return err
}

// SetIdentity changes an identity's person, subject and what is known by it.
func (tx *Tx) SetIdentity(i IdentityRow) error {
	return tx.must(ErrNone, "update identities set person = $2, subject = $3, email = $4, claims = $5, seen = $6 where id = $1",
		i.ID, i.Person, i.Subject, i.Email, i.Claims, at(&i.Seen))
}

// DropIdentity takes an identity away.
func (tx *Tx) DropIdentity(id string) error {
	return tx.must(ErrNone, "delete from identities where id = $1", id)
}

// Identity finds an identity by what it is known by elsewhere.
func (tx *Tx) Identity(kind, issuer, subject string) (IdentityRow, error) {
	return one(tx, (*IdentityRow).fields, "select "+identityColumns+" from identities where kind = $1 and issuer = $2 and subject = $3", kind, issuer, subject)
}

// IdentitiesOf are a person's.
func (tx *Tx) IdentitiesOf(person string) ([]IdentityRow, error) {
	return all(tx, (*IdentityRow).fields, "select "+identityColumns+" from identities where person = $1 order by created, id limit 100", person)
}

// IdentitiesAt are those of one issuer, for an operator who moves all of them.
func (tx *Tx) IdentitiesAt(kind, issuer string) ([]IdentityRow, error) {
	return all(tx, (*IdentityRow).fields, "select "+identityColumns+" from identities where kind = $1 and issuer = $2 order by created, id limit 100000", kind, issuer)
}

// A SessionRow is a browser that a person has signed in with. Token is the hash of what the
// browser has.
type SessionRow struct {
	Token, Person, Kind, Class string
	Framed                     bool
	Created, Seen, Expires     time.Time
}

const sessionColumns = "token, person, kind, class, framed, created, seen, expires"

func (s *SessionRow) fields() []any {
	return []any{&s.Token, &s.Person, &s.Kind, &s.Class, flag(&s.Framed), at(&s.Created), at(&s.Seen), at(&s.Expires)}
}

// AddSession adds a session.
func (tx *Tx) AddSession(s SessionRow) error {
	_, err := tx.exec("insert into sessions ("+sessionColumns+") values ($1, $2, $3, $4, $5, $6, $7, $8)", s.fields()...)
	return err
}

// Session is the session of a token's hash.
func (tx *Tx) Session(token string) (SessionRow, error) {
	return one(tx, (*SessionRow).fields, "select "+sessionColumns+" from sessions where token = $1", token)
}

// SessionSeen notes that a session was used.
func (tx *Tx) SessionSeen(token string) error {
	_, err := tx.exec("update sessions set seen = $2 where token = $1", token, at(&tx.now))
	return err
}

// DropSession ends a session, if there is one.
func (tx *Tx) DropSession(token string) error {
	_, err := tx.exec("delete from sessions where token = $1", token)
	return err
}

// DropSessions ends all sessions of a person.
func (tx *Tx) DropSessions(person string) error {
	_, err := tx.exec("delete from sessions where person = $1", person)
	return err
}

// A TicketRow is what may be used once: a code, the state of a sign-in, a new window. Token is
// the hash of what its holder has.
type TicketRow struct {
	Token, Purpose, Person, Data string
	Expires, Used                time.Time
}

func (t *TicketRow) fields() []any {
	return []any{&t.Token, &t.Purpose, &t.Person, &t.Data, at(&t.Expires), at(&t.Used)}
}

// AddTicket adds a ticket.
func (tx *Tx) AddTicket(t TicketRow) error {
	_, err := tx.exec("insert into tickets (token, purpose, person, data, expires, used) values ($1, $2, $3, $4, $5, $6)", t.fields()...)
	return err
}

// UseTicket uses a ticket up: ErrNone if there is none for the purpose, if it was used, or
// if it is too old. One that was used in a transaction that is undone was not used.
func (tx *Tx) UseTicket(token, purpose string) (TicketRow, error) {
	return one(tx, (*TicketRow).fields, `update tickets set used = $3 where token = $1 and purpose = $2 and used = 0 and expires > $3
		returning token, purpose, person, data, expires, used`, token, purpose, at(&tx.now))
}

// SeeTicket looks at a ticket that may be used, and leaves it.
func (tx *Tx) SeeTicket(token, purpose string) (TicketRow, error) {
	return one(tx, (*TicketRow).fields, `select token, purpose, person, data, expires, used from tickets
		where token = $1 and purpose = $2 and used = 0 and expires > $3`, token, purpose, at(&tx.now))
}

// DropTickets takes away the tickets of one purpose that a person has.
func (tx *Tx) DropTickets(purpose, person string) error {
	_, err := tx.exec("delete from tickets where purpose = $1 and person = $2", purpose, person)
	return err
}

// arrivalsKept is how long a name waits for a teacher.
const arrivalsKept = 30 * 24 * time.Hour

// SweepSessions takes away the sessions and tickets that are over, and the names that have
// waited for long.
func (tx *Tx) SweepSessions() error {
	if _, err := tx.exec("delete from arrivals where asked <= $1", tx.now.Add(-arrivalsKept).UnixMilli()); err != nil {
		return err
	}
	if _, err := tx.exec("delete from sessions where expires <= $1", at(&tx.now)); err != nil {
		return err
	}
	_, err := tx.exec("delete from tickets where expires <= $1", at(&tx.now))
	return err
}

// An ArrivalRow is a name that wants to join a class and is not on its roster.
type ArrivalRow struct {
	ID, Class, Folded, Name string
	Asked                   time.Time
}

func (a *ArrivalRow) fields() []any { return []any{&a.ID, &a.Class, &a.Folded, &a.Name, at(&a.Asked)} }

// maxArrivals are how many names wait for one class's teacher. More are none of its students.
const maxArrivals = 500

// AddArrival lists a name as waiting, once.
func (tx *Tx) AddArrival(a ArrivalRow) error {
	_, err := tx.exec(`insert into arrivals (id, class, folded, name, asked) select $1, $2, $3, $4, $5
		where (select count(*) from arrivals where class = $6) < $7 on conflict (class, folded) do nothing`,
		append(a.fields(), a.Class, maxArrivals)...)
	return err
}

// Arrivals are the names that wait for a class's teacher.
func (tx *Tx) Arrivals(class string) ([]ArrivalRow, error) {
	return all(tx, (*ArrivalRow).fields, "select id, class, folded, name, asked from arrivals where class = $1 order by asked, id limit 500", class)
}

// DropArrival takes a name from the list.
func (tx *Tx) DropArrival(class, id string) error {
	return tx.must(ErrNone, "delete from arrivals where class = $1 and id = $2", class, id)
}

// DropArrivalOf takes a name from the list, if it is there.
func (tx *Tx) DropArrivalOf(class, folded string) error {
	_, err := tx.exec("delete from arrivals where class = $1 and folded = $2", class, folded)
	return err
}
