package connector

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"
)

// safe is a secret store.
type safe map[string]string

func (s safe) env() Env {
	return Env{Secret: func(name, key string) (string, error) {
		value, ok := s[name+"/"+key]
		if !ok {
			return "", errors.New("not there")
		}
		return value, nil
	}}
}

// secretive is a sink that repeats in its errors what it was made with.
type secretive struct {
	config testConfig
	closed *int
	stuck  error // of Close
}

func (s secretive) Connect(context.Context) error { return s.fail("connect") }
func (s secretive) Write(context.Context, []Outbound) error {
	return &Permanent{s.fail("write")}
}
func (s secretive) Close(context.Context) error { *s.closed++; return s.stuck }
func (s secretive) fail(what string) error {
	return fmt.Errorf("%s %s as %s with %s, %s and %+v: %w", what, s.config.Server, s.config.Names, s.config.Password.Reveal(), s.config.Headers["A"], s.config.Nested, ErrNotConnected)
}

func secretiveSink(t *testing.T, env Env, made *[]testConfig, closed *int) *SinkConfig {
	t.Helper()
	r := NewRegistry()
	AddSink(r, SinkSpec[testConfig]{Name: "test", Summary: "For tests.", New: func(c testConfig, _ Env) (Sink, error) {
		*made = append(*made, c)
		return secretive{config: c, closed: closed}, nil
	}})
	info, err := r.Sink("test")
	if err != nil {
		t.Fatal(err)
	}
	c, err := info.Decode(map[string]any{
		"server": "tcp://host", "password": "secret://plant/mqtt/password", "names": []any{"me", "secret://plant/user"}, "topic": "{{.a}}",
		"headers": map[string]any{"A": "secret://plant/token", "B": "b"}, "nested": []any{map[string]any{"path": "secret://plant/path"}},
	}, env)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestSecretsByName(t *testing.T) {
	store := safe{"plant/mqtt/password": "sesame", "plant/user": "aladdin", "plant/token": "jwt", "plant/path": "cave"}
	var made []testConfig
	var closed int
	c := secretiveSink(t, store.env(), &made, &closed)
	if want := map[string]string{"topic": "{{.a}}", "headers.B": "b"}; !maps.Equal(c.Templates, want) {
		t.Errorf("templates %v, want %v", c.Templates, want)
	}
	sink, err := c.Open()
	if err != nil || len(made) > 0 {
		t.Fatal("the sink was made before it was connected", err)
	}
	if err := sink.Write(t.Context(), nil); !errors.Is(err, ErrNotConnected) {
		t.Error(err)
	}
	check := func(err error, want string) {
		t.Helper()
		if err == nil || err.Error() != want || !errors.Is(err, ErrNotConnected) {
			t.Errorf("error %v, want %s", err, want)
		}
	}
	check(sink.Connect(t.Context()), "connect tcp://host as [me <secret>] with <secret>, <secret> and [{Path:<secret> N:0}]: not connected")
	err = sink.Write(t.Context(), nil)
	check(err, "write tcp://host as [me <secret>] with <secret>, <secret> and [{Path:<secret> N:0}]: not connected")
	if p := new(Permanent); !errors.As(err, &p) {
		t.Error("the class of the error is lost")
	}
	if len(made) != 1 || made[0].Password.Reveal() != "sesame" || made[0].Names[1] != "aladdin" || made[0].Headers["A"] != "jwt" || made[0].Nested[0].Path != "cave" {
		t.Fatalf("%+v", made)
	}
	_ = sink.Connect(t.Context())
	if len(made) != 1 || closed != 0 {
		t.Errorf("made %d times, closed %d times though nothing changed", len(made), closed)
	}
	store["plant/mqtt/password"] = "new"
	_ = sink.Connect(t.Context())
	if len(made) != 2 || closed != 1 || made[1].Password.Reveal() != "new" {
		t.Errorf("made %d times, closed %d times after a change", len(made), closed)
	}
	if err := sink.Close(t.Context()); err != nil || closed != 2 {
		t.Error(err, closed)
	}
}

func TestSecretThatIsNotThere(t *testing.T) {
	var made []testConfig
	var closed int
	sink, err := secretiveSink(t, safe{"plant/user": "aladdin", "plant/token": "jwt", "plant/path": "cave"}.env(), &made, &closed).Open()
	if err != nil {
		t.Fatal(err)
	}
	if err := sink.Connect(t.Context()); err == nil || err.Error() != "secret plant/mqtt, key password: not there" {
		t.Error(err)
	}
	sink, _ = secretiveSink(t, Env{}, &made, &closed).Open()
	if err := sink.Connect(t.Context()); err == nil || !strings.HasPrefix(err.Error(), "secret plant/mqtt cannot be read: there is no secret store") {
		t.Error(err)
	}
	if err := errors.Join(sink.Close(t.Context()), sink.Close(t.Context())); err != nil || closed != 0 || len(made) > 0 {
		t.Error(err, closed, made)
	}
}

func TestBadReferences(t *testing.T) {
	for _, text := range []string{"secret://", "secret://name", "secret:///key", "secret://name/", "secret://name/{{.key}}"} {
		if _, err := decodeTest(t, map[string]any{"server": "s", "password": text}); err != `sink test: property "password": a secret is written secret://NAME/KEY` {
			t.Errorf("%s: %s", text, err)
		}
	}
	if _, err := decodeTest(t, map[string]any{"server": "s", "nested": []any{map[string]any{"path": "secret://x"}}}); err != `sink test: property "nested"[0].path: a secret is written secret://NAME/KEY` {
		t.Error(err)
	}
}

func FuzzReference(f *testing.F) {
	f.Add("secret://a/b")
	f.Add("secret://a//b/")
	f.Fuzz(func(t *testing.T, text string) {
		name, key, ok := reference(text)
		if ok && referencePrefix+name+"/"+key != text {
			t.Errorf("%q: %q %q", text, name, key)
		}
		if (checkReference(text) == nil) != (ok || !refersTo(text)) {
			t.Errorf("%q", text)
		}
	})
}

func TestDefaultsOfSinks(t *testing.T) {
	info, err := testRegistry().Sink("test")
	if err != nil {
		t.Fatal(err)
	}
	env := Env{SinkDefaults: map[string]any{"enableCache": true, "maxDiskCache": 7}}
	c, err := info.Decode(map[string]any{"server": "s", "MAXDISKCACHE": 9}, env)
	if err != nil || !c.Common.EnableCache || c.Common.MaxDiskCache != 9 {
		t.Errorf("%+v, %v", c, err)
	}
}

// A connection that is tried knows its secrets, and does not tell them.
func TestPingKnowsSecrets(t *testing.T) {
	r := NewRegistry()
	AddConnection(r, ConnectionSpec[testConfig]{Name: "test", Summary: "For tests.", Ping: func(_ context.Context, c testConfig, _ Env) error {
		return fmt.Errorf("%s is wrong", c.Password.Reveal())
	}})
	info, err := r.Connection("test")
	if err != nil {
		t.Fatal(err)
	}
	props := map[string]any{"server": "s", "password": "secret://plant/password"}
	if err := info.Ping(t.Context(), props, safe{"plant/password": "sesame"}.env()); err == nil || err.Error() != "<secret> is wrong" {
		t.Error(err)
	}
	if err := info.Ping(t.Context(), props, safe{}.env()); err == nil || err.Error() != "secret plant, key password: not there" {
		t.Error(err)
	}
}

// Templates come with each message, but for those that name secrets: actions
// with other secrets must not share a sink.
func TestSecretsInTemplatesMakeSinksDiffer(t *testing.T) {
	info, err := testRegistry().Sink("test")
	if err != nil {
		t.Fatal(err)
	}
	key := func(topic, header string) string {
		t.Helper()
		c, err := info.Decode(map[string]any{"server": "s", "topic": topic, "headers": map[string]any{"Authorization": header}}, Env{})
		if err != nil {
			t.Fatal(err)
		}
		return c.Key
	}
	if key("a", "x") != key("b", "y") {
		t.Error("templates make sinks differ")
	}
	if key("a", "secret://one/token") == key("a", "secret://two/token") || key("secret://one/topic", "x") == key("secret://two/topic", "x") {
		t.Error("actions with other secrets share a sink")
	}
	if key("a", "secret://one/token") != key("b", "secret://one/token") {
		t.Error("actions with the same secret do not share a sink")
	}
}

// listening is a source that tells of its reception.
type listening struct{ Source }

func (listening) Connect(context.Context) error { return nil }
func (listening) Reception() Reception          { return Reception{Topic: "plant", LastIgnored: "x"} }

func TestReceptionOfASourceWithSecrets(t *testing.T) {
	r := NewRegistry()
	AddSource(r, SourceSpec[testConfig]{Name: "test", Summary: "For tests.", New: func(testConfig, Env) (Source, error) { return listening{}, nil }})
	info, err := r.Source("test")
	if err != nil {
		t.Fatal(err)
	}
	c, err := info.Decode(map[string]any{"server": "s", "password": "secret://plant/password"}, safe{"plant/password": "sesame"}.env())
	if err != nil {
		t.Fatal(err)
	}
	s, err := c.Open()
	if err != nil {
		t.Fatal(err)
	}
	told := s.(Receiver)
	if got := told.Reception(); got.Topic != "" {
		t.Errorf("%+v before it is connected", got)
	}
	if err := s.Connect(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := told.Reception(); got.Topic != "plant" || got.LastIgnored != "x" {
		t.Errorf("%+v", got)
	}
}

// An old connection that cannot be closed is not in the way of new secrets.
func TestSecretsChangeThoughTheOldConnectionIsStuck(t *testing.T) {
	store := safe{"plant/password": "old"}
	var made []testConfig
	var closed int
	l := newLate(testConfig{Password: "secret://plant/password"}, store.env(), func(c testConfig, _ Env) (Sink, error) {
		made = append(made, c)
		return secretive{c, &closed, errors.New("it is stuck")}, nil
	})
	for _, password := range []string{"old", "new"} {
		store["plant/password"] = password
		_ = l.Connect(t.Context())
		if n := len(made); n == 0 || made[n-1].Password.Reveal() != password {
			t.Fatalf("%d were made, and none with %s", n, password)
		}
	}
	if closed != 1 {
		t.Errorf("closed %d times", closed)
	}
}
