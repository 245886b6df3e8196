// Package message is what a learning platform and a tool say to each other through a browser, as values:
// the tokens of LTI 1.3, read and checked, and those that the tool signs. It asks nobody and keeps nothing.
package message

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// Why is a class of refusals: one each for what a person, or the operator, does about it. The
// strings are in logs, in metrics and on the page beside the sentence, so that a person who asks for help can name one.
type Why string

const (
	NotAToken     Why = "token_unreadable"
	WrongAlg      Why = "token_algorithm"
	NoPlatform    Why = "platform_unknown"
	WrongSign     Why = "token_signature"
	NoKeys        Why = "platform_keys"
	WrongAudience Why = "token_audience"
	TooOld        Why = "token_old"
	TooNew        Why = "token_early"
	WrongNonce    Why = "token_nonce"
	StateUnknown  Why = "state_unknown"
	NoSubject     Why = "anonymous"
	NotLTI        Why = "message_unknown"
	Pending       Why = "deployment_pending"
	NoContext     Why = "course_missing"
	NotConnected  Why = "course_unconnected"
	NoRole        Why = "role_missing"
	NotTeacher    Why = "not_teacher"
	NoLesson      Why = "lesson_missing"
	PlatformSaid  Why = "platform_error"
	TicketUsed    Why = "ticket_used"
)

// sentences are what a person reads: what is wrong and what they can do.
var sentences = map[Why]string{
	NotAToken:     "Your learning platform sent something that is not a launch. Open the link in your course again.",
	WrongAlg:      "Your learning platform signed the launch in a way that is not allowed in LTI 1.3. Tell who runs this server.",
	NoPlatform:    "This server does not know your learning platform. Who runs this server has to register it first.",
	WrongSign:     "The launch is not signed by your learning platform. Open the link in your course again.",
	NoKeys:        "Your learning platform does not answer at the moment, so the launch could not be checked. Try again in a minute.",
	WrongAudience: "The launch is for another tool. Tell who set up the link in your course.",
	TooOld:        "This launch is too old. Open the link in your course again; if that does not help, a clock is wrong: tell who runs this server.",
	TooNew:        "Your learning platform's clock is more than five minutes ahead of this server's. Tell who runs this server.",
	WrongNonce:    "This launch was used before. Open the link in your course again.",
	StateUnknown:  "This launch was used before, or begun more than ten minutes ago: a page like this can't be reloaded. Open the link in your course again.",
	NoSubject:     "Your learning platform did not say who you are, and without that nothing you do could be kept. Ask your teacher.",
	NotLTI:        "This server does not know this kind of launch. Tell who set up the link in your course.",
	Pending:       "Your course is not let in yet: who runs this server has been told and has to accept it once.",
	NoContext:     "Your learning platform did not say which course this is. Open the link from inside a course.",
	NotConnected:  "This course is not connected yet. Your teacher has to open this link once.",
	NoRole:        "Your learning platform does not say that you are a student or a teacher of this course. Ask your teacher to add you.",
	NotTeacher:    "Only teachers can do that.",
	NoLesson:      "The lesson of this link is not there (any more), or is not published yet. Ask your teacher.",
	PlatformSaid:  "Your learning platform did not let the launch begin. Open the link in your course again; if your browser blocks cookies in frames (Safari does), choose to open it in a new window there.",
	TicketUsed:    "This page was used before or is too old. Open the link in your course again.",
}

// A Refusal is an error with a class. Detail is for the log.
type Refusal struct {
	Why    Why
	Detail string
}

func (r *Refusal) Error() string { return fmt.Sprintf("%s: %s", r.Why, r.Detail) }

// Sentence is for the person.
func (r *Refusal) Sentence() string { return sentences[r.Why] }

// Refuse returns a refusal.
func Refuse(why Why, format string, args ...any) *Refusal {
	return &Refusal{why, fmt.Sprintf(format, args...)}
}

