package httpapi

import (
	"time"

	"wireloom/internal/labapi"
	"wireloom/internal/session"
	"wireloom/internal/visitor"
)

// Limits are how much of each thing a server has at once, and gives to one client.
// What is 0 is the default, what is below 0 is no limit.
type Limits struct {
	Labs        visitor.Limit // open
	Viewers     visitor.Limit // WebSockets that show labs
	Uploads     visitor.Limit // programs on their way, and waiting to be compiled
	Downloads   visitor.Limit // captures and recordings on their way
	Checks      visitor.Limit // labs whose programs are checked, or wait for it
	Connections visitor.Limit // of any kind
	Disk        visitor.Limit // bytes of captures and programs that open labs keep
	CPU         time.Duration // of the cores, that the labs of one address of strangers take in a day
}

// DefaultLimits are for a server whose strangers are one person for each address, or a few.
var DefaultLimits = Limits{
	Labs:        visitor.Limit{All: 256, Each: 32, Person: 8},
	Viewers:     visitor.Limit{All: 1024, Each: 128, Person: 64},
	Uploads:     visitor.Limit{All: 64, Each: 8, Person: 4},
	Downloads:   visitor.Limit{All: 64, Each: 8, Person: 8},
	Checks:      visitor.Limit{All: 64, Each: 8, Person: 2},
	Connections: visitor.Limit{All: 8192, Each: 1024, Person: 256},
	Disk:        visitor.Limit{All: 8 << 30, Each: 1 << 30, Person: 512 << 20},
	CPU:         4 * time.Hour,
}

// What each person of a class needs at once, where all of them are one client: two
// labs, with two pages of each, of which a browser makes some connections more.
const (
	personLabs        = 2
	personViewers     = 4
	personConnections = 16
	personDisk        = session.DefaultCapture
	personCPU         = 15 * time.Minute // a day
	sharing           = 4                // so many people upload, download, or check one thing at once
)

// ForClass fills in the limits that are 0, for a server of whose visitors so many
// people may share one address.
func (l Limits) ForClass(people int64) Limits {
	fill := func(to *visitor.Limit, otherwise visitor.Limit, each int64) {
		if to.Each == 0 {
			to.Each = max(otherwise.Each, each)
		}
		to.Person = or(to.Person, otherwise.Person)
		if to.All == 0 {
			to.All = max(otherwise.All, to.Each)
		}
	}
	d := DefaultLimits
	fill(&l.Labs, d.Labs, people*personLabs)
	fill(&l.Viewers, d.Viewers, people*personViewers)
	fill(&l.Uploads, d.Uploads, people/sharing)
	fill(&l.Downloads, d.Downloads, people/sharing)
	fill(&l.Checks, d.Checks, people/sharing)
	fill(&l.Connections, d.Connections, people*personConnections)
	fill(&l.Disk, d.Disk, min(people*personDisk, d.Disk.All)) // a disk does not grow with a class
	l.CPU = or(l.CPU, max(d.CPU, time.Duration(people)*personCPU))
	return l
}

// Limits that have no flag.
const (
	MaxUpload       = labapi.MaxUpload // bytes of a program
	inFlight        = 8 * MaxUpload    // bytes of uploads in memory,
	inFlightShare   = 8                // and at most one of so many parts of the memory that the server may use
	maxLabFiles     = 4                // captures and recordings of one lab that are downloaded at once
	maxBody         = 4 << 10          // bytes of any other body
	replyTimeout    = 30 * time.Second // for a request and its answer, but for those that follow
	uploadTimeout   = 5 * time.Minute  // for a program to arrive
	downloadTimeout = 10 * time.Minute // for a file to be fetched
	slowPiece       = 64 << 10         // bytes of an upload or a download
	slowTimeout     = 10 * time.Second // for each slowPiece: who sends or reads more slowly is cut off
	compileTimeout  = 2 * time.Minute  // for a program to be compiled, waiting included
	compilers       = 4                // programs that the compiler has at once; of one client half
	checkers        = 4                // labs being checked at once; of one client one
	checkTimeout    = 2 * time.Minute  // for a check, waiting included
	retrySoon       = 5 * time.Second  // Retry-After of what is over in a moment
	queueWait       = 25 * time.Second // for a place in the queue to change
	evictEvery      = time.Second      // between two strangers' labs that are parked for people
	retryMuchLater  = time.Hour        // of what somebody has to decide
	retryLater      = time.Minute      // of what somebody has to close first
)

