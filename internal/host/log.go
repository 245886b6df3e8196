package host

import (
	"context"
	"io"
	"log/slog"

	"wireloom/internal/terminal"
	"wireloom/internal/visitor"
)

// NewLogger is a log of lines of text or, with form "json", of JSON objects. Lines about a
// request have its id, where they are logged with its context.
func NewLogger(w io.Writer, form string) *slog.Logger {
	var h slog.Handler = slog.NewTextHandler(w, nil)
	if form == "json" {
		h = slog.NewJSONHandler(jsonLines{w}, nil)
	}
	return slog.New(ofRequests{h})
}

// ofRequests adds the request's id.
type ofRequests struct{ slog.Handler }

// Handle implements slog.Handler.
func (h ofRequests) Handle(ctx context.Context, r slog.Record) error {
	if id := visitor.RequestID(ctx); id != "" {
		r.AddAttrs(slog.String("request", id))
	}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (h ofRequests) WithAttrs(a []slog.Attr) slog.Handler { return ofRequests{h.Handler.WithAttrs(a)} }

// WithGroup implements slog.Handler.
func (h ofRequests) WithGroup(name string) slog.Handler { return ofRequests{h.Handler.WithGroup(name)} }

// jsonLines writes lines of JSON, which stay JSON when they are made safe for a terminal.
type jsonLines struct{ w io.Writer }

// Write implements io.Writer.
func (j jsonLines) Write(p []byte) (int, error) {
	if _, err := j.w.Write(terminal.JSON(p)); err != nil {
		return 0, err
	}
	return len(p), nil
}
