package opcua

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"sluice/device-service/internal/driver"
	"sluice/sqlengine/diag"
)

const nodeIDAttribute = "nodeId"

// nodeOf finds the node of a resource.
func nodeOf(r driver.Resource) (nodeRef, error) {
	switch text := r.Attributes[nodeIDAttribute].(type) {
	case nil:
		return nodeRef{}, fmt.Errorf("missing; %s", nodeIDForm)
	case string:
		return parseNodeID(text)
	default:
		return nodeRef{}, fmt.Errorf("%v is not a text; %s", text, nodeIDForm)
	}
}

// checkResource joins all findings about the attributes of a resource.
func checkResource(r driver.Resource) error {
	var findings []error
	report := func(attribute string, err error) {
		findings = append(findings, &driver.AttributeError{Resource: r.Name, Attribute: attribute, Err: err})
	}
	misspelt := false
	known := slices.Concat([]string{nodeIDAttribute}, methodAttributes, subscriptionAttributes, eventAttributes)
	for _, name := range slices.Sorted(maps.Keys(r.Attributes)) {
		if !slices.Contains(known, name) {
			misspelt = misspelt || diag.Nearest(name, known) != ""
			findings = append(findings, unknown("unknown attribute", r.Name, name, known))
		}
	}
	_, given := r.Attributes[nodeIDAttribute]
	switch method := isMethod(r); {
	case method && given:
		report(nodeIDAttribute, errors.New("stands beside a method; a resource is one or the other"))
	case method && isEvents(r):
		report(eventFieldsAttribute, errors.New("stands beside a method; a resource is one or the other"))
	case method:
		if _, err := methodOf(r); err != nil {
			findings = append(findings, err)
		}
		return errors.Join(findings...)
	}
	if _, err := eventsOf(r); err != nil {
		findings = append(findings, err)
	}
	if given || !misspelt {
		if _, err := nodeOf(r); err != nil {
			report(nodeIDAttribute, err)
		}
	}
	return errors.Join(findings...)
}
