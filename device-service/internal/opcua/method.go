package opcua

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/gopcua/opcua/ua"

	"sluice/device-service/internal/driver"
	"sluice/sqlengine/diag"
)

const (
	methodIDAttribute = "methodId"
	objectIDAttribute = "objectId"
	inputMapAttribute = "inputMap"
)

// methodAttributes describe a method call, as profiles of device-opc-ua have
// them.
var methodAttributes = []string{methodIDAttribute, objectIDAttribute, inputMapAttribute}

// methodRef names a method of an object, with what it is given when the
// resource is read.
type methodRef struct {
	object, method nodeRef
	inputs         []string
}

// isMethod tells whether a resource is a method rather than a variable.
func isMethod(r driver.Resource) bool {
	_, method := r.Attributes[methodIDAttribute]
	_, object := r.Attributes[objectIDAttribute]
	return method || object
}

// methodOf reads the attributes of a method.
func methodOf(r driver.Resource) (methodRef, error) {
	var m methodRef
	var findings []error
	report := func(attribute string, err error) {
		findings = append(findings, &driver.AttributeError{Resource: r.Name, Attribute: attribute, Err: err})
	}
	for attribute, to := range map[string]*nodeRef{methodIDAttribute: &m.method, objectIDAttribute: &m.object} {
		text, ok := r.Attributes[attribute].(string)
		if !ok {
			report(attribute, fmt.Errorf("missing; %s", nodeIDForm))
			continue
		}
		var err error
		if *to, err = parseNodeID(text); err != nil {
			report(attribute, err)
		}
	}
	var err error
	if m.inputs, err = inputs(r.Attributes[inputMapAttribute]); err != nil {
		report(inputMapAttribute, err)
	}
	return m, errors.Join(findings...)
}

// inputs are texts in the order of the method's arguments.
func inputs(v any) ([]string, error) {
	list := reflect.ValueOf(v)
	switch {
	case v == nil:
		return nil, nil
	case list.Kind() != reflect.Slice:
		return nil, fmt.Errorf("%v is not a list of the method's arguments", v)
	}
	out := make([]string, list.Len())
	for i := range out {
		out[i] = strings.TrimSpace(fmt.Sprint(list.Index(i).Interface()))
	}
	return out, nil
}

// callRead calls the method of a resource that is read; the value is its first
// output argument.
func (s *session) callRead(ctx context.Context, r driver.Resource) (any, error) {
	m, err := methodOf(r)
	if err != nil {
		return nil, err
	}
	given := make([]any, len(m.inputs))
	for i, text := range m.inputs {
		given[i] = text
	}
	method, err := m.method.resolve(s.namespaces)
	if err != nil {
		return nil, err
	}
	if err := s.learnOutputs(ctx, r, method); err != nil {
		return nil, err
	}
	outputs, err := s.call(ctx, m, func([]*ua.Argument) ([]any, error) { return given, nil })
	if err != nil {
		return nil, err
	}
	if len(outputs) == 0 {
		return nil, errors.New("the method gives no value; set it instead of reading it")
	}
	s.unfoldVariant(ctx, outputs[0])
	return decode(outputs[0], r.Type)
}

// callWrite calls the method of a resource that is set, with the value as its
// argument: a list or an object for several.
func (s *session) callWrite(ctx context.Context, w driver.Write) error {
	m, err := methodOf(w.Resource)
	if err != nil {
		return err
	}
	value := w.Value
	if w.Resource.Type == "Object" {
		if value, err = fromJSON(value); err != nil {
			return err
		}
	}
	_, err = s.call(ctx, m, func(wanted []*ua.Argument) ([]any, error) { return spread(value, wanted) })
	return err
}

// spread parts a value into the arguments that a method wants. A method without
// any is just called.
func spread(v any, wanted []*ua.Argument) ([]any, error) {
	if len(wanted) == 0 {
		return nil, nil
	}
	if fields, ok := v.(map[string]any); ok {
		return byNames(fields, wanted)
	}
	list := reflect.ValueOf(v)
	if len(wanted) == 1 && wanted[0].ValueRank < 0 || list.Kind() != reflect.Slice || len(wanted) == 1 && list.Len() != 1 {
		return []any{v}, nil
	}
	out := make([]any, list.Len())
	for i := range out {
		out[i] = list.Index(i).Interface()
	}
	return out, nil
}

func byNames(fields map[string]any, wanted []*ua.Argument) ([]any, error) {
	out, known := make([]any, len(wanted)), make([]string, len(wanted))
	for i, a := range wanted {
		known[i] = a.Name
		v, ok := fields[a.Name]
		if !ok {
			return nil, fmt.Errorf("argument %q is missing", a.Name)
		}
		out[i] = v
	}
	for name := range fields {
		if !slices.Contains(known, name) {
			return nil, fmt.Errorf("the method has no argument %q%s", name, hintOf(name, known))
		}
	}
	return out, nil
}

