package dmi

import (
	"context"
	"strings"
	"time"

	pb "github.com/kubeedge/api/apis/dmi/v1beta1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/status"
)

// presence is this mapper at edgecore.
type presence struct {
	*Mapper
	edgecore pb.DeviceManagerServiceClient
	dial     uint64        // the connection that is registered, 0 at first
	due      time.Time     // of the next registration
	pause    time.Duration // after the next failure
	ask      time.Duration // until a missing model is asked for again
}

// errLost is why the mapper is no longer registered.
var errLost = status.Error(codes.Unavailable, "the connection is lost")

// step registers if it is time to, and tells how long nothing is to be done.
func (p *presence) step(ctx context.Context, state connectivity.State) time.Duration {
	dial := p.dials.Load()
	switch {
	case state == connectivity.TransientFailure:
		p.away(ctx, p.register(ctx)) // fails at once, and has the reason
		return p.pace.refresh
	case state != connectivity.Ready:
		if p.link.isOpen() {
			p.away(ctx, errLost)
		}
		return p.pace.refresh
	case dial == p.dial && time.Now().Before(p.due):
		return time.Until(p.due)
	}
	if p.limiter.Wait(ctx) != nil {
		return 0
	}
	err := p.register(ctx)
	switch {
	case err == nil || answered(err):
		p.arrived(dial)
	case tooMany(err):
		p.drain()
	}
	p.plan(ctx, err)
	return time.Until(p.due)
}

// arrived notes a connection at which edgecore has answered. A new one knows
// nothing of what was reported before.
func (p *presence) arrived(dial uint64) {
	if p.dial != 0 && p.dial != dial {
		p.outbox.again()
	}
	p.dial = dial
}

// plan notes what came of a registration and when the next one is due.
func (p *presence) plan(ctx context.Context, err error) {
	if err != nil {
		p.due = time.Now().Add(p.pause)
		p.pause = min(2*p.pause, p.pace.lastPause)
		p.away(ctx, err)
		return
	}
	p.pause = p.pace.firstPause
	if p.link.set(true, true, "") {
		p.log.Info("mapper is registered at edgecore", "mapper", p.config.Name, "protocol", p.config.Protocol, "socket", p.config.EdgeCore)
	}
	if !p.registry.waiting() {
		p.ask = p.pace.askForModel
		p.due = time.Now().Add(p.pace.refresh)
		return
	}
	p.due = time.Now().Add(p.ask)
	p.ask = min(2*p.ask, p.pace.refresh)
}

// asked has a model asked for that a device waits for: edgecore does not send
// a model that names no protocol, but lists it with the device.
func (p *presence) asked() {
	if due := time.Now().Add(p.ask); due.Before(p.due) {
		p.due = due
	}
}

// away notes why the mapper is not registered.
func (p *presence) away(ctx context.Context, err error) {
	if err == nil || ctx.Err() != nil {
		return
	}
	if p.link.set(answered(err), false, status.Convert(err).Message()) {
		p.log.Warn("mapper is not registered at edgecore; it is tried again", "socket", p.config.EdgeCore, "err", err)
	}
}

// answered tells whether an error is an answer of edgecore other than that
// there were too many calls: it knows the mapper and has no devices for it.
func answered(err error) bool { return status.Code(err) == codes.Unknown && !tooMany(err) }

// tooMany tells whether edgecore refused a call for its rate.
func tooMany(err error) bool {
	return strings.Contains(status.Convert(err).Message(), "too many request")
}

// register registers the mapper and takes edgecore's list.
func (p *presence) register(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, p.pace.timeout)
	defer cancel()
	since := p.registry.listing()
	list, err := p.edgecore.MapperRegister(ctx, &pb.MapperRegisterRequest{WithData: true, Mapper: &pb.MapperInfo{
		Name: p.config.Name, Version: p.config.Version, ApiVersion: "v1beta1", Protocol: p.config.Protocol,
		Address: []byte(p.config.Address), State: "ok",
	}})
	if err != nil {
		return err
	}
	p.registry.putList(since, list.GetModelList(), list.GetDeviceList())
	return nil
}
