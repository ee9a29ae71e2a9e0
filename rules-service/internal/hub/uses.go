package hub

import (
	"slices"
	"strings"

	"sluice/rules-service/internal/connector"
	"sluice/sqlengine"
)

// Use is an open stream on a named connection.
type Use struct {
	Connection string // its name
	State      Connection
}

// Uses are the streams that are open on named connections.
func (h *Hub) Uses() []Use {
	h.mu.Lock()
	defer h.mu.Unlock()
	var uses []Use
	for _, st := range h.streams {
		if st.connection != "" {
			uses = append(uses, Use{st.connection, st.source.connection()})
		}
	}
	return uses
}

// Selects names the connection that a stream or table would be on; "": none, or
// the definition is not right.
func (h *Hub) Selects(def *sqlengine.Stream) string {
	typ := strings.ToLower(def.Options.Type)
	var fields []connector.Field
	if info, err := h.reg.Source(typ); err == nil {
		fields = info.Fields
	}
	if info, err := h.reg.Lookup(typ); err == nil {
		fields = slices.Concat(fields, info.Fields)
	}
	_, connection, err := h.resolve(def, fields)
	if err != nil {
		return ""
	}
	return connection
}