func hintOf(name string, known []string) string {
	if near := diag.Nearest(name, known); near != "" {
		return fmt.Sprintf("; did you mean %q?", near)
	}
	return "; it has " + strings.Join(known, ", ")
}

// call calls a method with what values makes of its declared arguments.
func (s *session) call(ctx context.Context, m methodRef, values func([]*ua.Argument) ([]any, error)) ([]*ua.Variant, error) {
	object, err := m.object.resolve(s.namespaces)
	if err != nil {
		return nil, err
	}
	method, err := m.method.resolve(s.namespaces)
	if err != nil {
		return nil, err
	}
	wanted, err := s.arguments(ctx, method)
	if err != nil {
		return nil, err
	}
	given, err := values(wanted)
	if err != nil {
		return nil, err
	}
	if len(given) != len(wanted) {
		return nil, fmt.Errorf("the method wants %d arguments, not %d", len(wanted), len(given))
	}
	variants := make([]*ua.Variant, len(given))
	for i, v := range given {
		if variants[i], err = s.argument(ctx, v, wanted[i]); err != nil {
			return nil, fmt.Errorf("argument %q: %w", wanted[i].Name, err)
		}
	}
	var result *ua.CallMethodResult
	err = s.request(ctx, func() (err error) {
		result, err = s.client.Call(ctx, &ua.CallMethodRequest{ObjectID: object, MethodID: method, InputArguments: variants})
		return err
	})
	if err != nil {
		return nil, err
	}
	return result.OutputArguments, refusal(result, wanted)
}

// refusal is why a call failed; it names the argument that is to blame.
func refusal(result *ua.CallMethodResult, wanted []*ua.Argument) error {
	if !isBad(result.StatusCode) {
		return nil
	}
	for i, code := range result.InputArgumentResults {
		if isBad(code) && i < len(wanted) {
			return fmt.Errorf("argument %q: %w", wanted[i].Name, statusError{code})
		}
	}
	return statusError{result.StatusCode}
}

// parseText reads a text as the type that is wanted; what is no number and no
// boolean stays text.
func parseText(s string, t ua.TypeID) (any, error) {
	switch t {
	case ua.TypeIDBoolean:
		b, err := strconv.ParseBool(strings.ToLower(s))
		if err != nil {
			return nil, fmt.Errorf("%q is neither true nor false", s)
		}
		return b, nil
	case ua.TypeIDFloat, ua.TypeIDDouble:
		f, err := strconv.ParseFloat(s, 64)
		if err != nil {
			return nil, fmt.Errorf("%q is no number", s)
		}
		return f, nil
	case ua.TypeIDUint64:
		n, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("%q is no whole number that fits", s)
		}
		return n, nil
	case ua.TypeIDSByte, ua.TypeIDByte, ua.TypeIDInt16, ua.TypeIDUint16, ua.TypeIDInt32, ua.TypeIDUint32, ua.TypeIDInt64:
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("%q is no whole number that fits", s)
		}
		return n, nil
	}
	return s, nil
}

// arguments are those that a method declares. They are asked for once a
// session.
func (s *session) arguments(ctx context.Context, method *ua.NodeID) ([]*ua.Argument, error) {
	s.mu.Lock()
	known, ok := s.methods[method.String()]
	s.mu.Unlock()
	if ok {
		return known, nil
	}
	property, err := s.property(ctx, method, "InputArguments")
	if err != nil {
		return nil, err
	}
	var list []*ua.Argument
	if property != nil {
		if list, err = s.readArguments(ctx, property); err != nil {
			return nil, err
		}
	}
	s.mu.Lock()
	s.methods[method.String()] = list
	s.mu.Unlock()
	return list, nil
}

// property finds a property of a node; nil: it has none of that name.
func (s *session) property(ctx context.Context, node *ua.NodeID, name string) (*ua.NodeID, error) {
	var found *ua.NodeID
	err := s.request(ctx, func() (err error) {
		found, err = s.client.Node(node).TranslateBrowsePathsToNodeIDs(ctx, []*ua.QualifiedName{{Name: name}})
		return err
	})
	if errors.Is(err, ua.StatusBadNoMatch) {
		return nil, nil
	}
	return found, err
}

func (s *session) readArguments(ctx context.Context, property *ua.NodeID) ([]*ua.Argument, error) {
	values, err := s.read(ctx, []*ua.ReadValueID{{NodeID: property, AttributeID: ua.AttributeIDValue}})
	if err != nil {
		return nil, err
	}
	if isBad(values[0].Status) {
		return nil, fmt.Errorf("arguments of the method: %w", statusError{values[0].Status})
	}
	objects, _ := values[0].Value.Value().([]*ua.ExtensionObject)
	var list []*ua.Argument
	for _, o := range objects {
		a, ok := o.Value.(*ua.Argument)
		if !ok {
			return nil, errors.New("the server does not tell the arguments of the method")
		}
		list = append(list, a)
	}
	return list, nil
}
