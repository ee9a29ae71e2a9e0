package httpclient

import (
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestRedact(t *testing.T) {
	for in, want := range map[string]string{
		"https://h/cgi-bin/send?key=K&a=1":                    "https://h/cgi-bin/send?key=<secret>&a=1",
		"https://h/x?Access_Token=T&sign=S":                   "https://h/x?Access_Token=<secret>&sign=<secret>",
		"http://u:pw@h/x":                                     "http://u@h/x",
		"https://open.feishu.cn/open-apis/bot/v2/hook/SECRET": "https://open.feishu.cn/open-apis/bot/v2/hook/hidden",
		"http://h/plain?b=2":                                  "http://h/plain?b=2",
		"http://u:pw@h:badport/x?key=K":                       "h:badport/x",
	} {
		if got := Redact(in); got != want {
			t.Errorf("%s: got %s, want %s", in, got, want)
		}
	}
}

func FuzzRedact(f *testing.F) {
	f.Add("https://h/x?a=1&", "s3cr3tk3y")
	f.Fuzz(func(t *testing.T, prefix, key string) {
		if len(key) < 8 || strings.ContainsAny(key, "&#%?/") || strings.Contains(prefix, key) || strings.ContainsAny(prefix, "#?") {
			return
		}
		if got := Redact(prefix + "?key=" + key); strings.Contains(got, key) {
			t.Errorf("%q shows the key", got)
		}
	})
}

func TestClientsShareTransports(t *testing.T) {
	p := NewPool()
	deny, err := ParseDenyList([]string{"10.0.0.0/8"})
	if err != nil {
		t.Fatal(err)
	}
	a, b := p.Client(Settings{TLSKey: "x", Timeout: time.Second}), p.Client(Settings{TLSKey: "x", Timeout: time.Minute})
	if a.Transport != b.Transport {
		t.Error("equal settings do not share a transport")
	}
	for _, other := range []Settings{{TLSKey: "y"}, {TLSKey: "x", Deny: deny}} {
		if p.Client(other).Transport == a.Transport {
			t.Errorf("%+v shares a transport", other)
		}
	}
}

func TestCause(t *testing.T) {
	inner := errors.New("refused")
	if got := Cause(&url.Error{Op: "Post", URL: "http://h?key=K", Err: inner}); got != inner {
		t.Error(got)
	}
}
