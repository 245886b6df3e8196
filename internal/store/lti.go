package store

import "time"

// A PlatformRow is a learning platform that may launch this tool.
type PlatformRow struct {
	ID, Name, Product           string // Product is as it calls itself: "canvas"
	Issuer, Client              string
	Auth, Token, Audience, JWKS string // addresses; Audience is of client assertions, "" is Token
	Frames                      string // origins that may frame the tool, beside those of the addresses; blanks between
	Created, Seen               time.Time
	Version                     int64
}

func (p *PlatformRow) fields() []any {
	return []any{&p.ID, &p.Name, &p.Product, &p.Issuer, &p.Client, &p.Auth, &p.Token, &p.Audience, &p.JWKS, &p.Frames, at(&p.Created), at(&p.Seen), &p.Version}
}

const platformColumns = `id, name, product, issuer, client, auth, token, audience, keys, frames, created, seen, version`

// AddPlatform adds one, under a new id. ErrTaken: its issuer and client are there.
func (tx *Tx) AddPlatform(p *PlatformRow) error {
	p.ID, p.Created, p.Version = NewID(), tx.now, 1
	n, err := tx.exec(`insert into platforms (`+platformColumns+`) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
		on conflict (issuer, client) do nothing`, p.fields()...)
	if err == nil && n == 0 {
		return ErrTaken
	}
	return err
}

// SetPlatform changes one. ErrStale: somebody else did since it was read.
func (tx *Tx) SetPlatform(p *PlatformRow) error {
	p.Version++
	return tx.must(ErrStale, `update platforms set name = $2, product = $3, issuer = $4, client = $5, auth = $6, token = $7, audience = $8, keys = $9, frames = $10,
		created = $11, seen = $12, version = $13 where id = $1 and version = $13 - 1`, p.fields()...)
}

// SawPlatform notes a launch, and the origins that were seen to frame the tool.
func (tx *Tx) SawPlatform(id, frames string) error {
	_, err := tx.exec(`update platforms set seen = $2, frames = $3 where id = $1`, id, at(&tx.now), frames)
	return err
}

// Platform returns one by its id.
func (tx *Tx) Platform(id string) (PlatformRow, error) {
	return one(tx, (*PlatformRow).fields, `select `+platformColumns+` from platforms where id = $1`, id)
}

// PlatformOf returns the one of an issuer and a client.
func (tx *Tx) PlatformOf(issuer, client string) (PlatformRow, error) {
	return one(tx, (*PlatformRow).fields, `select `+platformColumns+` from platforms where issuer = $1 and client = $2`, issuer, client)
}

// Platforms lists those of an issuer, or all if that is "".
func (tx *Tx) Platforms(issuer string, limit int) ([]PlatformRow, error) {
	return all(tx, (*PlatformRow).fields, `select `+platformColumns+` from platforms where ($1 = '' or issuer = $1) order by created, id limit $2`, issuer, limit)
}

// DropPlatform removes one with all that is known by it: courses, links, deployments. People and classes stay.
func (tx *Tx) DropPlatform(id string) error {
	for _, q := range []string{
		`update outbox set link = '', subject = '' where link in (select l.id from lti_links l join lti_courses c on c.id = l.course where c.platform = $1)`,
		`delete from lti_links where course in (select id from lti_courses where platform = $1)`,
		`delete from lti_copies where course in (select id from lti_courses where platform = $1)`,
		`delete from lti_courses where platform = $1`,
		`delete from lti_deployments where platform = $1`,
	} {
		if _, err := tx.exec(q, id); err != nil {
			return err
		}
	}
	return tx.must(ErrNone, `delete from platforms where id = $1`, id)
}

// A DeploymentRow is a place where a platform has put the tool.
type DeploymentRow struct {
	Platform, ID  string
	Pending       bool // the operator has not let it in
	Created, Seen time.Time
}

func (d *DeploymentRow) fields() []any {
	return []any{&d.Platform, &d.ID, flag(&d.Pending), at(&d.Created), at(&d.Seen)}
}

// Deployment returns one.
func (tx *Tx) Deployment(platform, id string) (DeploymentRow, error) {
	return one(tx, (*DeploymentRow).fields, `select platform, deployment, pending, created, seen from lti_deployments where platform = $1 and deployment = $2`, platform, id)
}

// Deployments lists a platform's, those that wait first.
func (tx *Tx) Deployments(platform string, limit int) ([]DeploymentRow, error) {
	return all(tx, (*DeploymentRow).fields, `select platform, deployment, pending, created, seen from lti_deployments
		where platform = $1 order by pending desc, seen desc, deployment limit $2`, platform, limit)
}

// SetDeployment keeps one.
func (tx *Tx) SetDeployment(d DeploymentRow) error {
	_, err := tx.exec(`insert into lti_deployments (platform, deployment, pending, created, seen) values ($1, $2, $3, $4, $5)
		on conflict (platform, deployment) do update set pending = $3, seen = $5`, d.fields()...)
	return err
}

// DropDeployment removes one.
func (tx *Tx) DropDeployment(platform, id string) error {
	return tx.must(ErrNone, `delete from lti_deployments where platform = $1 and deployment = $2`, platform, id)
}

