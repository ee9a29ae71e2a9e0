package api

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
)

// Tasks that wait hold their content: there must not be any number of them.
func TestTasksAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var list tasks
		wait := func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		}
		var ids []string
		for range 4 {
			id, err := list.start("t", maxSet, wait)
			if err != nil {
				t.Fatal(err)
			}
			ids = append(ids, id)
		}
		if _, err := list.start("t", 1, wait); !errors.Is(err, errTasks) {
			t.Errorf("more bytes than fit are taken: %v", err)
		}
		for range maxTasks - len(ids) {
			if _, err := list.start("t", 0, wait); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := list.start("t", 0, wait); !errors.Is(err, errTasks) {
			t.Errorf("more tasks than fit are taken: %v", err)
		}
		if err := list.stop(ids[0]); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if _, err := list.start("t", maxSet, wait); err != nil {
			t.Errorf("an end makes no room: %v", err)
		}
		for _, k := range list.list {
			k.cancel()
		}
	})
}

// A task that was cancelled when its work was done is told so.
func TestStatesOfTasks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, c := range []struct {
			err  error
			want task
		}{
			{nil, task{Status: taskFinished}}, {context.Canceled, task{Status: taskCancelled}},
			{errors.New("x is wrong"), task{Status: taskFailed, Message: "x is wrong"}},
		} {
			var list tasks
			id, err := list.start("t", 0, func(ctx context.Context) error {
				<-ctx.Done()
				return c.err
			})
			if err != nil {
				t.Fatal(err)
			}
			if k, err := list.get(id); k.Status != taskRunning || err != nil {
				t.Errorf("%+v, %v", k, err)
			}
			if err := list.stop(id); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			if k, err := list.get(id); k.Status != c.want.Status || k.Message != c.want.Message || err != nil {
				t.Errorf("%+v, want %+v, %v", k, c.want, err)
			}
		}
	})
}

// An import that is cancelled before its turn changes nothing.
func TestCancelledImport(t *testing.T) {
	a := &API{DataDir: t.TempDir()}
	b := newBundle()
	b.Uploads["a.txt"] = "hi"
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := a.take(ctx, b, importOptions{partial: true}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if names, err := a.uploads().list(); len(names) > 0 || err != nil {
		t.Errorf("%v, %v", names, err)
	}
}
