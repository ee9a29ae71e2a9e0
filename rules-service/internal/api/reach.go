package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/named"
)

// testConnection connects with the given properties, and closes the connection
// again. With ?key=k1, masked secrets are those of that key.
func (a *API) testConnection(w http.ResponseWriter, r *http.Request) error {
	var props map[string]any
	if err := decode(r, &props, `{"server": "tcp://127.0.0.1:1883"}`); err != nil {
		return err
	}
	kind, typ := r.PathValue("kind"), r.PathValue("type")
	if key := r.URL.Query().Get("key"); key != "" {
		of := named.Kind(kind)
		if kind == "lookups" {
			of = named.Sources
		}
		var err error
		if props, err = a.Named.Complete(named.ID{Kind: of, Type: typ, Name: key}, props); err != nil {
			return err
		}
	}
	ping, err := a.pinger(kind, typ, props)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(r.Context(), pingTimeout)
	defer cancel()
	if err := a.pings.wait(ctx); err != nil {
		return &located{http.StatusServiceUnavailable, codeConnection, errors.New("too many connections are being tested; try again")}
	}
	defer a.pings.done()
	if err := ping(ctx); err != nil {
		if ctx.Err() != nil {
			err = fmt.Errorf("no connection within %s: %w", pingTimeout, err)
		}
		return &located{http.StatusBadRequest, codeConnection, err}
	}
	w.WriteHeader(http.StatusOK)
	return nil
}

// pinger finds out how to reach what the properties name.
func (a *API) pinger(kind, typ string, props map[string]any) (func(context.Context) error, error) {
	switch kind {
	case "sources":
		return a.sourcePinger(typ, props)
	case "sinks":
		return a.sinkPinger(typ, props)
	case "lookups":
		return a.lookupPinger(typ, props)
	case "connections":
		info, err := a.Registry.Connection(typ)
		if err != nil {
			return nil, err
		}
		return func(ctx context.Context) error { return info.Ping(ctx, props, a.Env) }, info.Check(props)
	}
	return nil, &located{http.StatusNotFound, codeNotFound, fmt.Errorf("/metadata/%s/connection is unknown; there are sources, sinks, lookups and connections", kind)}
}

// shared pings the connection that sources and sinks of a type are on, by those
// of their properties that are its own.
func (a *API) shared(info *connector.ConnectionInfo, props map[string]any) (func(context.Context) error, error) {
	own := map[string]any{}
	for _, f := range info.Fields {
		if v, ok := props[f.Name]; ok {
			own[f.Name] = v
		}
	}
	return func(ctx context.Context) error { return info.Ping(ctx, own, a.Env) }, info.Check(own)
}

func (a *API) sourcePinger(typ string, own map[string]any) (func(context.Context) error, error) {
	info, err := a.Registry.Source(typ)
	if err != nil {
		return nil, err
	}
	props, _, err := connector.Layers{Type: typ, Fields: append(info.Fields[:len(info.Fields):len(info.Fields)], connector.SourceFields()...), Own: own}.Resolve(a.Named)
	if err != nil {
		return nil, err
	}
	if c, err := a.Registry.Connection(typ); err == nil {
		return a.shared(c, props)
	}
	conf, err := info.Decode(props, a.Env)
	if err != nil {
		return nil, err
	}
	s, err := conf.Open()
	return pingOf(s, "source "+typ, err)
}

func (a *API) sinkPinger(typ string, own map[string]any) (func(context.Context) error, error) {
	info, err := a.Registry.Sink(typ)
	if err != nil {
		return nil, err
	}
	if c, err := a.Registry.Connection(typ); err == nil {
		props, _, err := connector.Layers{Type: typ, Fields: info.Fields, Own: own}.Resolve(a.Named)
		if err != nil {
			return nil, err
		}
		return a.shared(c, props)
	}
	conf, err := info.Decode(own, a.Env)
	if err != nil {
		return nil, err
	}
	s, err := conf.Open()
	return pingOf(s, "sink "+typ, err)
}

// pingOf is how to reach what was opened, unless that has failed.
func pingOf(opened any, what string, err error) (func(context.Context) error, error) {
	if err != nil {
		return nil, err
	}
	if p, ok := opened.(connector.Pinger); ok {
		return p.Ping, nil
	}
	return nil, fmt.Errorf("%s %w", what, errNoPing)
}

func (a *API) lookupPinger(typ string, props map[string]any) (func(context.Context) error, error) {
	info, err := a.Registry.Lookup(typ)
	if err != nil {
		return nil, err
	}
	conf, err := info.Decode(props, a.Env)
	if err != nil {
		return nil, err
	}
	l, err := conf.Open()
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) error {
		err := l.Connect(ctx)
		return errors.Join(err, l.Close(ctx))
	}, nil
}
