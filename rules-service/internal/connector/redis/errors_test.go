package redis

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"strings"
	"testing"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/connectortest"
	"sluice/rules-service/internal/httpclient"
	"sluice/tests/servers"
)

// kinds connect everything that there is to a server.
func kinds(t *testing.T, props map[string]any) map[string]func(context.Context) error {
	t.Helper()
	with := func(more map[string]any) map[string]any {
		all := maps.Clone(props)
		maps.Copy(all, more)
		return all
	}
	return map[string]func(context.Context) error{
		"sink":       openSink(t, "redis", with(map[string]any{"key": "k"})).Connect,
		"publisher":  openSink(t, "redisPub", with(map[string]any{"channel": "c"})).Connect,
		"subscriber": openSource(t, "redisSub", with(map[string]any{"channels": "c"})).Connect,
		"stream":     openSource(t, "redisStream", with(map[string]any{"datasource": "s"})).Connect,
		"lookup":     openLookup(t, with(map[string]any{"dataType": "string"})).Connect,
	}
}

// Wrong credentials, an unknown database, an unreachable host and an expired
// certificate are told at once, without secrets, and are worth another attempt.
func TestConnectErrors(t *testing.T) {
	p, ca := servers.RedisTLS(t, "redis-secret")
	open := servers.Redis(t)
	expired, expiredCA := servers.Expired(t)
	free := fmt.Sprintf("127.0.0.1:%d", servers.FreePort(t))
	for name, c := range map[string]struct {
		props map[string]any
		want  string // "": it connects
	}{
		"plain":          {map[string]any{"addr": open.Addr()}, ""},
		"TLS":            {map[string]any{"addr": p.Addr(), "rootCaPath": ca, "password": "redis-secret"}, ""},
		"by scheme":      {map[string]any{"addr": "rediss://" + p.Addr(), "insecureSkipVerify": true, "password": "redis-secret"}, ""},
		"not trusted":    {map[string]any{"addr": "rediss://" + p.Addr(), "password": "hunter2"}, "certificate signed by unknown authority"},
		"wrong password": {map[string]any{"addr": p.Addr(), "rootCaPath": ca, "password": "hunter2"}, "check user, password and db"},
		"wrong user":     {map[string]any{"addr": p.Addr(), "rootCaPath": ca, "username": "nobody", "password": "hunter2"}, "check user, password and db"},
		"no password":    {map[string]any{"addr": p.Addr(), "rootCaPath": ca}, "check user, password and db"},
		"no database":    {map[string]any{"addr": open.Addr(), "db": 99}, "check user, password and db"},
		"expired":        {map[string]any{"addr": "rediss://" + expired, "rootCaPath": expiredCA, "password": "hunter2"}, "certificate has expired"},
		"unreachable":    {map[string]any{"addr": free, "password": "hunter2"}, "connection refused"},
		"no name":        {map[string]any{"addr": "nowhere.invalid:6379", "password": "hunter2"}, "nowhere.invalid"},
	} {
		t.Run(name, func(t *testing.T) {
			c.props["timeout"] = "20s"
			for kind, connect := range kinds(t, c.props) {
				err := connect(t.Context())
				var permanent *connector.Permanent
				switch {
				case c.want == "" && err == nil:
				case c.want == "" || !errors.Is(err, connector.ErrNotConnected) || !strings.Contains(err.Error(), c.want) || errors.As(err, &permanent):
					t.Errorf("%s: got %v, want %q", kind, err, c.want)
				case strings.Contains(err.Error(), "hunter2"):
					t.Errorf("%s: a secret is shown: %v", kind, err)
				}
			}
		})
	}
}

