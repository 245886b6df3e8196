// Package platform is a learning platform that is none: it launches tools by LTI 1.3, keeps a gradebook and a list of
// members, and does it with the habits of the product that it stands for, as their sources and their users' threads tell. Tests
// use it in-process; `go run ./internal/lti/platform/run` is the same as a program, for a browser.
package platform

import (
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// Mode is the product that a platform behaves like.
type Mode int

const (
	CanvasOld   Mode = iota // canvas-lms 26c99428: a pending score leaves the old one alone
	CanvasMid               // canvas-lms 02bc7b36: a pending score wipes it
	CanvasNew               // with preserve_score, and a maximum of 0 refused
	Moodle                  // mod/lti f747c15c
	OpenEdX                 // xblock-lti-consumer e86791e
	Brightspace             // by its documents and threads
)

var modes = []string{"canvas-old", "canvas-mid", "canvas-new", "moodle", "openedx", "brightspace"}

func (m Mode) String() string { return modes[m] }

// Parse returns the mode of a name.
func Parse(name string) (Mode, error) {
	if i := slices.Index(modes, name); i >= 0 {
		return Mode(i), nil
	}
	return 0, fmt.Errorf("%q is no mode: %s", name, strings.Join(modes, ", "))
}

func (m Mode) canvas() bool { return m <= CanvasNew }

// Config says what a platform is.
type Config struct {
	Mode Mode
	URL  string // where it is, without a slash at the end
	Tool string // the tool that it knows, a base URL; "" where one will register itself
	// Partial gives a tool no scope to make line items: Moodle's second choice.
	Partial bool
	Now     func() time.Time // the real clock if nil
	HTTP    *http.Client     // asks the tool for its keys; the default one if nil
}

// Who is somebody's part in a course.
type Who int

const (
	Student Who = iota
	Assistant
	Teacher
	TestStudent // Canvas: by whom a teacher looks at the course as a student
	Admin       // of the whole platform, and nobody in the course
)

// A User is somebody of the platform. ID is their login, Sub what tools are told.
type User struct {
	ID, Sub, Given, Family, Email string
	Who                           Who
	Inactive                      bool
}

// A Link opens the tool from a course.
type Link struct {
	ID     string            `json:"id"`
	Title  string            `json:"title"`
	URL    string            `json:"url"`
	Custom map[string]string `json:"custom"`
	Item   string            `json:"lineItem"` // the id of its column in the gradebook, or ""
	client string
}

// A Course has links, members and a gradebook.
type Course struct {
	ID      string
	Title   string
	Members []string // of users
	Links   []*Link
	Items   []*Item
}

// A Platform is the server. Its methods are safe for several goroutines.
type Platform struct {
	conf Config
	mux  *http.ServeMux

	mu       sync.Mutex
	users    map[string]*User
	courses  map[string]*Course
	tools    map[string]*tool
	client   string // of the tool that new links are for
	keys     []key
	hints    map[string]*hint
	tokens   map[string]grant
	spent    map[string]bool // jti of client assertions, tokens of registrations
	faults   map[string]*Fault
	requests map[string]int
	made     int // numbers things
}

// A tool is what the platform knows of one.
type tool struct {
	client, deployment  string
	login, target, jwks string
	redirects           []string
}

type key struct {
	id   string
	pair *rsa.PrivateKey
}

// A Fault is what a service answers instead, Times times.
type Fault struct {
	Status     int
	Times      int
	RetryAfter string
	Body       string
	Type       string // of Body; JSON if ""
	Endless    bool   // the body never ends
}

// New returns a platform with a course net1, taught by tina and tom, for students s1 to sN.
func New(conf Config, students int) *Platform {
	if conf.Now == nil {
		conf.Now = time.Now
	}
	if conf.HTTP == nil {
		conf.HTTP = http.DefaultClient
	}
	p := &Platform{
		conf: conf, users: map[string]*User{}, courses: map[string]*Course{}, tools: map[string]*tool{}, hints: map[string]*hint{},
		tokens: map[string]grant{}, spent: map[string]bool{}, faults: map[string]*Fault{}, requests: map[string]int{},
	}
	p.Rotate()
	p.addUser(&User{ID: "tina", Given: "Tina", Family: "Teach", Who: Teacher})
	p.addUser(&User{ID: "tom", Given: "Tom", Family: "Assist", Who: Assistant})
	p.addUser(&User{ID: "root", Given: "Rosa", Family: "Root", Who: Admin})
	c := &Course{ID: "net1", Title: "Networks 1", Members: []string{"tina", "tom"}}
	if conf.Mode.canvas() {
		p.addUser(&User{ID: "teststudent", Given: "Test", Family: "Student", Who: TestStudent})
		c.Members = append(c.Members, "teststudent")
	}
	for i := range students {
		id := fmt.Sprintf("s%d", i+1)
		p.addUser(&User{ID: id, Given: "Student", Family: fmt.Sprintf("No. %d", i+1), Who: Student})
		c.Members = append(c.Members, id)
	}
	p.courses[c.ID] = c
	if conf.Tool != "" {
		p.client = p.addTool(conf.Tool+"/lti/login", conf.Tool+"/lti/launch", conf.Tool+"/lti/keys", conf.Tool+"/lti/launch", conf.Tool+"/lti/deeplink").client
	}
	p.routes()
	return p
}

func (p *Platform) addUser(u *User) {
	u.Sub = fmt.Sprintf("%s-%s-sub", p.conf.Mode, u.ID)
	u.Email = u.ID + "@example.edu"
	p.users[u.ID] = u
}

// SetTool tells it of a tool at a base URL. What it knew of others stays.
func (p *Platform) SetTool(base string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.client = p.addTool(base+"/lti/login", base+"/lti/launch", base+"/lti/keys", base+"/lti/launch", base+"/lti/deeplink").client
}

func (p *Platform) addTool(login, target, jwks string, redirects ...string) *tool {
	t := &tool{client: fmt.Sprintf("client-%d", 10000+p.number()), login: login, target: target, jwks: jwks, redirects: redirects}
	switch p.conf.Mode {
	case CanvasOld, CanvasMid, CanvasNew:
		t.deployment = fmt.Sprintf("%d:%s", p.number(), "8865aa05b4b79b64a91a86042e43af5ea8ae79eb")
	case Moodle, OpenEdX:
		t.deployment = "1"
	case Brightspace:
		t.deployment = "b3f5d3c0-2a37-4e0b-9d2a-54f6d7c1e0aa"
	}
	p.tools[t.client] = t
	return t
}

func (p *Platform) number() int {
	p.made++
	return p.made
}

// Issuer returns what its tokens say that they are from. All Canvas servers, hosted or not, say the same.
func (p *Platform) Issuer() string {
	if p.conf.Mode.canvas() {
		return "https://canvas.instructure.com"
	}
	return p.conf.URL
}

// A Registration is what an operator of the tool has to type in.
type Registration struct {
	Mode       string `json:"mode"`
	URL        string `json:"url"`
	Issuer     string `json:"issuer"`
	Client     string `json:"client"`
	Deployment string `json:"deployment"`
	Auth       string `json:"auth"`
	Token      string `json:"token"`
	Audience   string `json:"audience"`
	JWKS       string `json:"jwks"`
	Register   string `json:"register"` // openid_configuration of a dynamic registration
}

// Registration returns that of the tool that it knows.
func (p *Platform) Registration() Registration {
	p.mu.Lock()
	defer p.mu.Unlock()
	r := Registration{
		Mode: p.conf.Mode.String(), URL: p.conf.URL, Issuer: p.Issuer(), Auth: p.conf.URL + "/auth", Token: p.conf.URL + "/token",
		JWKS: p.conf.URL + "/jwks", Register: p.conf.URL + "/.well-known/openid-configuration",
	}
	if p.conf.Mode == Brightspace {
		r.Audience = brightspaceAudience
	}
	if t := p.tools[p.client]; t != nil {
		r.Client, r.Deployment = t.client, t.deployment
	}
	return r
}

// brightspaceAudience is what client assertions to Brightspace must be for, whatever the address of its token endpoint.
const brightspaceAudience = "https://api.brightspace.com/auth/token"

// Rotate makes a new key, signs with it, and forgets the last but one.
func (p *Platform) Rotate() {
	pair, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.keys = append(p.keys, key{rand.Text()[:12], pair})
	if len(p.keys) > 2 {
		p.keys = p.keys[1:]
	}
}

// AddCourse adds a course with members. A copy of another has its links, with ids of their own, and a new deployment
// where the product does that.
func (p *Platform) AddCourse(id, title, copyOf string, members ...string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := &Course{ID: id, Title: title, Members: members}
	if from := p.courses[copyOf]; from != nil {
		for _, l := range from.Links {
			n := *l
			n.ID = fmt.Sprintf("link-%d", p.number())
			if n.Item != "" {
				old := from.item(l.Item)
				item := &Item{ID: fmt.Sprint(p.number()), Label: old.Label, Max: old.Max, Resource: old.Resource, Link: n.ID, Cells: map[string]*Cell{}}
				c.Items = append(c.Items, item)
				n.Item = item.ID
			}
			c.Links = append(c.Links, &n)
		}
	}
	p.courses[id] = c
}

// AddLink adds a link to the tool with custom parameters, and with a column of the gradebook where limit is not 0.
func (p *Platform) AddLink(course, title string, custom map[string]string, limit float64) Link {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.courses[course]
	l := p.link(c, p.tools[p.client], title, "", custom)
	if limit != 0 {
		p.couple(c, l, &Item{Label: title, Max: limit})
	}
	return *l
}

func (p *Platform) link(c *Course, t *tool, title, to string, custom map[string]string) *Link {
	if to == "" {
		to = t.target
	}
	l := &Link{ID: fmt.Sprintf("link-%d", p.number()), Title: title, URL: to, Custom: custom, client: t.client}
	c.Links = append(c.Links, l)
	return l
}

// couple gives a link a column.
func (p *Platform) couple(c *Course, l *Link, item *Item) {
	item.ID, item.Link, item.Cells = fmt.Sprint(p.number()), l.ID, map[string]*Cell{}
	c.Items = append(c.Items, item)
	l.Item = item.ID
}

// Drop takes somebody out of a course, Add puts them in.
func (p *Platform) Drop(course, user string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.courses[course]
	c.Members = slices.DeleteFunc(c.Members, func(m string) bool { return m == user })
}

// Break makes a service fail: scores, items, token, nrps, jwks, config or register.
func (p *Platform) Break(service string, f Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults[service] = &f
}

// Requests returns how often a service was asked.
func (p *Platform) Requests(service string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.requests[service]
}

// User returns one of the platform's.
func (p *Platform) User(id string) User { return *p.users[id] }

// ServeHTTP answers everything of the platform.
func (p *Platform) ServeHTTP(w http.ResponseWriter, r *http.Request) { p.mux.ServeHTTP(w, r) }

func (p *Platform) routes() {
	p.mux = http.NewServeMux()
	for _, method := range []string{"GET", "POST"} {
		p.mux.HandleFunc(method+" /auth", p.auth)
	}
	p.service("jwks", "GET /jwks", p.jwks)
	p.service("token", "POST /token", p.token)
	p.service("config", "GET /.well-known/openid-configuration", p.openid)
	p.service("register", "POST /register", p.register)
	p.service("items", "GET /ags/{course}/lineitems", p.scoped("", p.listItems))
	p.service("items", "POST /ags/{course}/lineitems", p.scoped(scopeItem, p.makeItem))
	p.service("items", "GET /ags/{course}/lineitems/{item}/lineitem", p.scoped("", p.showItem))
	p.service("scores", "POST /ags/{course}/lineitems/{item}/lineitem/scores", p.scoped(scopeScore, p.score))
	p.service("results", "GET /ags/{course}/lineitems/{item}/lineitem/results", p.scoped(scopeResult, p.results))
	p.service("nrps", "GET /nrps/{course}", p.scoped(scopeMembers, p.members))
	p.pages()
	p.forTests()
}

// service adds a route that may be broken and is counted.
func (p *Platform) service(name, pattern string, f http.HandlerFunc) {
	p.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		p.requests[name]++
		fault := p.faults[name]
		if fault != nil {
			if fault.Times--; fault.Times <= 0 {
				delete(p.faults, name)
			}
		}
		p.mu.Unlock()
		if fault == nil {
			f(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		if fault.Type != "" {
			w.Header().Set("Content-Type", fault.Type)
		}
		if fault.RetryAfter != "" {
			w.Header().Set("Retry-After", fault.RetryAfter)
		}
		if fault.Status/100 == 3 {
			w.Header().Set("Location", fault.Body)
		}
		w.WriteHeader(fault.Status)
		for fault.Endless {
			if _, err := w.Write(make([]byte, 64<<10)); err != nil {
				return
			}
		}
		fmt.Fprint(w, fault.Body)
	})
}

// sign makes a token with the newest key. The caller holds the lock.
func (p *Platform) sign(claims []byte) string {
	k := p.keys[len(p.keys)-1]
	s, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: k.pair, KeyID: k.id}}, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		panic(err)
	}
	o, err := s.Sign(claims)
	if err != nil {
		panic(err)
	}
	token, err := o.CompactSerialize()
	if err != nil {
		panic(err)
	}
	return token
}

// itemURL returns the address of a column. Moodle's have a query, and what is below them goes before it.
func (p *Platform) itemURL(course, item string) string {
	u := p.conf.URL + "/ags/" + url.PathEscape(course) + "/lineitems"
	if item != "" {
		u += "/" + item + "/lineitem"
	}
	if p.conf.Mode == Moodle {
		u += "?type_id=1"
	}
	return u
}
