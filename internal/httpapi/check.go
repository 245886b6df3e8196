package httpapi

import (
	"context"
	"errors"
	"net/http"
	"time"

	"wireloom/internal/visitor"
)

// errSlow is why a check was ended.
var errSlow = errors.New("the check took too long: the server may be busy, or the program computes without end; try again, or look at what it does")

// checkLab grades what the slots of a lab have, in a lab of its own: the one that is
// watched goes on.
func (s *Server) checkLab(w http.ResponseWriter, r *http.Request, l *lab) {
	const undone = "nothing was checked"
	select {
	case l.Checking <- struct{}{}:
		defer func() { <-l.Checking }()
	default:
		s.refuse(w, visitor.TooMany(visitor.KindChecks, retrySoon, "this lab's programs are being checked already: wait for that"), undone)
		return
	}
	client := s.client(r)
	if why := s.quotas.checks.Take(client, 1); why != nil {
		s.refuse(w, why, undone)
		return
	}
	defer s.quotas.checks.Give(client, 1)
	deadlines(w, checkTimeout+replyTimeout)
	ctx, cancel := context.WithTimeoutCause(r.Context(), checkTimeout, errSlow)
	defer cancel()
	held, err := l.Programs(ctx)
	if err != nil {
		fail(w, http.StatusConflict, "%s: %s", undone, plain(err))
		return
	}
	if err := s.checkers.Enter(ctx, client.Key()); err != nil {
		s.refuse(w, visitor.Busy(visitor.KindBusy, retrySoon, "the server is too busy: try again in a moment"), undone)
		return
	}
	defer s.checkers.Leave(client.Key())
	claim, err := s.conf.Budget.Open(ctx, client.Key())
	if err != nil {
		s.refuse(w, visitor.Busy(visitor.KindMemory, retrySoon, "%v", err), undone)
		return
	}
	defer claim.Release()
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	claim.Closer(end)
	began := time.Now()
	result, err := s.conf.Check(ctx, Checking{Lab: l.Ask, Programs: held, Scheduler: s.sched, Owner: ownerOf(client), Claim: claim, Spent: s.spending(client)})
	s.log.Info("programs checked", "lab", l.ID[:8], "took", time.Since(began).Round(time.Millisecond), "error", err)
	if err != nil {
		fail(w, http.StatusConflict, "%s: %s", undone, plain(err))
		return
	}
	if s.conf.Checked != nil {
		s.conf.Checked(l.ID, result)
	}
	reply(w, http.StatusOK, result)
}
