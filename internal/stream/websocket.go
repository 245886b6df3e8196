//go:build !js

package stream

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"wireloom/internal/session"
	"wireloom/internal/stream/carrier"
	"wireloom/internal/visitor"
)

// Web is who may watch labs by a WebSocket.
type Web struct {
	Site *visitor.Site // whose pages may connect; of any host that is the request's own if nil
	// Admit lets in who asks to watch a lab, or says why not. Everybody may come if it is
	// nil, is one owner and may do everything.
	Admit func(r *http.Request, id string) (*Pass, *visitor.Refusal)
	// Refused is told who was not let in to which lab, and why; nobody is if it is nil.
	Refused func(r *http.Request, id string, why *visitor.Refusal)
}

// Serve shows s, whose identity is id, over a WebSocket until the viewer leaves or
// the lab closes. w must be the server's own writer: a wrapped one cannot be taken
// over. Only pages of this site may connect.
func (h *Hub) Serve(w http.ResponseWriter, r *http.Request, s *session.Session, id string) {
	refuse := func(why *visitor.Refusal) {
		if h.Web.Refused != nil {
			h.Web.Refused(r, id, why)
		}
		answer(w, why)
	}
	since, err := sinceOf(r)
	if err != nil {
		refuse(&visitor.Refusal{Status: http.StatusBadRequest, Why: err.Error()})
		return
	}
	site := h.Web.Site
	if site == nil {
		site = &visitor.Site{}
	}
	if why := site.WebSocket(r); why != nil {
		refuse(why)
		return
	}
	pass := &Pass{}
	if h.Web.Admit != nil {
		var why *visitor.Refusal
		if pass, why = h.Web.Admit(r, id); why != nil {
			refuse(why)
			return
		}
	}
	err = h.Show(r.Context(), Visit{Lab: s, ID: id, Pass: pass, Since: since}, func() (carrier.Conn, error) { return carrier.Accept(w, r, MaxMessage) })
	switch {
	case err == nil:
	case errors.Is(err, errStopping):
		refuse(visitor.Busy(visitor.KindStopping, attachTimeout, "%v", err))
	case errors.Is(err, session.ErrClosed):
		refuse(&visitor.Refusal{Status: http.StatusNotFound, Why: err.Error()})
	default:
		refuse(visitor.Busy(visitor.KindViewers, attachTimeout, "%v", err))
	}
}

// sinceOf returns the sequence number that a viewer wants to go on from; nil if it says none.
func sinceOf(r *http.Request) (*uint64, error) {
	text := r.URL.Query().Get("since")
	if text == "" {
		return nil, nil
	}
	since, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return nil, fmt.Errorf("since is %q, which is not the number of an event", clip(text))
	}
	return &since, nil
}

// answer says why there is no WebSocket. Browsers keep that from their pages.
func answer(w http.ResponseWriter, why *visitor.Refusal) {
	b, err := json.Marshal(map[string]string{"error": why.Why})
	if err != nil {
		panic("stream: a sentence cannot be JSON: " + err.Error())
	}
	w.Header().Set("Content-Type", "application/json")
	if why.After > 0 {
		w.Header().Set("Retry-After", strconv.FormatInt(visitor.Seconds(why.After), 10))
	}
	w.WriteHeader(why.Status)
	_, _ = w.Write(append(b, '\n')) // who does not wait for it does not need it
}
