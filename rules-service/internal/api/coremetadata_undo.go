package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	dtocommon "github.com/edgexfoundry/go-mod-core-contracts/v3/dtos/common"
	edgexerrors "github.com/edgexfoundry/go-mod-core-contracts/v3/errors"
)

const (
	// undoTimeout bounds how long what was done is being taken back.
	undoTimeout = 5 * time.Minute
	// undoPatience is how long a core-metadata that is away is waited for then:
	// long enough to be started again.
	undoPatience = time.Minute
	// undoPause lies between two attempts.
	undoPause = 500 * time.Millisecond
)

// takeBack takes back what was done, the last first. A core-metadata that is
// away is waited for: it may have died with half of an import.
func (w *writing) takeBack(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoTimeout)
	defer cancel()
	slices.Reverse(w.undo)
	var refused []error
	for since := time.Now(); ; {
		done, errs, lost := w.takeBackSome(ctx)
		refused = append(refused, errs...)
		w.undo = w.undo[done:]
		if done > 0 {
			since = time.Now()
		}
		if lost == nil || time.Since(since) > undoPatience || ctx.Err() != nil {
			return notTakenBack(refused, len(w.undo), lost)
		}
		select {
		case <-ctx.Done():
		case <-time.After(undoPause):
		}
	}
}

// takeBackSome takes back until core-metadata is lost. It returns how many were
// dealt with, and what was refused of them.
func (w *writing) takeBackSome(ctx context.Context) (done int, refused []error, lost error) {
	for i, back := range w.undo {
		err := back(ctx)
		if isAway(err) {
			return i, refused, err
		}
		if err != nil {
			refused = append(refused, err)
		}
	}
	return len(w.undo), refused, nil
}

// isAway tells whether an error says that core-metadata is not there.
func isAway(err error) bool {
	var e edgexerrors.EdgeX
	if !errors.As(err, &e) {
		return false
	}
	return e.Code() == http.StatusBadGateway || e.Code() == http.StatusServiceUnavailable
}

// notTakenBack is the error for what is left, nil for nothing.
func notTakenBack(refused []error, left int, lost error) error {
	first := lost
	if first == nil && len(refused) > 0 {
		first = refused[0]
	}
	if n := len(refused) + left; n > 1 {
		return fmt.Errorf("%w (and %d more)", first, n-1)
	}
	return first
}

// unlessGone is the error of a deletion; what is not there needs none.
func unlessGone(err edgexerrors.EdgeX) error {
	if err == nil || err.Code() == http.StatusNotFound {
		return nil
	}
	return err
}

func restored(answers []dtocommon.BaseResponse, err edgexerrors.EdgeX) error {
	if err != nil {
		return err
	}
	for _, a := range answers {
		if a.StatusCode >= http.StatusMultipleChoices {
			return errors.New(a.Message)
		}
	}
	return nil
}
