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
		}, func(device string, err error) {
			mu.Lock()
			defer mu.Unlock()
			told = append(told, device+": "+err.Error())
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
		want("lost DOWN", "lost: no such device")
		a.turned("c", false)
		a.close()
		time.Sleep(time.Hour)
		want()
	})
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