// A CourseRow is a platform's, and the class that it belongs to.
type CourseRow struct {
	ID, Platform, Deployment, Context string
	Class                             string // "" until a teacher has said which
	Title                             string
	Members                           string // the address of its list of members, or ""
	Synced                            time.Time
	Seen                              time.Time
}

func (c *CourseRow) fields() []any {
	return []any{&c.ID, &c.Platform, &c.Deployment, &c.Context, &c.Class, &c.Title, &c.Members, at(&c.Synced), at(&c.Seen)}
}

const courseColumns = `id, platform, deployment, context, class, title, members, synced, seen`

// CourseOf returns the course of a context.
func (tx *Tx) CourseOf(platform, deployment, context string) (CourseRow, error) {
	return one(tx, (*CourseRow).fields, `select `+courseColumns+` from lti_courses where platform = $1 and deployment = $2 and context = $3`, platform, deployment, context)
}

// Course returns one by its id.
func (tx *Tx) Course(id string) (CourseRow, error) {
	return one(tx, (*CourseRow).fields, `select `+courseColumns+` from lti_courses where id = $1`, id)
}

// CoursesOf lists a class's.
func (tx *Tx) CoursesOf(class string, limit int) ([]CourseRow, error) {
	return all(tx, (*CourseRow).fields, `select `+courseColumns+` from lti_courses where class = $1 order by seen desc, id limit $2`, class, limit)
}

// SetCourse keeps one, under a new id if it has none.
func (tx *Tx) SetCourse(c *CourseRow) error {
	if c.ID == "" {
		c.ID = NewID()
	}
	_, err := tx.exec(`insert into lti_courses (`+courseColumns+`) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		on conflict (id) do update set class = $5, title = $6, members = $7, synced = $8, seen = $9`, c.fields()...)
	return err
}

// AddCopy notes that in a course's links the id of a lesson stands for another one: the course was copied, and its class too.
func (tx *Tx) AddCopy(course, original, lesson string) error {
	_, err := tx.exec(`insert into lti_copies (course, original, lesson) values ($1, $2, $3) on conflict (course, original) do update set lesson = $3`, course, original, lesson)
	return err
}

// CopyOf returns the lesson that an id stands for in a course.
func (tx *Tx) CopyOf(course, original string) (lesson string, err error) {
	err = tx.get([]any{&lesson}, `select lesson from lti_copies where course = $1 and original = $2`, course, original)
	return lesson, err
}

// A LinkRow opens a lesson from a course.
type LinkRow struct {
	ID, Course, Resource, Lesson string
	Item, Items                  string // addresses: its column in the gradebook, and all columns; "" where the platform said none
	Scopes                       string // that the platform offers, blanks between
	Seen                         time.Time
}

func (l *LinkRow) fields() []any {
	return []any{&l.ID, &l.Course, &l.Resource, &l.Lesson, &l.Item, &l.Items, &l.Scopes, at(&l.Seen)}
}

const linkColumns = `id, course, resource, lesson, item, items, scopes, seen`

// LinkOf returns a course's link.
func (tx *Tx) LinkOf(course, resource string) (LinkRow, error) {
	return one(tx, (*LinkRow).fields, `select `+linkColumns+` from lti_links where course = $1 and resource = $2`, course, resource)
}

// Link returns one by its id.
func (tx *Tx) Link(id string) (LinkRow, error) {
	return one(tx, (*LinkRow).fields, `select `+linkColumns+` from lti_links where id = $1`, id)
}

// LinksOf lists those to a lesson.
func (tx *Tx) LinksOf(lesson string, limit int) ([]LinkRow, error) {
	return all(tx, (*LinkRow).fields, `select `+linkColumns+` from lti_links where lesson = $1 order by id limit $2`, lesson, limit)
}

// SetLink keeps one, under a new id if it has none.
func (tx *Tx) SetLink(l *LinkRow) error {
	if l.ID == "" {
		l.ID = NewID()
	}
	_, err := tx.exec(`insert into lti_links (`+linkColumns+`) values ($1, $2, $3, $4, $5, $6, $7, $8)
		on conflict (id) do update set lesson = $4, item = $5, items = $6, scopes = $7, seen = $8`, l.fields()...)
	return err
}

// A KeyRow is one of those that the tool signs with.
type KeyRow struct {
	ID, PEM string
	Signs   time.Time // from then on
}

func (k *KeyRow) fields() []any { return []any{&k.ID, &k.PEM, at(&k.Signs)} }

// Keys lists them, the first to sign first.
func (tx *Tx) Keys() ([]KeyRow, error) {
	return all(tx, (*KeyRow).fields, `select id, pem, signs from lti_keys order by signs, id limit 100`)
}

// AddKey adds one.
func (tx *Tx) AddKey(k KeyRow) error {
	_, err := tx.exec(`insert into lti_keys (id, pem, signs) values ($1, $2, $3)`, k.fields()...)
	return err
}

// DropKey removes one.
func (tx *Tx) DropKey(id string) error {
	_, err := tx.exec(`delete from lti_keys where id = $1`, id)
	return err
}
