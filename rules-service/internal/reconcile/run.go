package reconcile

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// commandTime bounds one command.
const commandTime = 30 * time.Second

// runCommands runs the files with commands, and tells how many succeeded.
func (r *Reconciler) runCommands(ctx context.Context, work []*task) (applied int) {
	for _, t := range work {
		if t.content.kind != Commands || ctx.Err() != nil {
			continue
		}
		if err := r.runFile(ctx, t); err != nil {
			if ctx.Err() == nil { // else the service ends
				r.fail(t, problemsOf(err))
			}
			continue
		}
		if r.succeed([]*task{t}) == nil {
			applied++
			r.Log.Info("a file with commands was applied", "file", t.name, "commands", len(t.content.commands))
		}
	}
	return applied
}

// runFile runs the commands of a file, up to the first that fails. They are
// run again from the first one on: what is there already stays.
func (r *Reconciler) runFile(ctx context.Context, t *task) error {
	claims := map[claim]*task{}
	for _, c := range t.brings {
		claims[c] = t
	}
	if err := r.own(claims, []*task{t}); err != nil {
		return err
	}
	for i := range t.content.commands {
		if c := &t.content.commands[i]; ctx.Err() == nil {
			if err := r.run(ctx, c); err != nil {
				return errors.Join(&located{c.at, fmt.Errorf("%s %s: %w", c.method, c.path, err)}, r.disown(r.absent(t.brings)))
			}
		}
	}
	return ctx.Err()
}

// absent are those of the claims that a file has on nothing.
func (r *Reconciler) absent(claims []claim) (list []claim) {
	for _, c := range claims {
		if _, mine := r.owned[c]; mine && !r.exists(c) {
			list = append(list, c)
		}
	}
	return list
}

// run does one command. What is to be created and is there is replaced, and what
// is to be deleted may be gone.
func (r *Reconciler) run(ctx context.Context, c *command) error {
	ctx, cancel := context.WithTimeout(ctx, commandTime)
	defer cancel()
	method, target := c.method, c.target
	switch {
	case c.item != "" && r.there(ctx, c.item):
		method, target = http.MethodPut, c.item
	case c.method == http.MethodPost && c.ends.name != "" && !r.exists(c.ends):
		return nil // DROP of what is gone
	}
	status, answer, err := r.Call(ctx, method, target, c.body)
	switch {
	case err != nil:
		return err
	case status/100 == 2 || method == http.MethodDelete && !r.there(ctx, c.path):
		return nil
	}
	return fmt.Errorf("status %d: %s", status, messageIn(answer))
}

// there tells whether GET of a path succeeds.
func (r *Reconciler) there(ctx context.Context, path string) bool {
	status, _, err := r.Call(ctx, http.MethodGet, path, "")
	return err == nil && (status/100 == 2 || status == http.StatusMethodNotAllowed)
}

// messageIn is the message of an error of the API.
func messageIn(answer string) string {
	var failure struct{ Message string }
	if json.Unmarshal([]byte(answer), &failure) == nil && failure.Message != "" {
		return failure.Message
	}
	return answer
}