// Who may not write is told so, and what it may not write is not lost.
func TestForbidden(t *testing.T) {
	p := servers.Redis(t)
	do(t, direct(t, p), "ACL", "SETUSER", "reader", "on", ">reader-secret", "~*", "+@read", "+ping", "+select")
	s := openSink(t, "redis", at(p, map[string]any{"key": "k", "username": "reader", "password": "reader-secret"}))
	if err := s.Connect(t.Context()); err != nil {
		t.Fatal(err)
	}
	err := s.Write(t.Context(), []connector.Outbound{connectortest.Rows(t, map[string]string{"key": "k"}, `{"a":1}`)})
	var permanent *connector.Permanent
	if !errors.Is(err, connector.ErrNotConnected) || errors.As(err, &permanent) || !strings.Contains(err.Error(), "what the user may do") {
		t.Errorf("%v", err)
	}
}

// A server that answers nothing is given up after the time that it has.
func TestSilentServer(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	for kind, connect := range kinds(t, map[string]any{"addr": silent.Addr().String(), "timeout": "50ms"}) {
		if err := connect(t.Context()); !errors.Is(err, connector.ErrNotConnected) {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

// Each answer has its class.
func TestAnswers(t *testing.T) {
	c := connection{secret: "hunter2"}
	o, err := (&Server{Addr: "h", Timeout: 1}).options(1)
	if err != nil {
		t.Fatal(err)
	}
	c.options = o
	for text, want := range map[string]string{
		"WRONGTYPE Operation against a key":             "refused",
		"ERR value is not an integer or out of range":   "refused",
		"LOADING Redis is loading the dataset":          "retry",
		"READONLY You can't write against a replica":    "retry",
		"OOM command not allowed when used memory":      "retry",
		"BUSY Redis is busy running a script":           "retry",
		"NOAUTH Authentication required. hunter2":       "away",
		"NOPERM this user has no permissions":           "away",
		"MOVED 3999 127.0.0.1:6381":                     "away",
		"NOGROUP No such key 's' or consumer group 'g'": "retry",
	} {
		err := c.judge(t.Context(), answer(text))
		var permanent *connector.Permanent
		got := "retry"
		switch {
		case errors.As(err, &permanent):
			got = "refused"
		case errors.Is(err, connector.ErrNotConnected):
			got = "away"
		}
		if got != want || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %s: %v", text, got, err)
		}
	}
}

// answer is an error that the server has told.
type answer string

func (a answer) Error() string { return string(a) }
func (answer) RedisError()     {}

// Mistakes are told when the rule or stream is created.
func TestBadProperties(t *testing.T) {
	good := map[string]map[string]any{
		"redis": {"key": "k"}, "redisPub": {"channel": "c"}, "redisSub": {"channels": []any{"c"}}, "redisStream": {"datasource": "s"}, "lookup": {"dataType": "string"},
	}
	decode := func(kind string, props map[string]any) (err error) {
		switch kind {
		case "redis", "redisPub":
			_, err = decodeSink(kind, props)
		case "lookup":
			info, _ := registry().Lookup("redis")
			_, err = info.Decode(props, connectortest.Quiet())
		default:
			_, err = decodeSource(kind, props)
		}
		return err
	}
	for kind, props := range good {
		if err := decode(kind, props); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
		for name, c := range map[string]struct {
			value any
			want  string
		}{
			"addr":     {"http://x", `property "addr"`},
			"address":  {"x:port", `property "addr"`},
			"db":       {-1, `property "db"`},
			"Password": {[]any{"hunter2"}, `property "Password": a text is wanted, not a list`},
			"username": {map[string]any{}, `property "username": a text is wanted`},
			"timeout":  {0.0, `property "timeout" must be positive`},
			"adr":      {"x", `unknown property "adr"; did you mean "addr"?`},
		} {
			all := maps.Clone(props)
			all[name] = c.value
			if err := decode(kind, all); err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("%s %s: %v", kind, name, err)
			}
		}
	}
	for _, c := range []struct {
		kind, name string
		value      any
		want       string
	}{
		{"redis", "key", "", `properties "key" and "field" are missing`},
		{"redis", "addr", "redis://u:hunter2@h:1", "user and password have properties of their own"},
		{"redis", "addr", "h:0", `"0" is no port`},
		{"redis", "addr", "h/1", "is no address"},
		{"redis", "keyType", "many", `there are single and multiple, not "many"`},
		{"redis", "dataType", "zset", `there are string, list, set, hash and stream, not "zset"`},
		{"redis", "expiration", "never", `property "expiration": a number is wanted`},
		{"redis", "expiration", 0, `property "expiration" is a number of seconds`},
		{"redis", "field", []any{}, `property "field": a text is wanted`},
		{"redis", "rowkindField", 5, ""},
		{"redis", "maxLength", 5, `"maxLength" and "payloadField" are for dataType stream`},
		{"redis", "maxLength", -5, `property "maxLength" must not be negative`},
		{"redisPub", "channel", "", `property "channel" is missing`},
		{"redisPub", "channel", []any{}, `property "channel": a text is wanted`},
		{"redisSub", "channels", []any{}, `property "channels" is missing`},
		{"redisSub", "channels", []any{""}, `property "channels" is missing`},
		{"redisSub", "channels", []any{map[string]any{}}, `property "channels"[0]: a text is wanted`},
		{"redisStream", "datasource", "", `property "datasource" is missing`},
		{"redisStream", "group", "", `property "group" must not be empty`},
		{"redisStream", "start", "now", `property "start": there are $, 0 and ids`},
		{"redisStream", "claimAfter", -1, `property "claimAfter" must not be negative`},
		{"redisStream", "payloadField", []any{}, `property "payloadField": a text is wanted`},
		{"lookup", "dataType", "", `property "dataType" is missing`},
		{"lookup", "dataType", "set", `there are string, list and hash, not "set"`},
		{"lookup", "datasource", "plant", `DATASOURCE "plant" is no number of a database`},
		{"lookup", "key", []any{}, `property "key": a text is wanted`},
	} {
		props := maps.Clone(good[c.kind])
		props[c.name] = c.value
		err := decode(c.kind, props)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) || err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s %s %v: %v; want %s", c.kind, c.name, c.value, err, c.want)
		}
	}
	both := map[string]any{"keyType": "multiple", "dataType": "hash"}
	if err := decode("redis", both); err == nil || !strings.Contains(err.Error(), "keyType multiple is for values") {
		t.Error(err)
	}
}

