package opcua

import (
	"context"
	"errors"
	"slices"

	"github.com/gopcua/opcua/ua"
)

// connect gives a walk a session, or another one in its place, which knows the
// limits of the server from the one before.
func (w *walk) connect(ctx context.Context) error {
	s, err := w.open(ctx)
	if err != nil {
		return err
	}
	if before := w.s; before != nil {
		before.close(errUnused)
		s.browseMax.Store(before.browseMax.Load())
		s.pageMax.Store(before.pageMax.Load())
	}
	w.s = s
	return nil
}

func (w *walk) close() { w.s.close(errUnused) }

// browse gives the references of nodes. Of an answer that was too large the server
// keeps the rest, although nobody can fetch it, until it has no room for more;
// another session has.
func (w *walk) browse(ctx context.Context, nodes []*ua.BrowseDescription) ([]browsed, error) {
	answers, err := w.s.browse(ctx, nodes)
	full := slices.ContainsFunc(answers, func(b browsed) bool { return errors.Is(b.err, ua.StatusBadNoContinuationPoints) })
	if err != nil || !full || !w.s.wasted.Load() {
		return answers, err
	}
	if err := w.connect(ctx); err != nil {
		return nil, err
	}
	return w.s.browse(ctx, nodes)
}
