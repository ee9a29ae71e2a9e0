package connectortest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sluice/rules-service/internal/connector"
	"sluice/sqlengine/value"
)

// Lookup is what the suite needs to know about a lookup table and its server.
// The table must have the columns id, the key, name and site.
type Lookup struct {
	// New makes a lookup.
	New func(t *testing.T) connector.Lookup
	// Key is a column that every question must name; "": any column will do.
	Key string
	// Fill puts rows into the table once it is connected; nil: they are in it.
	Fill func(t *testing.T, rows []*value.Fields)
	// Break makes the server go away, Mend brings it back; both nil for tables
	// without a server.
	Break, Mend func(t *testing.T)
}

// LookupRows are what the suite wants in the table.
func LookupRows() []*value.Fields {
	row := func(id float64, name, site string) *value.Fields {
		return value.FieldsOf([]string{"id", "name", "site"}, []value.Value{value.OfFloat(id), value.OfString(name), value.OfString(site)})
	}
	return []*value.Fields{row(1, "pump", "north"), row(2, "fan", "north"), row(3, "pump", "south")}
}

// Run runs the suite.
func (h *Lookup) Run(t *testing.T) {
	t.Run("finds", h.finds)
	t.Run("many at once", h.many)
	t.Run("cancel", h.cancel)
	t.Run("close twice", h.closeTwice)
	t.Run("lose connection", h.lose)
}

func (h *Lookup) open(t *testing.T) connector.Lookup {
	t.Helper()
	l := h.New(t)
	eventually(t, func() error {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		return l.Connect(ctx)
	})
	t.Cleanup(func() { _ = l.Close(context.Background()) })
	if h.Fill != nil {
		h.Fill(t, LookupRows())
	}
	return l
}

// ids are the keys of the rows that are found, in order.
func ids(ctx context.Context, l connector.Lookup, columns string, values ...value.Value) (string, error) {
	rows, err := l.Find(ctx, strings.Fields(columns), values)
	var list []string
	for _, r := range rows {
		text, err := r.Get("id").AppendJSON(nil)
		if err != nil {
			return "", err
		}
		list = append(list, string(text))
	}
	slices.Sort(list)
	return strings.Join(list, " "), err
}

func (h *Lookup) finds(t *testing.T) {
	l := h.open(t)
	text := value.OfString
	for _, c := range []struct {
		columns string
		values  []value.Value
		want    string
	}{
		{"id", []value.Value{value.OfInt(2)}, "2"},
		{"id", []value.Value{value.OfFloat(3)}, "3"},
		{"id", []value.Value{value.OfInt(9)}, ""},
		{"name", []value.Value{text("pump")}, "1 3"},
		{"name site", []value.Value{text("pump"), text("south")}, "3"},
		{"site id", []value.Value{text("north"), value.OfInt(1)}, "1"},
		{"site id", []value.Value{text("south"), value.OfInt(1)}, ""},
		{"name", []value.Value{text("' OR '1'='1")}, ""},
	} {
		got, err := ids(t.Context(), l, c.columns, c.values...)
		if h.Key != "" && !slices.Contains(strings.Fields(c.columns), h.Key) {
			if err == nil {
				t.Errorf("%s = %v is answered with %q", c.columns, c.values, got)
			}
			continue
		}
		if err != nil || got != c.want {
			t.Errorf("%s = %v: %q, %v; want %q", c.columns, c.values, got, err, c.want)
		}
	}
}

func (h *Lookup) many(t *testing.T) {
	l := h.open(t)
	var work sync.WaitGroup
	for w := range 8 {
		work.Go(func() {
			for i := range 50 {
				id := (w+i)%3 + 1
				if got, err := ids(t.Context(), l, "id", value.OfInt(int64(id))); err != nil || got != fmt.Sprint(id) {
					t.Errorf("row %d: %q, %v", id, got, err)
					return
				}
			}
		})
	}
	work.Wait()
}

func (h *Lookup) cancel(t *testing.T) {
	l := h.open(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	done := make(chan error, 1)
	go func() {
		_, err := l.Find(ctx, []string{"id"}, []value.Value{value.OfInt(1)})
		done <- err
	}()
	select {
	case err := <-done: // it may have been answered before that was noticed
		if err != nil && !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
	case <-time.After(patience):
		t.Fatal("Find does not end with its context")
	}
}

func (h *Lookup) closeTwice(t *testing.T) {
	l := h.open(t)
	for range 2 {
		if err := l.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if err := h.New(t).Close(t.Context()); err != nil {
		t.Fatal("close without connect:", err)
	}
}

func (h *Lookup) lose(t *testing.T) {
	if h.Break == nil {
		t.Skip("there is no connection to lose")
	}
	l := h.open(t)
	h.Break(t)
	eventually(t, func() error {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		if _, err := ids(ctx, l, "id", value.OfInt(1)); !errors.Is(err, connector.ErrNotConnected) {
			return fmt.Errorf("without a server Find returns %w", err)
		}
		return nil
	})
	h.Mend(t)
	eventually(t, func() error {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		if err := l.Connect(ctx); err != nil {
			return err
		}
		got, err := ids(ctx, l, "id", value.OfInt(1))
		if err == nil && got != "1" {
			err = fmt.Errorf("found %q", got)
		}
		return err
	})
}
