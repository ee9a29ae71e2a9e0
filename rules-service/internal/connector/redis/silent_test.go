package redis

import (
	"bufio"
	"context"
	"errors"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"sluice/rules-service/internal/connector"
)

// deaf answers until somebody has subscribed, and then nothing any more.
func deaf(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go answerUntilSubscribed(c)
		}
	}()
	return l.Addr().String()
}

func answerUntilSubscribed(c net.Conn) {
	defer c.Close()
	in := bufio.NewReader(c)
	line := func() string {
		text, _ := in.ReadString('\n')
		return strings.TrimSpace(text)
	}
	for silent := false; ; {
		n, err := strconv.Atoi(strings.TrimPrefix(line(), "*"))
		if err != nil {
			return
		}
		var words []string
		for range n {
			line() // its length
			words = append(words, line())
		}
		switch {
		case silent:
		case strings.EqualFold(words[0], "ping"):
			_, _ = c.Write([]byte("+PONG\r\n"))
		case strings.EqualFold(words[0], "subscribe"):
			silent = true
			_, _ = c.Write([]byte("*3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n"))
		default:
			_, _ = c.Write([]byte("-ERR unknown command\r\n"))
		}
	}
}

// A server that has gone without a word is found out.
func TestSilentSubscription(t *testing.T) {
	s := openSource(t, "redisSub", map[string]any{"address": deaf(t), "channels": []any{"c"}, "timeout": "20s"})
	s.(*subscriber).idle = 20 * time.Millisecond
	if err := s.Connect(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if _, _, err := s.Read(ctx); !errors.Is(err, connector.ErrNotConnected) {
		t.Errorf("%v", err)
	}
}
