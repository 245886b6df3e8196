package visitor

import "sync/atomic"

// A Kind is what a refusal is about: why, in wireloom_refused_total.
type Kind uint8

// The kinds. What is wrong with a request itself is KindUnasked: it is no refusal that an
// operator could do something about, and is not counted.
const (
	KindUnasked Kind = iota
	KindLabs
	KindViewers
	KindUploads
	KindUploadBytes
	KindDownloads
	KindLabDownloads
	KindChecks
	KindConnections
	KindDisk
	KindMemory
	KindBusy
	KindStopping
	KindAnonymous
	KindQueue
	KindCodes
	KindDoors
	KindForeign
	KindMisdirected
	KindHands
	KindNotices
	KindWalls
	KindJobs
	KindStorage
	KindRequests
	KindCPU
	kinds
)

// kindNames are the labels of the metric; docs/limits.md says what each means.
var kindNames = [kinds]string{
	KindUnasked: "unasked", KindLabs: "labs", KindViewers: "viewers", KindUploads: "uploads", KindUploadBytes: "upload_bytes", KindDownloads: "downloads",
	KindLabDownloads: "lab_downloads", KindChecks: "checks", KindConnections: "connections", KindDisk: "disk", KindMemory: "memory", KindBusy: "busy",
	KindStopping: "stopping", KindAnonymous: "anonymous", KindQueue: "queue", KindCodes: "codes", KindDoors: "doors", KindForeign: "foreign",
	KindMisdirected: "misdirected", KindHands: "hands", KindNotices: "notices", KindWalls: "walls", KindJobs: "jobs", KindStorage: "storage",
	KindRequests: "requests", KindCPU: "cpu",
}

func (k Kind) String() string { return kindNames[k] }

// Refusals count who was refused, by why. A nil one counts nothing; its methods may be
// called from any goroutine.
type Refusals struct{ n [kinds]atomic.Uint64 }

// Add counts a refusal that is answered.
func (r *Refusals) Add(k Kind) {
	if r != nil && k != KindUnasked {
		r.n[k].Add(1)
	}
}

// Count is how often there was one of a kind.
func (r *Refusals) Count(k Kind) uint64 { return r.n[k].Load() }

// Each calls f with every kind and how often it was, since the server began.
func (r *Refusals) Each(f func(why Kind, n uint64)) {
	for k := KindUnasked + 1; k < kinds; k++ {
		f(k, r.n[k].Load())
	}
}
