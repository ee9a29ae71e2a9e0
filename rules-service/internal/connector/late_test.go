package connector

import (
	"context"
	"testing"
)

// quietly is a source that tells when there is something to read.
type quietly struct{ *Inbox[string] }

func (q quietly) Connect(context.Context) error { return nil }
func (q quietly) Close(context.Context) error   { return nil }
func (q quietly) Read(ctx context.Context) ([]Inbound, func(error), error) {
	texts, err := q.Take(ctx)
	var msgs []Inbound
	for _, s := range texts {
		msgs = append(msgs, Inbound{Payload: []byte(s)})
	}
	return msgs, nil, err
}

// A source that names secrets is read like others of its connection, also when
// it was made anew for a secret that has changed.
func TestSourceWithSecretsNotifies(t *testing.T) {
	store := safe{"plant/password": "sesame"}
	var made []quietly
	r := NewRegistry()
	AddSource(r, SourceSpec[testConfig]{
		Name: "test", Summary: "For tests.", Group: func(c testConfig) string { return c.Server },
		New: func(testConfig, Env) (Source, error) {
			made = append(made, quietly{NewInbox[string]()})
			return made[len(made)-1], nil
		},
	})
	info, err := r.Source("test")
	if err != nil {
		t.Fatal(err)
	}
	c, err := info.Decode(map[string]any{"server": "tcp://host", "password": "secret://plant/password"}, store.env())
	if err != nil {
		t.Fatal(err)
	}
	src, err := c.Open()
	if err != nil {
		t.Fatal(err)
	}
	n, ok := src.(Notifier)
	if !ok {
		t.Fatal("it would be read by a goroutine of its own")
	}
	told := 0
	n.Notify(func() { told++ })
	for i, password := range []string{"sesame", "aladdin"} {
		store["plant/password"] = password
		if err := src.Connect(t.Context()); err != nil {
			t.Fatal(err)
		}
		if len(made) != i+1 {
			t.Fatalf("%d made", len(made))
		}
		made[i].Put("x", 1)
		if told != i+1 {
			t.Errorf("told %d times", told)
		}
		if msgs, _, err := src.Read(t.Context()); err != nil || len(msgs) != 1 {
			t.Error(msgs, err)
		}
	}
}