// quotas keep a server's limits.
type quotas struct {
	labs, viewers, uploads, downloads, checks, connections, disk visitor.Quota

	inFlight visitor.Quota // bytes of uploads in memory
	labFiles visitor.Quota // downloads by lab: its client is the lab's id
}

func (q *quotas) init(l Limits) {
	d := DefaultLimits
	q.labs = visitor.Quota{
		Kind: visitor.KindLabs, Limit: l.Labs.Or(d.Labs), Flag: "max-labs", After: retryLater,
		Mine: "there are %s labs from %s", Ours: "this server runs %s labs", Advice: "close one first",
	}
	q.viewers = visitor.Quota{
		Kind: visitor.KindViewers, Limit: l.Viewers.Or(d.Viewers), Flag: "max-viewers", After: retryLater,
		Mine: "%s pages from %s watch labs", Ours: "%s pages watch this server's labs", Advice: "close one first",
	}
	q.uploads = visitor.Quota{
		Kind: visitor.KindUploads, Limit: l.Uploads.Or(d.Uploads), Flag: "max-uploads", After: retrySoon,
		Mine: "%s programs from %s are on their way", Ours: "%s programs are on their way to this server", Advice: "wait until one is there",
	}
	q.inFlight = visitor.Quota{
		Kind: visitor.KindUploadBytes, Limit: visitor.Limit{All: inFlight, Each: min(inFlight, q.uploads.Each*MaxUpload/4), Person: 2 * MaxUpload}, Bytes: true, After: retrySoon,
		Mine: "the programs on their way from %[2]s take %[1]s", Ours: "the programs on their way to this server take %s", Advice: "wait until one is there",
	}
	q.downloads = visitor.Quota{
		Kind: visitor.KindDownloads, Limit: l.Downloads.Or(d.Downloads), Flag: "max-downloads", After: retrySoon,
		Mine: "%s files are being fetched from %s", Ours: "%s files are being fetched from this server", Advice: "wait until one is there",
	}
	q.checks = visitor.Quota{
		Kind: visitor.KindChecks, Limit: l.Checks.Or(d.Checks), Flag: "max-checks", After: retrySoon,
		Mine: "%s labs from %s are being checked", Ours: "%s of this server's labs are being checked", Advice: "wait until one is done",
	}
	q.labFiles = visitor.Quota{ // all labs together have the limit of downloads
		Kind: visitor.KindLabDownloads, Limit: visitor.Limit{All: -1, Each: maxLabFiles}, After: retrySoon,
		Mine: "%[1]s files of this lab are being fetched", Advice: "wait until one is there",
	}
	q.connections = visitor.Quota{
		Kind: visitor.KindConnections, Limit: l.Connections.Or(d.Connections), Flag: "max-connections", After: retryLater,
		Mine: "there are %s connections from %s", Ours: "this server has %s connections", Advice: "close some pages first",
	}
	q.disk = visitor.Quota{
		Kind: visitor.KindDisk, Limit: l.Disk.Or(d.Disk), Bytes: true, Flag: "max-disk", After: retryLater,
		Mine: "the files of the labs from %[2]s take %[1]s", Ours: "the files of this server's labs take %s", Advice: "close a lab first",
	}
}

// use is what is used of the quotas.
func (q *quotas) use() map[string]visitor.Use {
	return map[string]visitor.Use{
		"labs": q.labs.Use(), "viewers": q.viewers.Use(), "uploads": q.uploads.Use(), "upload_bytes": q.inFlight.Use(),
		"downloads": q.downloads.Use(), "lab_downloads": q.labFiles.Use(), "checks": q.checks.Use(), "connections": q.connections.Use(), "disk_bytes": q.disk.Use(),
	}
}

// use is what /healthz shows of the limits.
func (s *Server) use() map[string]visitor.Use {
	all := s.quotas.use()
	all["cpu_seconds"] = s.cpu.Use()
	return all
}

// A room is what one client's labs may keep on disk (session.Room).
type room struct {
	disk   *visitor.Quota
	client visitor.Client
}

func (r room) Take(bytes int64) error {
	if why := r.disk.Take(r.client, bytes); why != nil {
		return why
	}
	return nil
}

func (r room) Give(bytes int64) { r.disk.Give(r.client, bytes) }
