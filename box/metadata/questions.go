package metadata

import "sync"

// maxQuestions bounds how many devices are validated at a time: each question
// may take its whole time-out when the service is away.
const maxQuestions = 16

// questions are those to device services that are under way together.
type questions struct {
	sync.WaitGroup
	slots chan struct{}
}

// ask asks one once there is room for it.
func (q *questions) ask(question func()) {
	if q.slots == nil {
		q.slots = make(chan struct{}, maxQuestions)
	}
	q.slots <- struct{}{}
	q.Go(func() {
		defer func() { <-q.slots }()
		question()
	})
}
