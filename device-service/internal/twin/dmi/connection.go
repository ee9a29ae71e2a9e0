package dmi

import (
	"context"
	"fmt"
	"net"
	"sync"
	"time"

	pb "github.com/kubeedge/api/apis/dmi/v1beta1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/credentials/insecure"
)

// largestList is what edgecore's list of devices may have in bytes.
const largestList = 64 << 20

// connect makes the connection to edgecore, which is dialed over and over.
func (m *Mapper) connect() (*grpc.ClientConn, error) {
	wait := backoff.Config{BaseDelay: m.pace.dial / 20, Multiplier: 1.6, Jitter: 0.2, MaxDelay: m.pace.dial}
	conn, err := grpc.NewClient("unix://"+m.config.EdgeCore,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(m.dial),
		grpc.WithConnectParams(grpc.ConnectParams{Backoff: wait, MinConnectTimeout: m.pace.timeout}),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(largestList)),
		grpc.WithIdleTimeout(0))
	if err != nil {
		return nil, fmt.Errorf("connect to edgecore: %w", err)
	}
	return conn, nil
}

// dial counts the connections: a new one means a new edgecore, however short
// it was away.
func (m *Mapper) dial(ctx context.Context, _ string) (net.Conn, error) {
	var d net.Dialer
	c, err := d.DialContext(ctx, "unix", m.config.EdgeCore)
	if err == nil {
		m.dials.Add(1)
	}
	return c, err
}

// keepRegistered registers whenever edgecore has come, and now and then for
// what may have been missed.
func (m *Mapper) keepRegistered(ctx context.Context, conn *grpc.ClientConn, edgecore pb.DeviceManagerServiceClient) {
	changed := make(chan struct{}, 1)
	var watcher sync.WaitGroup
	defer watcher.Wait()
	watcher.Go(func() { watch(ctx, conn, changed) })
	p := &presence{Mapper: m, edgecore: edgecore, pause: m.pace.firstPause, ask: m.pace.askForModel}
	for ctx.Err() == nil {
		wait := time.NewTimer(p.step(ctx, conn.GetState()))
		select {
		case <-ctx.Done():
		case <-changed:
		case <-wait.C:
		case <-m.registry.held:
			p.asked()
		}
		wait.Stop()
	}
}

// watch tells of changes of the connection, and keeps it from being idle.
func watch(ctx context.Context, conn *grpc.ClientConn, changed chan struct{}) {
	for state := conn.GetState(); ; state = conn.GetState() {
		if state == connectivity.Idle {
			conn.Connect()
		}
		signal(changed)
		if !conn.WaitForStateChange(ctx, state) {
			return
		}
	}
}
