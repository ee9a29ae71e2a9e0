package sap

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"sluice/rules-service/internal/connector"
)

const idocPath = "/sap/bc/idoc_xml"

// sendIDoc posts an IDoc, as dataTemplate wrote it.
func (s *sink) sendIDoc(ctx context.Context, payload []byte) error {
	if err := checkIDoc(payload); err != nil {
		return &connector.Permanent{Err: err}
	}
	a, err := s.session.do(ctx, http.MethodPost, s.config.pathOr(idocPath), string(payload), http.Header{"Content-Type": {"text/xml; charset=utf-8"}})
	switch {
	case err != nil:
		return err
	case !a.OK():
		return s.config.failure(a, errorText(a))
	}
	return nil
}

// controlFields are those of the control record that SAP needs to know what the
// IDoc is and who sends it.
var controlFields = []string{"TABNAM", "DIRECT", "IDOCTYP", "MESTYP", "SNDPOR", "SNDPRT", "SNDPRN", "RCVPRT", "RCVPRN"}

// checkIDoc finds what SAP would only say in its own log.
func checkIDoc(payload []byte) error {
	root, err := parseXML(payload)
	if err != nil {
		return fmt.Errorf("the payload is no IDoc: %w; write one with dataTemplate, with {{xml .column}} for texts", err)
	}
	if len(root.below) == 0 {
		return fmt.Errorf("the payload is no IDoc: %s has no element IDOC", root.name)
	}
	for _, d := range root.below {
		if err := checkDocument(d); err != nil {
			return err
		}
	}
	return nil
}

func checkDocument(d *node) error {
	if d.name != "IDOC" || d.attr("BEGIN") != "1" {
		return fmt.Errorf(`the payload is no IDoc: an element is %s instead of <IDOC BEGIN="1">`, d.name)
	}
	if len(d.below) == 0 || d.below[0].name != "EDI_DC40" {
		return errors.New("the IDoc does not begin with its control record EDI_DC40")
	}
	for _, name := range controlFields {
		if f := d.below[0].child(name); f == nil || f.text == "" {
			return fmt.Errorf("the control record EDI_DC40 has no %s", name)
		}
	}
	if len(d.below) == 1 {
		return errors.New("the IDoc has no segment behind its control record")
	}
	for _, segment := range d.below {
		if segment.attr("SEGMENT") != "1" {
			return fmt.Errorf(`the segment %s has no attribute SEGMENT="1"`, segment.name)
		}
	}
	return nil
}
