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

// methodAttributes describe a method call, as profiles of other services have them.
var methodAttributes = []string{"methodId", "objectId", "inputMap"}

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
	misspelt, method := false, false
	for _, name := range slices.Sorted(maps.Keys(r.Attributes)) {
		switch {
		case name == nodeIDAttribute:
		case slices.Contains(methodAttributes, name):
			method = true
			report(name, errors.New("methods are not supported yet"))
		default:
			misspelt = misspelt || diag.Nearest(name, []string{nodeIDAttribute}) != ""
			findings = append(findings, unknown("unknown attribute", r.Name, name, []string{nodeIDAttribute}))
		}
	}
	_, given := r.Attributes[nodeIDAttribute]
	if given || !misspelt && !method {
		if _, err := nodeOf(r); err != nil {
			report(nodeIDAttribute, err)
		}
	}
	return errors.Join(findings...)
}
