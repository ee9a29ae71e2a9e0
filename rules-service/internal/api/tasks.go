package api

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// maxTasks bounds the tasks that are remembered, and those that run or wait;
// maxWaiting bounds the bytes that these hold.
const (
	maxTasks   = 100
	maxWaiting = 4 * maxSet
)

// task is work that goes on after its request.
type task struct {
	ID      string `json:"id"`
	Status  string `json:"status"`
	Message string `json:"message"`
	Created int64  `json:"createdTimestamp"` // seconds since 1970
	Updated int64  `json:"updatedTimestamp"`

	cancel context.CancelFunc
	size   int
}

// The states of a task.
const (
	taskRunning   = "running"
	taskFinished  = "finished"
	taskFailed    = "failed"
	taskCancelled = "canceled"
)

// tasks are the newest tasks.
type tasks struct {
	mu   sync.Mutex
	list []*task // the oldest first
	busy int     // how many have not ended
	size int     // of those
}

var errTasks = &located{http.StatusTooManyRequests, codeUndefined, errors.New("too many tasks are waiting; try again when some of them have ended")}

// start runs f, which holds so many bytes, on a goroutine of its own. The id is
// random: two tasks of one second must not have the same.
func (t *tasks) start(prefix string, size int, f func(context.Context) error) (id string, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.busy >= maxTasks || t.size+size > maxWaiting {
		return "", errTasks
	}
	ctx, cancel := context.WithCancel(context.Background())
	now := time.Now().Unix()
	k := &task{ID: prefix + "-" + rand.Text(), Status: taskRunning, Created: now, Updated: now, cancel: cancel, size: size}
	t.list = append(t.list, k)
	t.busy, t.size = t.busy+1, t.size+size
	t.forget()
	go func() {
		err := f(ctx)
		cancel()
		t.end(k, err)
	}()
	return k.ID, nil
}

// forget drops the oldest tasks that have ended; mu is held.
func (t *tasks) forget() {
	for i := 0; len(t.list) > maxTasks && i < len(t.list); {
		if t.list[i].Status == taskRunning {
			i++
			continue
		}
		t.list = append(t.list[:i], t.list[i+1:]...)
	}
}

// end notes how a task went: one that was cancelled too late is done.
func (t *tasks) end(k *task, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.busy, t.size = t.busy-1, t.size-k.size
	k.Updated = time.Now().Unix()
	switch {
	case err == nil:
		k.Status = taskFinished
	case errors.Is(err, context.Canceled):
		k.Status = taskCancelled
	default:
		k.Status, k.Message = taskFailed, err.Error()
	}
}

// get returns a task as it is now.
func (t *tasks) get(id string) (task, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, k := range t.list {
		if k.ID == id {
			return *k, nil
		}
	}
	return task{}, fmt.Errorf("async task: %s not found", id)
}

// stop cancels a task; one that has ended stays as it is.
func (t *tasks) stop(id string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, k := range t.list {
		if k.ID != id {
			continue
		}
		if k.Status == taskRunning {
			k.Status, k.Updated = taskCancelled, time.Now().Unix()
			k.cancel()
		}
		return nil
	}
	return fmt.Errorf("async task: %s not found", id)
}

// importLater imports in the background.
func (a *API) importLater(w http.ResponseWriter, r *http.Request) error {
	b, size, err := a.bundleIn(r)
	if err != nil {
		return err
	}
	o := optionsOf(r)
	id, err := a.tasks.start("dataImport", size, func(ctx context.Context) error {
		wrong, err := a.take(ctx, b, o)
		if err != nil {
			return err
		}
		if err := failedImport(wrong); err != nil {
			return err
		}
		a.stopAfter(o)
		return nil
	})
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, struct {
		ID string `json:"id"`
	}{id})
	return nil
}

func (a *API) getTask(w http.ResponseWriter, r *http.Request) error {
	k, err := a.tasks.get(r.PathValue("id"))
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, k)
	return nil
}

func (a *API) cancelTask(w http.ResponseWriter, r *http.Request) error {
	if err := a.tasks.stop(r.PathValue("id")); err != nil {
		return err
	}
	writeText(w, http.StatusOK, "cancel success")
	return nil
}
