package api

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// maxTasks bounds the tasks that are remembered.
const maxTasks = 100

// task is work that goes on after its request.
type task struct {
	ID      string `json:"id"`
	Status  string `json:"status"`
	Message string `json:"message"`
	Created int64  `json:"createdTimestamp"` // seconds since 1970
	Updated int64  `json:"updatedTimestamp"`

	cancel context.CancelFunc
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
}

// start runs f on a goroutine of its own. The id is random: two tasks of one
// second must not have the same.
func (t *tasks) start(prefix string, f func(context.Context) error) string {
	ctx, cancel := context.WithCancel(context.Background())
	now := time.Now().Unix()
	k := &task{ID: prefix + "-" + rand.Text(), Status: taskRunning, Created: now, Updated: now, cancel: cancel}
	t.mu.Lock()
	t.list = append(t.list, k)
	t.forget()
	t.mu.Unlock()
	go func() {
		err := f(ctx)
		cancel()
		t.end(k, err)
	}()
	return k.ID
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

func (t *tasks) end(k *task, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	k.Updated = time.Now().Unix()
	switch {
	case k.Status == taskCancelled:
	case err != nil:
		k.Status, k.Message = taskFailed, err.Error()
	default:
		k.Status = taskFinished
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
	text, err := a.contentIn(r)
	if err != nil {
		return err
	}
	b, err := readBundle(text)
	if err != nil {
		return err
	}
	o := optionsOf(r)
	id := a.tasks.start("dataImport", func(ctx context.Context) error {
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
