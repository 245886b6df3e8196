package class

// SyncState is where a score is on its way to a learning platform.
type SyncState string

// The states that there are.
const (
	SyncSent    SyncState = "sent"
	SyncWaiting SyncState = "waiting"
	SyncRefused SyncState = "refused"
	SyncNone    SyncState = "none"    // there is nothing to send
	SyncExcused SyncState = "excused" // which platforms don't know
	SyncNowhere SyncState = "nowhere" // they never came by a platform
)

// Sync is where a lesson's scores are: GET /api/lessons/{lesson}/sync.
type Sync struct {
	Linked bool      `json:"linked"` // a platform is there to send to
	Rows   []SyncRow `json:"rows"`
}

// A SyncRow is a student's score on its way to one platform.
type SyncRow struct {
	Person   string    `json:"person"`
	Name     string    `json:"name"`
	Platform string    `json:"platform,omitempty"` // its name
	State    SyncState `json:"state"`
	Points   *float64  `json:"points,omitempty"`
	Max      float64   `json:"max,omitempty"`
	Sent     int64     `json:"sent,omitempty"`  // when it was
	Next     int64     `json:"next,omitempty"`  // when it is tried again
	Words    string    `json:"words,omitempty"` // the platform's
	Todo     string    `json:"todo,omitempty"`  // what would help
}

// SyncAsk sends again: POST /api/lessons/{lesson}/sync. No person: all.
type SyncAsk struct {
	Person string `json:"person,omitempty"`
}

// Platforms are the learning platforms that may launch: GET /api/admin/platforms.
type Platforms struct {
	Platforms []Platform `json:"platforms"`
	Tool      Tool       `json:"tool"`
}

// A Tool is what a platform is told of this server.
type Tool struct {
	Login    string `json:"login"`
	Launch   string `json:"launch"`
	DeepLink string `json:"deeplink"`
	Keys     string `json:"keys"`
	Register string `json:"register"` // for dynamic registration
}

// A Platform is one of them.
type Platform struct {
	ID          string       `json:"id"`
	Name        string       `json:"name"`
	Product     string       `json:"product,omitempty"` // "canvas", as it calls itself
	Issuer      string       `json:"issuer"`
	Client      string       `json:"client"`
	Auth        string       `json:"auth"`
	Token       string       `json:"token"`
	Audience    string       `json:"audience,omitempty"` // of what this server signs for its tokens, where that is not their address
	Keys        string       `json:"keys"`
	Created     int64        `json:"created,omitempty"`
	Seen        int64        `json:"seen,omitempty"` // its last launch
	Version     int64        `json:"version"`
	Deployments []Deployment `json:"deployments"`
}

// A Deployment is where a platform has put this tool. One that is not known waits until an
// operator says that it may launch.
type Deployment struct {
	ID      string `json:"id"`
	Pending bool   `json:"pending,omitempty"`
	Seen    int64  `json:"seen,omitempty"`
}

// PlatformAsk registers one: POST /api/admin/platforms.
type PlatformAsk struct {
	Name        string   `json:"name"`
	Product     string   `json:"product,omitempty"`
	Issuer      string   `json:"issuer"`
	Client      string   `json:"client"`
	Auth        string   `json:"auth"`
	Token       string   `json:"token"`
	Audience    string   `json:"audience,omitempty"` // Brightspace has one of its own
	Keys        string   `json:"keys"`
	Deployments []string `json:"deployments,omitempty"`
}

// PlatformChange lets a deployment launch, or takes that back: PATCH /api/admin/platforms/{platform}.
type PlatformChange struct {
	Accept  string `json:"accept,omitempty"`
	Refuse  string `json:"refuse,omitempty"`
	Version int64  `json:"version"`
}
