package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"sluice/rules-service/internal/delivery"
)

const (
	lettersShown  = 1000 // at most, unless a limit is given
	replayTimeout = time.Minute
)

// routeDeadLetters routes what concerns messages that no attempt brought
// through.
func (a *API) routeDeadLetters(mux *routes) {
	mux.Handle("GET /deadletters", handle(codeUndefined, a.listDeadLetters))
	mux.Handle("POST /deadletters/replay", handle(codeUndefined, a.replayDeadLetters))
	mux.Handle("DELETE /deadletters", handle(codeUndefined, a.dropDeadLetters))
}

// listDeadLetters answers the newest, the oldest of them first.
func (a *API) listDeadLetters(w http.ResponseWriter, r *http.Request) error {
	page, err := pageOf(r)
	if err != nil {
		return err
	}
	if page.Limit == 0 {
		page.Limit = lettersShown
	}
	list, total, err := a.Rules.DeadLetters(delivery.LetterFilter{Rule: r.URL.Query().Get("rule")}, page.Limit)
	if err != nil {
		return err
	}
	if list == nil {
		list = []delivery.DeadLetter{}
	}
	writeTotal(w, total)
	writeJSON(w, http.StatusOK, list)
	return nil
}

func (a *API) replayDeadLetters(w http.ResponseWriter, r *http.Request) error {
	f, err := lettersOf(r)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(r.Context(), replayTimeout)
	defer cancel()
	done, err := a.Rules.ReplayDeadLetters(ctx, f)
	if errors.Is(err, delivery.ErrReplaying) {
		return &located{http.StatusConflict, codeUndefined, err}
	}
	if err != nil {
		return fmt.Errorf("%d dead letters were sent, %d are left: %w", done.Sent, done.Left, err)
	}
	writeJSON(w, http.StatusOK, struct {
		Sent int `json:"sent"`
		Left int `json:"left"`
	}{done.Sent, done.Left})
	return nil
}

// lettersOf reads which letters a body such as {"rule":"r1"} means; without a
// body it is all.
func lettersOf(r *http.Request) (delivery.LetterFilter, error) {
	text, err := body(r)
	if err != nil || strings.TrimSpace(text) == "" {
		return delivery.LetterFilter{}, err
	}
	var in struct {
		Rule string
		IDs  []string
	}
	d := json.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&in); err != nil {
		return delivery.LetterFilter{}, fmt.Errorf(`the body must be JSON such as {"rule": "r1"} or {"ids": ["…"]}: %w`, err)
	}
	return delivery.LetterFilter{Rule: in.Rule, IDs: in.IDs}, nil
}

func (a *API) dropDeadLetters(w http.ResponseWriter, r *http.Request) error {
	n, err := a.Rules.DropDeadLetters(delivery.LetterFilter{Rule: r.URL.Query().Get("rule")})
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, struct {
		Dropped int `json:"dropped"`
	}{n})
	return nil
}
