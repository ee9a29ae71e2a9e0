package api

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"sluice/rules-service/internal/named"
	"sluice/rules-service/internal/rule"
)

func (a *API) routeConnections(mux *routes) {
	for pattern, h := range map[string]handler{
		"GET /connections":         a.listConnections,
		"POST /connections":        a.createConnection,
		"GET /connections/{id}":    a.getConnection,
		"PUT /connections/{id}":    a.putConnection,
		"DELETE /connections/{id}": a.deleteConnection,
	} {
		mux.Handle(pattern, handle(codeUndefined, h))
	}
}

// connection is a named connection as the API shows it.
type connection struct {
	ID       string         `json:"id"`
	Type     string         `json:"typ"`
	Props    map[string]any `json:"props"`
	Named    bool           `json:"isNamed"`
	Status   string         `json:"status"`
	Error    string         `json:"err"`
	RefCount int            `json:"refCount"`
}

// The states of a connection.
const (
	connecting   = "connecting"
	connected    = "connected"
	disconnected = "disconnected"
)

func (a *API) listConnections(w http.ResponseWriter, r *http.Request) error {
	list, err := a.connections(r, a.Named.IDs(named.Connections))
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, list)
	return nil
}

func (a *API) getConnection(w http.ResponseWriter, r *http.Request) error {
	id, err := a.Named.FindConnection(r.PathValue("id"))
	if err != nil {
		return err
	}
	list, err := a.connections(r, []named.ID{id})
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, list[0])
	return nil
}

// connections shows connections with their state: that of what is open on
// them, or what an attempt to connect finds out.
func (a *API) connections(r *http.Request, ids []named.ID) ([]connection, error) {
	links := a.Rules.Links()
	list := make([]connection, len(ids))
	var idle []int
	for i, id := range ids {
		props, err := a.Named.Masked(id)
		if err != nil {
			return nil, err
		}
		list[i] = connection{ID: id.Name, Type: id.Type, Props: props, Named: true, Status: disconnected}
		link, open := find(links, id.Name)
		if !open {
			idle = append(idle, i)
			continue
		}
		list[i].RefCount, list[i].Error = link.Users, link.Error
		switch {
		case link.Connected == link.Users:
			list[i].Status = connected
		case link.Error == "":
			list[i].Status = connecting
		}
	}
	a.pings.ask(r.Context(), a, list, idle)
	return list, nil
}

// find takes a name in the case in which a stream or rule has written it.
func find(links map[string]rule.Link, name string) (rule.Link, bool) {
	var sum rule.Link
	found := false
	for written, l := range links {
		if !strings.EqualFold(written, name) {
			continue
		}
		found = true
		sum.Users, sum.Connected = sum.Users+l.Users, sum.Connected+l.Connected
		if l.Error != "" {
			sum.Error = l.Error
		}
	}
	return sum, found
}

// connectionBody is what a connection is made of.
type connectionBody struct {
	ID    string         `json:"id"`
	Type  string         `json:"typ"`
	Props map[string]any `json:"props"`
}

func (a *API) createConnection(w http.ResponseWriter, r *http.Request) error {
	var in connectionBody
	if err := decode(r, &in, `{"id": "c1", "typ": "mqtt", "props": {"server": "tcp://127.0.0.1:1883"}}`); err != nil {
		return err
	}
	if err := checkPlainName(in.ID); err != nil {
		return err
	}
	a.sets.Lock()
	defer a.sets.Unlock()
	if _, err := a.Named.FindConnection(in.ID); err == nil {
		return fmt.Errorf("connection %s already exists; change it with PUT /connections/%s", in.ID, in.ID)
	}
	if err := a.Named.Put(named.ID{Kind: named.Connections, Type: in.Type, Name: in.ID}, in.Props); err != nil {
		return err
	}
	writeText(w, http.StatusCreated, "success")
	return nil
}

func (a *API) putConnection(w http.ResponseWriter, r *http.Request) error {
	var in connectionBody
	if err := decode(r, &in, `{"typ": "mqtt", "props": {"server": "tcp://127.0.0.1:1883"}}`); err != nil {
		return err
	}
	name := r.PathValue("id")
	if in.ID != "" && in.ID != name {
		return fmt.Errorf("id %q in the body is not the id %q in the path", in.ID, name)
	}
	old, err := a.Named.FindConnection(name)
	if err != nil {
		err = checkPlainName(name)
	} else if in.Type == "" {
		in.Type = old.Type
	}
	if err != nil {
		return err
	}
	if err := a.putSet(named.ID{Kind: named.Connections, Type: in.Type, Name: name}, in.Props); err != nil {
		return err
	}
	writeText(w, http.StatusOK, "success")
	return nil
}

// deleteConnection succeeds for an unknown one too.
func (a *API) deleteConnection(w http.ResponseWriter, r *http.Request) error {
	id, err := a.Named.FindConnection(r.PathValue("id"))
	if err == nil {
		err = a.deleteSet(id)
	}
	var absent *named.NotFound
	if err != nil && !errors.As(err, &absent) {
		return err
	}
	writeText(w, http.StatusOK, "success")
	return nil
}

// referenceOf is how definitions name a set.
func referenceOf(id named.ID) rule.Reference {
	switch id.Kind {
	case named.Sources:
		return rule.Reference{Source: id.Type, Name: id.Name}
	case named.Sinks:
		return rule.Reference{Sink: id.Type, Name: id.Name}
	}
	return rule.Reference{Name: id.Name}
}

// putSet stores a set of properties; the running rules that use it go over to
// it, or nothing changes.
func (a *API) putSet(id named.ID, props map[string]any) error {
	a.sets.Lock()
	defer a.sets.Unlock()
	before, restore := a.Named.Snapshot(id)
	full, err := a.Named.Complete(id, props)
	if err != nil {
		return err
	}
	change := func() error { return a.Named.Put(id, full) }
	if named.Equal(before, full) {
		return change()
	}
	return a.Rules.Reconfigure(referenceOf(id), change, restore)
}

// deleteSet removes a set that nobody uses. The default key of a source may go
// at any time: without it its properties are not set.
func (a *API) deleteSet(id named.ID) error {
	a.sets.Lock()
	defer a.sets.Unlock()
	if isDefault := id.Kind == named.Sources && strings.EqualFold(id.Name, named.DefaultKey); !isDefault {
		if users := a.usersOf(id); len(users) > 0 {
			return fmt.Errorf("%s is used by %s; change them first", id, strings.Join(users, ", "))
		}
	}
	_, restore := a.Named.Snapshot(id)
	return a.Rules.Reconfigure(referenceOf(id), func() error { return a.Named.Delete(id) }, restore)
}

func (a *API) usersOf(id named.ID) []string {
	users := a.Rules.UsersOf(referenceOf(id))
	if id.Kind == named.Connections {
		users = append(users, a.Named.Selecting(id.Name)...)
	}
	return users
}