// Algorithms are those that LTI platforms sign with: RS256 by the security framework (5.3.2), the others by
// some. None is symmetric, so that nobody signs with a public key as a secret.
var Algorithms = []jose.SignatureAlgorithm{jose.RS256, jose.RS384, jose.RS512, jose.ES256, jose.PS256}

// maxToken is the longest token that is looked at. The largest that we saw, from Canvas with all its custom
// parameters, has 7 kB.
const maxToken = 64 << 10

// Readable looks at what of a token needs no key: that it is one, by an algorithm that is allowed.
func Readable(token string) error {
	if len(token) > maxToken {
		return Refuse(NotAToken, "%d bytes", len(token))
	}
	s, err := jose.ParseSignedCompact(token, Algorithms)
	if err != nil {
		if _, any := jose.ParseSignedCompact(token, append(slices.Clone(Algorithms), "none", jose.HS256, jose.HS384, jose.HS512, jose.EdDSA, jose.ES384, jose.ES512, jose.PS384, jose.PS512)); any == nil {
			return Refuse(WrongAlg, "%v", err)
		}
		return Refuse(NotAToken, "%v", err)
	}
	if h := s.Signatures[0].Header; len(h.KeyID) > 512 {
		return Refuse(NotAToken, "a kid of %d bytes", len(h.KeyID))
	}
	return nil
}

// Clock tolerances (pylti1.3#146, ltiauthenticator#197: a fifth of a second of skew breaks who has none).
const (
	maxAhead = 5 * time.Minute // of iat and nbf
	maxLate  = time.Minute     // of exp
	maxAge   = time.Hour       // of iat
)

// Want is what a token has to be for.
type Want struct {
	Issuer, Client, Nonce string
	Arrived               time.Time // when it came, before the keys were fetched (ltijs#121)
}

// Claims reads the payload of a token whose signature is right and looks whether it is meant: by whom, for whom, when.
func Claims(payload []byte, w Want) (*Launch, error) {
	var l Launch
	if err := json.Unmarshal(payload, &l); err != nil {
		return nil, Refuse(NotAToken, "%v", err)
	}
	switch {
	case l.Issuer != w.Issuer:
		return nil, Refuse(WrongAudience, "issuer %q, want %q", l.Issuer, w.Issuer)
	case !slices.Contains(l.Audience, w.Client):
		return nil, Refuse(WrongAudience, "audience %q, want %q", l.Audience, w.Client)
	case l.Party != "" && l.Party != w.Client:
		return nil, Refuse(WrongAudience, "azp %q, want %q", l.Party, w.Client)
	case len(l.Audience) > 1 && l.Party == "":
		return nil, Refuse(WrongAudience, "audience %q without azp", l.Audience)
	case l.Nonce == "" || l.Nonce != w.Nonce:
		return nil, Refuse(WrongNonce, "nonce %q", l.Nonce)
	}
	now := w.Arrived
	switch exp, iat, nbf := l.Expires.at(), l.Issued.at(), l.NotBefore.at(); {
	case l.Expires == 0 || l.Issued == 0:
		return nil, Refuse(NotAToken, "no exp or no iat")
	case now.After(exp.Add(maxLate)):
		return nil, Refuse(TooOld, "exp is %v ago", now.Sub(exp))
	case now.After(iat.Add(maxAge)):
		return nil, Refuse(TooOld, "iat is %v ago", now.Sub(iat))
	case iat.After(now.Add(maxAhead)):
		return nil, Refuse(TooNew, "iat is in %v", iat.Sub(now))
	case l.NotBefore != 0 && nbf.After(now.Add(maxAhead)):
		return nil, Refuse(TooNew, "nbf is in %v", nbf.Sub(now))
	}
	return &l, l.check()
}

// A seconds is a NumericDate (RFC 7519, 2), which may have a fraction.
type seconds float64

func (s seconds) at() time.Time {
	if math.IsNaN(float64(s)) || math.Abs(float64(s)) > 1e11 { // the year 5138: anything beyond is nonsense
		return time.Unix(0, 0)
	}
	return time.UnixMilli(int64(float64(s) * 1000))
}
