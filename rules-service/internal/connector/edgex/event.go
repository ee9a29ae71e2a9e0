package edgex

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos"
	"github.com/google/uuid"

	"sluice/sqlengine/value"
)

// names are those of an event that has none in its metadata.
type names struct{ device, profile, source string }

// maker makes events of results.
type maker struct {
	column string // with the metadata; "": none
	now    func() int64
}

// event makes one event of all rows: their columns are its readings. It also
// returns the correlation id. unfit has the columns that could not be written.
func (k *maker) event(rows []*value.Fields, otherwise names) (e dtos.Event, correlation string, unfit error) {
	known := make([]metadata, len(rows))
	var first metadata
	for i, row := range rows {
		if known[i] = metadataOf(row, k.column); first.fields == nil {
			first = known[i]
		}
	}
	e = dtos.NewEvent(cmp.Or(first.text("profileName"), otherwise.profile), cmp.Or(first.text("deviceName"), otherwise.device),
		cmp.Or(first.text("sourceName"), otherwise.source))
	e.Origin = cmp.Or(first.origin(), k.now())
	e.Id = cmp.Or(shared(known, "id"), e.Id)
	e.Tags = first.tags()
	for i, row := range rows {
		m := known[i]
		if m.fields == nil {
			m = first
		}
		unfit = errors.Join(unfit, k.readings(&e, row, m))
	}
	return e, cmp.Or(shared(known, "correlationid"), uuid.NewString()), unfit
}

// shared is the id that all rows have; an event of several has none of theirs.
func shared(known []metadata, key string) string {
	var id string
	for _, m := range known {
		switch v := m.text(key); {
		case v == "":
		case id == "":
			id = v
		case v != id:
			return ""
		}
	}
	return id
}

func (k *maker) readings(e *dtos.Event, row *value.Fields, m metadata) (unfit error) {
	for i, name := range row.Names {
		if name == k.column || row.Values[i].IsNull() {
			continue
		}
		r, err := readingOf(e, name, row.Values[i], m.reading(name))
		if err != nil {
			unfit = errors.Join(unfit, fmt.Errorf("column %q: %w", name, err))
			continue
		}
		e.Readings = append(e.Readings, r)
	}
	return unfit
}
