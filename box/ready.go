package main

import (
	"context"
	"io"
	"net/http"
	"time"
)

const pollEvery = 50 * time.Millisecond

// await returns once the service answers. Device services are asked only when
// they have registered: the web framework of their SDK keeps a request that
// comes before the routes, and panics on a later one.
func (s *stack) await(ctx context.Context, v service) error {
	if v.registers {
		if err := s.awaitRegistered(ctx, v); err != nil {
			return err
		}
	}
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for !answers(ctx, v.ready) {
		select {
		case err := <-s.failed:
			return err
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

func (s *stack) awaitRegistered(ctx context.Context, v service) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	registered := make(chan error, 1)
	go func() { registered <- s.metadata.AwaitService(ctx, v.key) }()
	select {
	case err := <-registered:
		return err
	case err := <-s.failed:
		return err
	}
}

func answers(ctx context.Context, url string) bool {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return false
	}
	res, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, res.Body) // the connection can be used again
	return res.StatusCode/100 == 2
}
