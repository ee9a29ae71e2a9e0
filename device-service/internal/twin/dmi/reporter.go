package dmi

import (
	"context"
	"time"

	pb "github.com/kubeedge/api/apis/dmi/v1beta1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// maxTries is how often a call that edgecore cannot take is made.
const maxTries = 5

// sendReports makes the calls of the outbox one by one until ctx ends. What
// goes out is chosen last, when edgecore is there and the rate allows a call:
// until then values coalesce and answers overtake.
func (m *Mapper) sendReports(ctx context.Context, edgecore pb.DeviceManagerServiceClient) {
	pause := m.pace.firstPause
	for {
		if !m.outbox.waiting() {
			select {
			case <-ctx.Done():
				return
			case <-m.outbox.news:
			}
			continue
		}
		if m.link.wait(ctx) != nil || m.limiter.Wait(ctx) != nil {
			return
		}
		l := m.outbox.next()
		if l == nil {
			continue
		}
		err := m.send(ctx, edgecore, l)
		if ctx.Err() != nil {
			return
		}
		if m.settle(l, err) {
			pause = m.pace.firstPause
			continue
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
			pause = min(2*pause, m.pace.lastPause)
		}
	}
}

// send makes one call.
func (m *Mapper) send(ctx context.Context, edgecore pb.DeviceManagerServiceClient, l *letter) error {
	ctx, cancel := context.WithTimeout(ctx, m.pace.timeout)
	defer cancel()
	if l.state {
		_, err := edgecore.ReportDeviceStates(ctx, l.word)
		return err
	}
	_, err := edgecore.ReportDeviceStatus(ctx, l.call)
	return err
}

// settle notes what came of a call, and tells whether the next may follow at
// once.
func (m *Mapper) settle(l *letter, err error) bool {
	switch {
	case err == nil:
		m.outbox.sent(l)
		return true
	case status.Code(err) == codes.Unimplemented:
		if m.outbox.giveUp(l) {
			m.log.Warn("edgecore does not take this call; it is left out", "device", l.to.id, "err", err)
		}
		return true
	case tooMany(err):
		m.outbox.refused(l)
		m.drain()
		return false
	case status.Code(err) != codes.Unknown: // edgecore has not answered
		m.outbox.back(l)
		return false
	}
	if tries := m.outbox.failed(l); tries >= maxTries {
		m.outbox.giveUp(l)
		m.log.Warn("edgecore does not take the report of a device; it is given up", "device", l.to.id, "tries", tries, "err", err)
	}
	return true
}

// drain empties our bucket: edgecore's, which other mappers draw from too, is
// empty.
func (m *Mapper) drain() {
	m.limiter.AllowN(time.Now(), int(m.limiter.Tokens()))
}
