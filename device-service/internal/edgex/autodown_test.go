package edgex

import (
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/models"
)

func TestAutoDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var told []string
		a := newAutoDown(time.Minute, func(device string, state models.OperatingState) error {
			mu.Lock()
			defer mu.Unlock()
			told = append(told, device+" "+string(state))
			if device == "lost" {
				return errors.New("no such device")
			}
			return nil
		}, func(device string, state models.OperatingState, err error) {
			mu.Lock()
			defer mu.Unlock()
			told = append(told, device+" not "+string(state)+": "+err.Error())
		})
		want := func(list ...string) {
			t.Helper()
			synctest.Wait()
			mu.Lock()
			defer mu.Unlock()
			if !slices.Equal(told, list) {
				t.Errorf("told %q, want %q", told, list)
			}
			told = nil
		}
		a.turned("a", false)
		time.Sleep(59 * time.Second)
		a.turned("a", true) // in time
		time.Sleep(time.Hour)
		want()
		a.turned("a", false)
		time.Sleep(61 * time.Second)
		want("a DOWN")
		a.turned("a", true)
		want("a UP")
		a.found("b") // DOWN since an earlier life of the service
		a.turned("b", false)
		time.Sleep(time.Hour)
		want()
		a.turned("b", true)
		want("b UP")
		a.turned("gone", false)
		a.forget("gone")
		time.Sleep(time.Hour)
		want()
		a.turned("lost", false)
		time.Sleep(time.Hour)
		want("lost DOWN", "lost not DOWN: no such device")
		a.turned("c", false)
		a.close()
		time.Sleep(time.Hour)
		want()
	})
}

// What core-metadata was not told is owed until it has taken it.
func TestOwedStates(t *testing.T) {
	away := true
	a := newAutoDown(time.Minute, func(string, models.OperatingState) error {
		if away {
			return errors.New("away")
		}
		return nil
	}, func(string, models.OperatingState, error) {})
	check := func(known, there, want models.OperatingState) {
		t.Helper()
		if state, owed := a.owed("a", known, there); owed != (want != "") || owed && state != want {
			t.Errorf("known as %s, %s there: owed %v, %s", known, there, owed, state)
		}
	}
	check(models.Up, models.Up, "")
	check(models.Down, models.Down, "")        // of an operator
	check(models.Up, models.Down, models.Up)   // an earlier process could not tell
	check(models.Down, models.Up, "")          // an operator has set it meanwhile
	a.tell("a", models.Up)                     // in vain
	check(models.Down, models.Down, models.Up) // nor could the bus tell
	a.found("a")
	a.tell("a", models.Down)
	check(models.Up, models.Up, models.Down)
	away = false
	a.tell("a", models.Down)
	check(models.Up, models.Up, "")
	a.after = 0
	check(models.Up, models.Down, "")
}

func TestAutoDownIsOffByDefault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAutoDown(0, func(string, models.OperatingState) error { t.Error("set"); return nil }, nil)
		a.found("a")
		a.turned("a", false)
		time.Sleep(time.Hour)
		a.turned("a", true)
		synctest.Wait()
	})
}
