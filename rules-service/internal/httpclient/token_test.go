package httpclient

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// All who have the same credentials share a token, which is fetched once at a
// time, and again before it ends.
func TestTokens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tokens, fetched, broken := &Tokens{}, 0, false
		fetch := func(ctx context.Context) (string, time.Duration, error) {
			time.Sleep(time.Second)
			if broken {
				return "", 0, errors.New("no token")
			}
			fetched++
			return fmt.Sprint("t", fetched), 2 * time.Hour, ctx.Err()
		}
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() {
				if text, err := tokens.Of("a").Get(t.Context(), fetch); err != nil || text != "t1" {
					t.Error(text, err)
				}
			})
		}
		all.Wait()
		if tokens.Of("b") == tokens.Of("a") {
			t.Error("other credentials share the token")
		}
		token := tokens.Of("a")
		for range 2 { // who else was refused is given the new one
			if text, err := token.Renew(t.Context(), "t1", fetch); err != nil || text != "t2" {
				t.Error(text, err)
			}
		}
		time.Sleep(114 * time.Minute)
		if text, _ := token.Get(t.Context(), fetch); text != "t2" {
			t.Error("it is fetched too early:", text)
		}
		time.Sleep(2 * time.Minute)
		if text, _ := token.Get(t.Context(), fetch); text != "t3" {
			t.Error("it is not fetched before it ends:", text)
		}
		broken = true
		if _, err := token.Renew(t.Context(), "t3", fetch); err == nil {
			t.Error("an error is lost")
		}
		go func() { _, _ = token.Renew(t.Context(), "t3", fetch) }()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if _, err := token.Renew(ctx, "t3", fetch); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		time.Sleep(time.Minute)
	})
}
