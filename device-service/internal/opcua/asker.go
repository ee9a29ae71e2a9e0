package opcua

import (
	"context"
	"sync"
	"time"

	"github.com/gopcua/opcua/ua"
)

// asker has one publish request at a server at a time.
type asker struct {
	s       *session
	answers chan published
	waits   bool // for an answer
	running sync.WaitGroup
}

// published is the answer to a publish request.
type published struct {
	answer *ua.PublishResponse
	err    error
}

func newAsker(s *session) *asker { return &asker{s: s, answers: make(chan published, 1)} }

func (a *asker) ask(ctx context.Context, acks []*ua.SubscriptionAcknowledgement, patience time.Duration) {
	a.waits = true
	a.running.Go(func() {
		answer, err := a.s.publish(ctx, acks, patience)
		a.answers <- published{answer, err} // there is room: nobody asks before it is taken
	})
}
