package opcua

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/gopcua/opcua/id"
	"github.com/gopcua/opcua/ua"

	"sluice/device-service/internal/driver"
)

// Attributes of a resource whose values are the events of an object.
const (
	eventFieldsAttribute = "eventFields"
	eventTypeAttribute   = "eventType"
	minSeverityAttribute = "minSeverity"
)

var eventAttributes = []string{eventFieldsAttribute, eventTypeAttribute, minSeverityAttribute}

// mostSevere is the highest severity of the specification.
const mostSevere = 1000

var errEventsRead = errors.New("events are told as they happen; they cannot be read")

// eventRef says what of which events is told.
type eventRef struct {
	fields   []eventField
	kind     *nodeRef // of this type and its subtypes; nil: all
	severity uint16   // the least
}

// eventField is a field of an event, by the names on its way there.
type eventField struct {
	name string // among what is told
	uri  string // of the namespace of names without one; "" is that of OPC UA
	path []*ua.QualifiedName
}

// isEvents tells whether a resource stands for events rather than for a value.
func isEvents(r driver.Resource) bool {
	return slices.ContainsFunc(eventAttributes, func(name string) bool { _, given := r.Attributes[name]; return given })
}

// eventsOf reads the attributes of events; nil: the resource is no such one.
func eventsOf(r driver.Resource) (*eventRef, error) {
	if !isEvents(r) {
		return nil, nil
	}
	e := &eventRef{}
	var findings []error
	report := func(attribute string, err error) {
		if err != nil {
			findings = append(findings, &driver.AttributeError{Resource: r.Name, Attribute: attribute, Err: err})
		}
	}
	var err error
	e.fields, err = eventFields(r.Attributes[eventFieldsAttribute])
	report(eventFieldsAttribute, err)
	if r.Type != "Object" {
		report(eventFieldsAttribute, fmt.Errorf("events are of type Object, not %s", r.Type))
	}
	if value, given := r.Attributes[eventTypeAttribute]; given {
		text, _ := value.(string)
		ref, err := parseNodeID(text)
		report(eventTypeAttribute, err)
		e.kind = &ref
	}
	if value, given := r.Attributes[minSeverityAttribute]; given {
		n, err := strconv.ParseUint(strings.TrimSpace(fmt.Sprint(value)), 10, 16)
		if err != nil || n > mostSevere {
			report(minSeverityAttribute, fmt.Errorf("%v is not a number from 0 to %d", value, mostSevere))
		}
		e.severity = uint16(n)
	}
	return e, errors.Join(findings...)
}

func eventFields(value any) ([]eventField, error) {
	names, err := nameList(value)
	if err != nil || len(names) == 0 {
		return nil, errors.New("missing; name the fields that are told, such as Message,Severity,SourceName")
	}
	var fields []eventField
	for _, name := range names {
		f, err := parseEventField(name)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(fields, func(other eventField) bool { return other.name == f.name }) {
			return nil, fmt.Errorf("the field %q is named twice", f.name)
		}
		fields = append(fields, f)
	}
	return fields, nil
}

// parseEventField reads Message, ActiveState/Id, 2:Valve or nsu=urn:plant;Valve.
func parseEventField(text string) (eventField, error) {
	var f eventField
	path := text
	if rest, ok := strings.CutPrefix(text, "nsu="); ok {
		f.uri, path, _ = strings.Cut(rest, ";")
	}
	var names []string
	for part := range strings.SplitSeq(path, "/") {
		name := &ua.QualifiedName{Name: part}
		if index, rest, ok := strings.Cut(part, ":"); ok {
			if n, err := strconv.ParseUint(index, 10, 16); err == nil {
				name = &ua.QualifiedName{NamespaceIndex: uint16(n), Name: rest}
			}
		}
		if name.Name == "" {
			return f, fmt.Errorf("%q is not a field; it looks like Message, ActiveState/Id, 2:Valve or nsu=urn:plant;Valve", text)
		}
		f.path, names = append(f.path, name), append(names, name.Name)
	}
	f.name = strings.Join(names, "/")
	return f, nil
}

// filter asks a server with these namespaces for the fields, and behind them
// for those that every reading needs.
func (e *eventRef) filter(namespaces []string) (*ua.ExtensionObject, error) {
	f := &ua.EventFilter{WhereClause: &ua.ContentFilter{}}
	for _, field := range e.fields {
		operand, err := field.operand(namespaces)
		if err != nil {
			return nil, fmt.Errorf("field %s: %w", field.name, err)
		}
		f.SelectClauses = append(f.SelectClauses, operand)
	}
	f.SelectClauses = append(f.SelectClauses, standardField("EventType"), standardField("Time"))
	var err error
	f.WhereClause.Elements, err = e.where(namespaces)
	return ua.NewExtensionObject(f), err
}

func (f eventField) operand(namespaces []string) (*ua.SimpleAttributeOperand, error) {
	index := 0
	if f.uri != "" {
		if index = slices.Index(namespaces, f.uri); index < 0 {
			return nil, fmt.Errorf("namespace %q is unknown to the server", f.uri)
		}
	}
	operand := &ua.SimpleAttributeOperand{TypeDefinitionID: ua.NewNumericNodeID(0, id.BaseEventType), AttributeID: ua.AttributeIDValue}
	for _, name := range f.path {
		own := *name
		if own.NamespaceIndex == 0 {
			own.NamespaceIndex = uint16(index)
		}
		operand.BrowsePath = append(operand.BrowsePath, &own)
	}
	return operand, nil
}

// standardField is one that every event has.
func standardField(name string) *ua.SimpleAttributeOperand {
	return &ua.SimpleAttributeOperand{
		TypeDefinitionID: ua.NewNumericNodeID(0, id.BaseEventType), AttributeID: ua.AttributeIDValue,
		BrowsePath: []*ua.QualifiedName{{Name: name}},
	}
}

// where is the condition as the specification wants it: operators before their
// operands.
func (e *eventRef) where(namespaces []string) ([]*ua.ContentFilterElement, error) {
	var conditions []*ua.ContentFilterElement
	if e.kind != nil {
		node, err := e.kind.resolve(namespaces)
		if err != nil {
			return nil, fmt.Errorf("event type: %w", err)
		}
		conditions = append(conditions, condition(ua.FilterOperatorOfType, &ua.LiteralOperand{Value: ua.MustVariant(node)}))
	}
	if e.severity > 0 {
		conditions = append(conditions, condition(ua.FilterOperatorGreaterThanOrEqual,
			standardField("Severity"), &ua.LiteralOperand{Value: ua.MustVariant(e.severity)}))
	}
	if len(conditions) < 2 {
		return conditions, nil
	}
	both := condition(ua.FilterOperatorAnd, &ua.ElementOperand{Index: 1}, &ua.ElementOperand{Index: 2})
	return append([]*ua.ContentFilterElement{both}, conditions...), nil
}

func condition(operator ua.FilterOperator, operands ...any) *ua.ContentFilterElement {
	c := &ua.ContentFilterElement{FilterOperator: operator}
	for _, operand := range operands {
		c.FilterOperands = append(c.FilterOperands, ua.NewExtensionObject(operand))
	}
	return c
}