// Every property of the contract is taken.
func TestContract(t *testing.T) {
	server := map[string]any{"username": "u", "password": "p", "db": 1}
	for kind, props := range map[string]map[string]any{
		"redis":    {"addr": "h:1", "key": "k", "field": "f", "keyType": "single", "dataType": "list", "expiration": -1, "rowkindField": "kind"},
		"redisPub": {"address": "h:1", "channel": "c"},
	} {
		maps.Copy(props, server)
		c, err := decodeSink(kind, props)
		if err != nil {
			t.Errorf("%s: %v", kind, err)
		} else if kind == "redis" && !c.Common.SendSingle {
			t.Error("a template would see an array")
		}
	}
	props := map[string]any{"address": "h:1", "channels": []any{"c"}}
	maps.Copy(props, server)
	if _, err := decodeSource("redisSub", props); err != nil {
		t.Error(err)
	}
	info, err := registry().Lookup("redis")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := info.Decode(map[string]any{"addr": "h:1", "username": "u", "password": "p", "dataType": "list", "datasource": "2", "lookup": map[string]any{"cache": true}}, connectortest.Quiet()); err != nil {
		t.Error(err)
	}
}

// An address is host and port, or an error without secrets.
func FuzzAddress(f *testing.F) {
	for _, a := range []string{"h", "h:1", "redis://h", "rediss://[::1]:6379", "redis://u:hunter2@h", "::", "h:99999", "redis://h/1?x=y", "]"} {
		f.Add(a)
	}
	f.Fuzz(func(t *testing.T, addr string) {
		s := Server{Addr: addr, Timeout: 1}
		hostPort, _, err := s.address()
		if err != nil {
			return
		}
		host, port, err := net.SplitHostPort(hostPort)
		if err != nil || host == "" || port == "" || httpclient.Redact(hostPort) == "" {
			t.Errorf("%q is %q: %v", addr, hostPort, err)
		}
	})
}
