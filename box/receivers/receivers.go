// Package receivers is the far end of the alarms: a WeCom group robot, an ERP
// and a cloud, each as strict as the real one, so that a rule that works here
// is likely to work there. What they accept becomes a line for people.
package receivers

import (
	"encoding/json"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// maxMessages is how many messages Received remembers.
const maxMessages = 1000

// maxBody is far above what any of the receivers accepts.
const maxBody = 1 << 20

// Message is one alarm that arrived.
type Message struct {
	Time   time.Time `json:"time"`
	Target string    `json:"target"` // wecom, erp or cloud
	Device string    `json:"device"` // empty when the message names none
	Text   string    `json:"text"`
}

// Inbox gathers what the receivers accept.
type Inbox struct {
	show func(Message)

	mu       sync.Mutex
	messages []Message // a ring once it is full
	next     int
}

// NewInbox returns an empty inbox. show is called for each message, in the
// order of arrival; nil shows nothing.
func NewInbox(show func(Message)) *Inbox {
	if show == nil {
		show = func(Message) {}
	}
	return &Inbox{show: show}
}

func (b *Inbox) put(m Message) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.messages) < maxMessages {
		b.messages = append(b.messages, m)
	} else {
		b.messages[b.next] = m
		b.next = (b.next + 1) % maxMessages
	}
	b.show(m)
}

// Received returns the last messages, oldest first.
func (b *Inbox) Received() []Message {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append(append([]Message{}, b.messages[b.next:]...), b.messages[:b.next]...)
}

// ServeHTTP answers GET /received[?target=…&last=n].
func (b *Inbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	all := b.Received()
	if target := r.URL.Query().Get("target"); target != "" {
		kept := []Message{}
		for _, m := range all {
			if m.Target == target {
				kept = append(kept, m)
			}
		}
		all = kept
	}
	if text := r.URL.Query().Get("last"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 {
			http.Error(w, "last: want a whole number", http.StatusBadRequest)
			return
		}
		all = all[max(0, len(all)-n):]
	}
	writeJSON(w, http.StatusOK, all)
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // an error means that the client is gone
}
