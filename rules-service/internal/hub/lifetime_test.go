package hub

import (
	"context"
	"testing"
	"time"
)

// A lifetime ends by itself and with its hub, whoever waits for it, since
// before or after.
func TestLifetime(t *testing.T) {
	for name, end := range map[string]func(l *lifetime, hub context.CancelFunc){
		"source": func(l *lifetime, _ context.CancelFunc) { l.end() },
		"hub":    func(_ *lifetime, hub context.CancelFunc) { hub() },
	} {
		t.Run(name, func(t *testing.T) {
			hub, cancel := context.WithCancel(t.Context())
			early, late := &lifetime{hub: hub}, &lifetime{hub: hub}
			below, stop := context.WithTimeout(early, time.Hour)
			defer stop()
			done := early.Done()
			if early.Err() != nil || late.Err() != nil || below.Err() != nil {
				t.Fatal("they have ended:", early.Err(), late.Err(), below.Err())
			}
			end(early, cancel)
			end(late, cancel)
			for _, ended := range []<-chan struct{}{done, early.Done(), below.Done(), late.Done()} {
				select {
				case <-ended:
				case <-time.After(time.Minute):
					t.Fatal("it has not ended")
				}
			}
			if early.Err() != context.Canceled || late.Err() != context.Canceled || below.Err() != context.Canceled {
				t.Error(early.Err(), late.Err(), below.Err())
			}
		})
	}
}
