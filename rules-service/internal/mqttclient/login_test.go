package mqttclient

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"
)

// locked is a buffer for logs.
type locked struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *locked) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// Credentials that end are made anew for a new connection, which has the
// subscriptions of the one before; that is no alarm.
func TestLoginIsRenewed(t *testing.T) {
	b, addr := newClerk(t)
	close(b.answer)
	o := options(addr)
	o.ClientID, o.Username, o.Password = "device", "identity", "key"
	made := 0
	o.Login = func(now time.Time) Login {
		made++
		l := Login{ClientID: "device", Username: "at", Password: strings.Repeat("p", made)}
		if made == 1 {
			l.Renew = now.Add(20 * time.Millisecond)
		}
		return l
	}
	log := &locked{}
	p := NewPool()
	c, err := p.Acquire(o, slog.New(slog.NewTextHandler(log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Release() })
	s, err := c.Subscribe([]string{"a"}, 1, ignore, unheard)
	if err != nil {
		t.Fatal(err)
	}
	if acquire(t, p, o) != c {
		t.Error("devices with the same key do not share their connection")
	}
	connect(t, c)
	logins := b.loggedIn(t, 2)
	if logins[0] != "device at p" || logins[1] != "device at pp" {
		t.Errorf("logins %q", logins)
	}
	connect(t, c)
	if err := s.Wait(t.Context()); err != nil || b.filters() != 1 {
		t.Error(err, b.filters())
	}
	if text := log.String(); strings.Contains(text, "level=WARN") || !strings.Contains(text, "credentials are about to end") {
		t.Error(text)
	}
}
