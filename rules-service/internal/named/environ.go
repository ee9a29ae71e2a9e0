package named

import (
	"fmt"
	"slices"
	"strings"

	"sluice/rules-service/internal/connector"
)

// separator stands between the levels of a variable's name.
const separator = "__"

// prefixes of variables: the names of the files in capitals.
const (
	connectionPrefix = "CONNECTION"
	mqttPrefix       = "MQTT_SOURCE"
)

// readEnvironment lays variables such as EDGEX__DEFAULT__TOPIC,
// MQTT_SOURCE__K1__SERVER and CONNECTION__MQTT__C1__SERVER over the files.
func (b *Book) readEnvironment(environ []string) error {
	for _, variable := range slices.Sorted(slices.Values(environ)) {
		name, text, _ := strings.Cut(variable, "=") // the text may have more of them
		kind, typ, path := b.locate(name)
		if kind == "" || text == "" {
			continue
		}
		if err := b.assign(kind, typ, path, text); err != nil {
			return fmt.Errorf("environment variable %s: %w", name, err)
		}
	}
	return nil
}

// locate splits the name of a variable; kind is empty when it is not for us.
func (b *Book) locate(name string) (kind Kind, typ string, path []string) {
	levels := strings.Split(name, separator)
	switch {
	case len(levels) < 2:
		return "", "", nil
	case levels[0] == connectionPrefix:
		return Connections, b.proper(Connections, strings.ToLower(levels[1])), levels[2:]
	case levels[0] == mqttPrefix:
		return Sources, "mqtt", levels[1:]
	}
	for _, typ := range b.sourceTypes() {
		if typ != "mqtt" && strings.EqualFold(typ, levels[0]) && levels[0] == strings.ToUpper(levels[0]) {
			return Sources, typ, levels[1:]
		}
	}
	return "", "", nil
}

// sourceTypes are the types that are known or have a file.
func (b *Book) sourceTypes() []string {
	types := b.types(Sources)
	for _, id := range idsOf(b.given, Sources) {
		types = append(types, id.Type)
	}
	return types
}

// assign sets a property, or an entry of one that is an object.
func (b *Book) assign(kind Kind, typ string, path []string, text string) error {
	if len(path) < 2 || slices.Contains(path, "") {
		return fmt.Errorf("it must name a key and a property, such as %s", example(kind, typ))
	}
	id := ID{kind, typ, strings.ToLower(path[0])}
	if b.given[id] == nil {
		b.given[id] = map[string]any{}
	}
	props, steps := b.given[id], path[1:]
	fields := b.fields(id)
	for len(steps) > 1 {
		name := spelling(props, fields, steps[0])
		switch inner := props[name].(type) {
		case nil:
			next := map[string]any{}
			props[name], props = next, next
		case map[string]any:
			props = inner
		default:
			return fmt.Errorf("property %q is no object; leave out what stands behind %s", name, steps[0])
		}
		steps, fields = steps[1:], nil
	}
	name := spelling(props, fields, steps[0])
	if _, ok := props[name].(map[string]any); ok {
		return fmt.Errorf("property %q is an object; name one of its entries", name)
	}
	props[name] = parseText(text)
	return nil
}

func example(kind Kind, typ string) string {
	switch {
	case kind == Connections:
		return "CONNECTION__MQTT__C1__SERVER"
	case typ == "mqtt":
		return "MQTT_SOURCE__DEFAULT__SERVER"
	}
	return strings.ToUpper(typ) + "__DEFAULT__…"
}

// spelling is the name of a property as it stands there already, or as it is
// declared; any other is in lower case.
func spelling(props map[string]any, fields []connector.Field, level string) string {
	for known := range props {
		if strings.EqualFold(known, level) {
			return known
		}
	}
	for _, f := range fields {
		if strings.EqualFold(f.Name, level) {
			return f.Name
		}
	}
	return strings.ToLower(level)
}

// parseText reads a list such as [a,b]. Any other text stays one: what it
// means is said by the type of the property.
func parseText(text string) any {
	inner, ok := strings.CutPrefix(text, "[")
	if !ok || !strings.HasSuffix(inner, "]") {
		return text
	}
	list := []any{}
	for _, e := range strings.Split(strings.TrimSuffix(inner, "]"), ",") {
		if e = strings.TrimSpace(e); e != "" {
			list = append(list, e)
		}
	}
	return list
}
