package opcua

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/gopcua/opcua/ua"
)

// detailsAtOnce is how many nodes are read about in one go.
const detailsAtOnce = 500

// asked are the attributes that are read of each node. Some are of variables, and
// the last one is of methods.
var asked = []ua.AttributeID{ua.AttributeIDDataType, ua.AttributeIDValueRank, ua.AttributeIDUserAccessLevel, ua.AttributeIDAccessLevel, ua.AttributeIDDescription, ua.AttributeIDUserExecutable}

// details reads about nodes that were found, and makes of them what resources
// need.
func (w *walk) details(ctx context.Context) ([]Node, error) {
	all, taken := make([]Node, 0, len(w.found)), names{}
	for part := range slices.Chunk(w.found, detailsAtOnce) {
		attributes, err := w.attributes(ctx, part)
		if err != nil {
			return nil, err
		}
		properties, err := w.properties(ctx, part)
		if err != nil {
			return nil, err
		}
		kinds, err := w.kinds(ctx, part, attributes)
		if err != nil {
			return nil, err
		}
		for i, v := range part {
			n, err := w.node(ctx, v, kinds[i], properties[i])
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			if err != nil {
				w.state.complain(fmt.Errorf("%s: %w", v.text(), err))
				continue
			}
			n.Name = taken.of(v.path)
			all = append(all, n)
		}
		w.state.described(len(all))
	}
	return all, nil
}

// attributes reads those that are asked of each node. Methods have few.
func (w *walk) attributes(ctx context.Context, part []*visit) ([]*ua.DataValue, error) {
	questions := make([]*ua.ReadValueID, 0, len(part)*len(asked))
	for _, v := range part {
		for _, a := range asked {
			questions = append(questions, &ua.ReadValueID{NodeID: v.node, AttributeID: a})
		}
	}
	return w.s.read(ctx, questions)
}

// properties reads the values of the properties that tell something.
func (w *walk) properties(ctx context.Context, part []*visit) ([]map[string]any, error) {
	var questions []*ua.ReadValueID
	for _, v := range part {
		for _, name := range telling {
			if node := v.properties[name]; node != nil {
				questions = append(questions, &ua.ReadValueID{NodeID: node, AttributeID: ua.AttributeIDValue})
			}
		}
	}
	values, err := w.s.read(ctx, questions)
	if err != nil {
		return nil, err
	}
	all := make([]map[string]any, len(part))
	for i, v := range part {
		all[i] = map[string]any{}
		for _, name := range telling {
			if v.properties[name] != nil {
				all[i][name], values = content(values[0]), values[1:]
			}
		}
	}
	return all, nil
}

// kind is what a variable holds, and what may be done with it.
type kind struct {
	description string
	readWrite   string
	dataType    *dataType
	rank        int32
	value       *ua.Variant // where the attributes alone do not tell
	err         error       // why it cannot be a resource
}

// kinds finds out what variables hold.
func (w *walk) kinds(ctx context.Context, part []*visit, attributes []*ua.DataValue) ([]kind, error) {
	kinds := make([]kind, len(part))
	var questions []*ua.ReadValueID
	var places []int
	for i, v := range part {
		k := w.kind(ctx, v, attributes[i*len(asked):(i+1)*len(asked)])
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if kinds[i] = k; k.dataType != nil && needsValue(k.dataType, k.rank) {
			questions, places = append(questions, &ua.ReadValueID{NodeID: v.node, AttributeID: ua.AttributeIDValue}), append(places, i)
		}
	}
	values, err := w.s.read(ctx, questions)
	for i, value := range values {
		kinds[places[i]].value = value.Value
	}
	return kinds, err
}

// kind takes the attributes that were asked of a node.
func (w *walk) kind(ctx context.Context, v *visit, attributes []*ua.DataValue) (k kind) {
	if text, ok := content(attributes[4]).(*ua.LocalizedText); ok {
		k.description = text.Text
	}
	if v.class == ua.NodeClassMethod {
		if allowed, told := content(attributes[5]).(bool); told && !allowed {
			k.err = errors.New("the user may not call it")
		}
		return k
	}
	level, ok := content(attributes[2]).(byte)
	if !ok {
		level, _ = content(attributes[3]).(byte)
	}
	if k.readWrite = readWrite(level); k.readWrite == "" {
		k.err = errors.New("the user may neither read nor write it")
		return k
	}
	node, ok := content(attributes[0]).(*ua.NodeID)
	if !ok {
		k.err = fmt.Errorf("data type: %w", statusError{attributes[0].Status})
		return k
	}
	k.dataType, k.err = w.s.dataType(ctx, node)
	if k.rank, ok = content(attributes[1]).(int32); !ok {
		k.rank = -2
	}
	return k
}

// node makes of what is known about a node what a resource needs.
func (w *walk) node(ctx context.Context, v *visit, k kind, properties map[string]any) (Node, error) {
	n := Node{Path: v.text(), Kind: "variable", NodeID: nodeText(v.node, w.s.namespaces), Description: k.description, ReadWrite: k.readWrite}
	switch {
	case k.err != nil:
		return n, k.err
	case v.class == ua.NodeClassMethod:
		return n, w.method(ctx, &n, v, properties)
	}
	n.Type, n.DataType, n.Values = resourceType(k.dataType, k.rank, k.value), k.dataType.name, valueNames(k.dataType)
	n.scale(properties)
	return n, nil
}

// valueNames are those of an enumeration. A set of options has names of bits.
func valueNames(t *dataType) map[string]string {
	if len(t.names) == 0 || t.builtIn != ua.TypeIDInt32 {
		return nil
	}
	values := make(map[string]string, len(t.names))
	for number, name := range t.names {
		values[strconv.FormatInt(number, 10)] = name
	}
	return values
}

// scale takes units, and the range of what can be set.
func (n *Node) scale(properties map[string]any) {
	if o, ok := properties["EngineeringUnits"].(*ua.ExtensionObject); ok {
		if units, ok := o.Value.(*ua.EUInformation); ok && units.DisplayName != nil {
			n.Units = units.DisplayName.Text
		}
	}
	o, ok := properties["EURange"].(*ua.ExtensionObject)
	if !ok || n.ReadWrite == "R" || !isNumeric(n.Type) {
		return
	}
	if span, ok := o.Value.(*ua.Range); ok && span.Low < span.High {
		n.Minimum, n.Maximum = &span.Low, &span.High
	}
}

func (w *walk) method(ctx context.Context, n *Node, v *visit, properties map[string]any) (err error) {
	n.Kind, n.ReadWrite = "method", "W"
	n.ObjectID = nodeText(v.parent, w.s.namespaces)
	if n.Inputs, err = w.arguments(ctx, properties["InputArguments"]); err != nil {
		return err
	}
	n.Outputs, err = w.arguments(ctx, properties["OutputArguments"])
	n.Type = methodType(n.Inputs)
	return err
}

func (w *walk) arguments(ctx context.Context, v any) ([]NodeArgument, error) {
	objects, _ := v.([]*ua.ExtensionObject)
	var list []NodeArgument
	for _, o := range objects {
		a, ok := o.Value.(*ua.Argument)
		if !ok || a.DataType == nil {
			continue
		}
		t, err := w.s.dataType(ctx, a.DataType)
		if err != nil {
			return nil, fmt.Errorf("argument %q: %w", a.Name, err)
		}
		argument := NodeArgument{Name: a.Name, Type: resourceType(t, a.ValueRank, nil), DataType: t.name}
		if a.Description != nil {
			argument.Description = a.Description.Text
		}
		list = append(list, argument)
	}
	return list, nil
}
